import { Buffer } from 'node:buffer'
import { parentPort, workerData } from 'node:worker_threads'
import { unreadable } from '../reading/reading.ts'
import type { Analysis, WorkerAnswer, WorkerRequest } from '../reading/worker-messages.ts'
import type { MysqlCatalog } from './catalog.ts'
import { buildMysqlCatalog } from './catalog-rows.ts'
import { dialectOf } from './dialect.ts'
import { Lexer } from './lexer/lexer.ts'
import { TextError } from './lexer/text-error.ts'
import { Tokens } from './lexer/tokens.ts'
import { quotedStatements } from './quoted-statements.ts'
import { analyse, refusalOf } from './reader-analyse.ts'
import { mysqlStoredTexts } from './stored-texts.ts'
import type { LargeAsk, LargeRows, WorkerStart } from './worker-start.ts'

/** The thread that reads large texts. It holds catalogs by number, and dies by its owner's hand when it takes too long. */
if (parentPort === null) throw new Error('worker.ts runs as a worker thread only')
const port = parentPort
const { limits } = workerData as WorkerStart
const catalogs = new Map<number, MysqlCatalog>()

port.on('message', (request: WorkerRequest<LargeRows, LargeAsk>) => {
  // An exception here ends the thread; the owner then refuses the text.
  port.postMessage(answerTo(request))
})
port.postMessage({ kind: 'ready' } satisfies WorkerAnswer)

function answerTo(request: WorkerRequest<LargeRows, LargeAsk>): WorkerAnswer {
  if (request.kind === 'catalog') {
    if (request.forget !== null) catalogs.delete(request.forget)
    const { rows, dialect } = request.rows
    const texts = mysqlStoredTexts((sqlMode) => dialectOf(dialect, sqlMode))
    catalogs.set(request.catalog, buildMysqlCatalog(rows, dialect.flavour, texts))
    return { kind: 'ready' }
  }
  const { text, ask } = request
  const catalog = catalogs.get(request.catalog)
  if (catalog === undefined) return { kind: 'analysis', analysis: once('the catalog is not known') }
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  return { kind: 'analysis', analysis: analysisOf(bytes, catalog, ask) }
}

function analysisOf(bytes: Buffer, catalog: MysqlCatalog, { schema, dialect }: LargeAsk): Analysis {
  const [text, spare] = [new Tokens(), new Tokens()].map((tokens) => ({
    tokens,
    lexer: new Lexer(tokens, dialect, limits.maxTokens),
  }))
  if (text === undefined || spare === undefined) return once('the statement could not be read')
  try {
    text.lexer.read(bytes, 0, bytes.length)
  } catch (error) {
    if (error instanceof TextError) return { reading: refusalOf(error, bytes, 0), holds: 'exact' }
    throw error
  }
  const parse = (quoted: string): ReturnType<typeof quotedStatements> => quotedStatements(quoted, dialect)
  const names = { catalog, schema, dialect, temporary: [], parse }
  return analyse(bytes, 0, bytes.length, names, text, spare, limits)
}

function once(message: string): Analysis {
  return { reading: unreadable('TOO_COMPLEX', message), holds: 'once' }
}

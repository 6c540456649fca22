import { parentPort, workerData } from 'node:worker_threads'
import type { Catalog } from './catalog.ts'
import { buildCatalog } from './catalog-rows.ts'
import { LibpgParser } from './libpg-parser.ts'
import { analyse, compileFunction, parseQuery } from './reader-analyse.ts'
import type { ReadFacts } from './reader-analyse.ts'
import { unreadable } from '../reading/reading.ts'
import type { WorkerAnswer, WorkerRequest } from '../reading/worker-messages.ts'
import type { CatalogRows } from './catalog-rows.ts'
import type { LargeAsk, WorkerStart } from './worker-start.ts'

/** The thread that reads large texts. It holds catalogs by number, and dies by its owner's hand when it takes too long. */
if (parentPort === null) throw new Error('worker.ts runs as a worker thread only')
const port = parentPort
const { compiled, limits, factsModule } = workerData as WorkerStart
const { readFacts } = (await import(factsModule)) as { readonly readFacts: ReadFacts }
const parser = await LibpgParser.create({ compiled, spare: false })
const catalogs = new Map<number, Catalog>()

port.on('message', (request: WorkerRequest<CatalogRows, LargeAsk>) => {
  // A rejection here ends the thread; the owner then refuses the text.
  void answerTo(request).then((answer) => port.postMessage(answer))
})
port.postMessage({ kind: 'ready' } satisfies WorkerAnswer)

async function answerTo(request: WorkerRequest<CatalogRows, LargeAsk>): Promise<WorkerAnswer> {
  if (request.kind === 'catalog') {
    if (request.forget !== null) catalogs.delete(request.forget)
    catalogs.set(request.catalog, buildCatalog(request.version, request.rows))
    return { kind: 'ready' }
  }
  const { text } = request
  const { literals, searchPath } = request.ask
  const catalog = catalogs.get(request.catalog)
  if (catalog === undefined) {
    return {
      kind: 'analysis',
      analysis: { reading: unreadable('TOO_COMPLEX', 'the catalog is not known'), holds: 'once' },
    }
  }
  await parser.ready()
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.byteLength)
  const names = {
    catalog,
    searchPath,
    parse: (sql: string) => parseQuery(parser, sql, limits),
    parsePlpgsql: (sql: string) => compileFunction(parser, sql),
  }
  return { kind: 'analysis', analysis: analyse(bytes, 0, bytes.length, names, literals, parser, readFacts, limits) }
}

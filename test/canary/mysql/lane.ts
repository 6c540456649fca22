import {
  Capability,
  Command,
  encodePrepare,
  encodeStatementClose,
  type ErrPacket,
  type PacketWriter,
  ResponseKind,
} from '@gatehouse/mysql-wire'
import type { Answer as WireAnswer, CommandClient } from '../../mysql/command-client.ts'
import type { Answer, AnswerError, Lane, Outcome } from '../outcome.ts'
import type { Unit } from '../unit.ts'
import { DATABASE } from './from-clause.ts'

/** A reply without rows, and its first byte. */
const PREPARE_OK_BYTES = 12
/** Letters by which names of databases differ. */
const SUFFIX = 3
const LAST_ROW_SENT = 0x80
const CURSOR_READ_ONLY = 1
/** Of one helping. */
const FETCHED_ROWS = 2
const MYSQL_TYPE_LONGLONG = 8
const MYSQL_TYPE_VAR_STRING = 0xfd

/** Statements that leave something in the session. */
const LEAVES_BEHIND =
  /@|\bPREPARE\b|\bTEMPORARY\b|^SET\b|\bHANDLER\b|\bLOCK\b|LAST_INSERT_ID|\bCALL\b|^USE\b|\bGET_LOCK\b/i

const UNTOLD: Answer = {
  comparable: Buffer.alloc(0),
  error: { sqlstate: '', message: 'not run', refusal: null, behindFailure: true },
}

/** A session that runs unit after unit. */
export class MysqlLane implements Lane {
  readonly #enter: () => Promise<CommandClient>
  /** The name of its database at the server; the names of all differ in their last letters. */
  readonly #database: string
  readonly #spares: ReadonlySet<string>
  #client: CommandClient | null = null

  /** `enter` logs in; it is called again when the connection was ended. `spares`: classes of units that are not run here. */
  constructor(enter: () => Promise<CommandClient>, database: string, spares: readonly string[] = []) {
    this.#spares = new Set(spares)
    this.#enter = enter
    this.#database = database
  }

  async run(units: readonly Unit[]): Promise<readonly Outcome[]> {
    const outcomes: Outcome[] = []
    for (const unit of units) outcomes.push(await this.#runOne(unit))
    return outcomes
  }

  close(): void {
    this.#client?.end()
    this.#client = null
  }

  async #runOne(unit: Unit): Promise<Outcome> {
    if (this.#spares.has(unit.class)) return { answers: ['', ...unit.statements].map(() => UNTOLD), closed: false }
    this.#client ??= await this.#enter()
    const client = this.#client
    const answers: Answer[] = []
    try {
      answers.push(this.#answerOf([await client.query(unit.alone ? 'SELECT 1' : 'BEGIN')]))
      for (const [index, text] of unit.statements.entries()) {
        const sql = text.replaceAll(DATABASE, this.#database)
        answers.push(this.#answerOf(await ask(client, unit, sql, index === 0)))
      }
      answers.push(this.#answerOf([await client.query(unit.commit ? 'COMMIT' : unit.alone ? 'SELECT 1' : 'ROLLBACK')]))
      if (unit.statements.some((text) => LEAVES_BEHIND.test(text)))
        await client.command(ResponseKind.Status, (w) => void w.begin(0).int1(Command.RESET_CONNECTION).end())
      return { answers, closed: false }
    } catch (error) {
      client.end()
      this.#client = null
      return { answers: [...answers, this.#broken(error)], closed: true }
    }
  }

  #broken(error: unknown): Answer {
    const message = error instanceof Error ? error.message : String(error)
    return { comparable: Buffer.alloc(0), error: { sqlstate: '', message, refusal: null, behindFailure: true } }
  }

  #answerOf(parts: readonly WireAnswer[]): Answer {
    const bytes = parts.flatMap(({ packets, prepared }) =>
      packets.map(({ payload }, index) =>
        prepared !== null && index === 0 ? withoutId(payload) : withoutEstimates(payload),
      ),
    )
    const error = parts.find((part) => part.error !== null)?.error ?? null
    return { comparable: this.#renamed(Buffer.concat(bytes)), error: error === null ? null : readError(error) }
  }

  #renamed(bytes: Buffer): Buffer {
    const prefix = this.#database.slice(0, -SUFFIX)
    for (let at = bytes.indexOf(prefix); at >= 0; at = bytes.indexOf(prefix, at + SUFFIX)) {
      const end = at + prefix.length + SUFFIX
      if (end <= bytes.length) bytes.fill('_', end - SUFFIX, end)
    }
    return bytes
  }
}

/** A row of a plan without how many rows, at what cost, the server expects: it counts its tables now and then, by itself. */
function withoutEstimates(payload: Buffer): Buffer {
  if (!payload.includes('(cost=')) return payload
  // Behind the row's and the text's own lengths, which depend on them.
  const text = payload.toString('latin1', Math.max(0, payload.indexOf('->')))
  return Buffer.from(text.replaceAll(/\(cost=[^)]*\)/g, ''), 'latin1')
}

async function ask(client: CommandClient, unit: Unit, sql: string, first: boolean): Promise<readonly WireAnswer[]> {
  if (unit.protocol === 'text') return [await client.query(sql)]
  const prepare = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(sql, writer))
  if (prepare.prepared === null) {
    // What the protocol does not prepare goes as text.
    return prepare.error?.errorCode === ER_UNSUPPORTED_PS ? [await client.query(sql)] : [prepare]
  }
  const { statementId } = prepare.prepared
  const values = first ? unit.parameters : []
  const cursor = unit.protocol === 'cursor' && QUERY.test(sql) ? CURSOR_READ_ONLY : 0
  const answers = [prepare]
  let last = await client.command(ResponseKind.Binary, execute(client, statementId, values, cursor))
  answers.push(last)
  for (let left = 20; last.cursorOpened && left > 0; left--) {
    const helping = await client.command(ResponseKind.Fetch, (w) =>
      w.begin(0).int1(Command.STMT_FETCH).int4(statementId).int4(FETCHED_ROWS).end(),
    )
    answers.push(helping)
    if (helping.error !== null || (helping.statusFlags & LAST_ROW_SENT) !== 0) break
  }
  // Now and then a second time; MySQL may not answer that behind a cursor.
  if (unit.seed % 5 === 0 && cursor === 0) {
    last = await client.command(ResponseKind.Binary, execute(client, statementId, values, 0))
    answers.push(last)
  }
  client.write((writer) => encodeStatementClose(statementId, writer))
  return answers
}

const ER_UNSUPPORTED_PS = 1295

/** What a cursor is asked for: both servers can crash when one is asked for over EXPLAIN or SHOW. */
const QUERY = /^[\s(]*(?:SELECT|WITH|VALUES|TABLE)\b/

/** COM_STMT_EXECUTE: whole numbers go as such, the rest as text. */
function execute(client: CommandClient, id: number, values: readonly string[], cursor: number) {
  const attributes = (client.capabilities & Capability.QUERY_ATTRIBUTES) !== 0
  return (writer: PacketWriter): void => {
    writer.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(cursor).int4(1)
    if (values.length > 0) {
      if (attributes) writer.lenencInt(values.length)
      for (let byte = 0; byte < (values.length + 7) >> 3; byte++) writer.int1(0)
      writer.int1(1)
      for (const value of values) {
        writer.int2(WHOLE.test(value) ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_VAR_STRING)
        if (attributes) writer.lenencText('')
      }
      for (const value of values) {
        if (!WHOLE.test(value)) writer.lenencText(value)
        else {
          const bytes = Buffer.alloc(8)
          bytes.writeBigInt64LE(BigInt(value))
          writer.bytes(bytes)
        }
      }
    }
    writer.end()
  }
}

const WHOLE = /^-?\d{1,15}$/

/** Statement ids are handed out by the server and the gateway as they go. */
function withoutId(payload: Buffer): Buffer {
  if (payload.length < PREPARE_OK_BYTES) return payload
  const bytes = Buffer.from(payload)
  return bytes.fill(0, 1, 5)
}

function readError({ sqlState, errorCode, errorMessage }: ErrPacket): AnswerError {
  const refused = errorMessage.startsWith('gatehouse: ')
  const refusal = refused ? (/^gatehouse: ([A-Z_]+)/.exec(errorMessage)?.[1] ?? '?') : null
  return { sqlstate: `${String(errorCode)} ${sqlState}`, message: errorMessage, refusal, behindFailure: false }
}

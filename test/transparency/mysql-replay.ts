import { Command, CursorType, encodePrepare, encodeStatementClose, ResponseKind } from '@gatehouse/mysql-wire'
import type { Answer, CommandClient } from '../mysql/command-client.ts'
import type { ClientPair, MysqlRoads } from './mysql-roads.ts'

/** What became of statements that were sent on both roads, one after another. */
export interface Replayed {
  /** Every packet was the same, byte for byte, and so were the warnings. */
  readonly same: number
  /** No SQL to the gateway, and an error to the server as well: the words are the gateway's own. */
  readonly worded: number
  /** Refused by the gateway, by code; the server itself was not asked, so that both sides stay alike. */
  readonly refused: ReadonlyMap<string, readonly string[]>
  /** They have comments, which the gateway leaves out of what it forwards: names of columns and warnings tell of them. */
  readonly commented: number
  readonly different: readonly Difference[]
  /** What sending and answering took on each road. */
  readonly milliseconds: { readonly direct: number; readonly through: number }
}

/** One statement, and what each road answered. */
export interface Difference {
  readonly sql: string
  readonly direct: readonly string[]
  readonly through: readonly string[]
}

/** Sends one statement in some manner and takes all that is answered. */
export type Send = (client: CommandClient, sql: string) => Promise<readonly Answer[]>

/** The statement as the text of COM_QUERY. */
export const sendText: Send = async (client, sql) => [await client.query(sql)]

/** The statement prepared, executed where it has no parameters, and closed. */
export const sendPrepared: Send = async (client, sql) => executed(client, sql, 0)

/** As prepared, with its rows fetched from a cursor in two portions. */
export const sendCursor: Send = async (client, sql) => executed(client, sql, CursorType.READ_ONLY)

async function executed(client: CommandClient, sql: string, cursor: number): Promise<readonly Answer[]> {
  const answer = await client.command(ResponseKind.Prepare, (writer) => encodePrepare(sql, writer))
  const { prepared } = answer
  if (prepared === null) return [answer]
  const answers = [withoutStatementId(answer)]
  if (prepared.parameters === 0) {
    const result = await client.command(ResponseKind.Binary, (writer) => {
      writer.begin(0).int1(Command.STMT_EXECUTE).int4(prepared.statementId).int1(cursor).int4(1).end()
    })
    answers.push(result)
    for (const rows of result.cursorOpened ? [2, 1_000_000] : []) {
      const fetched = await client.command(ResponseKind.Fetch, (writer) => {
        writer.begin(0).int1(Command.STMT_FETCH).int4(prepared.statementId).int4(rows).end()
      })
      answers.push(fetched)
      if (fetched.binaryRows.length < rows) break
    }
  }
  client.write((writer) => {
    encodeStatementClose(prepared.statementId, writer)
  })
  return answers
}

/** Which number a statement has is the server's own affair. */
function withoutStatementId(answer: Answer): Answer {
  const [first, ...others] = answer.packets
  if (first === undefined) return answer
  const payload = Buffer.from(first.payload)
  payload.fill(0, 1, 5)
  return { ...answer, packets: [{ ...first, payload }, ...others] }
}

/** Sends statements in their order: first through the gateway, then, unless it refused, to the other server. */
export async function replay(
  roads: MysqlRoads,
  statements: readonly string[],
  send: Send = sendText,
): Promise<Replayed> {
  const refused = new Map<string, string[]>()
  const different: Difference[] = []
  const milliseconds = { direct: 0, through: 0 }
  let same = 0
  let worded = 0
  let commented = 0
  let pair = await roads.enter()
  const timed = async (road: 'direct' | 'through', sql: string): Promise<Said> => {
    const begun = performance.now()
    const said = await ask(pair[road], sql, send)
    milliseconds[road] += performance.now() - begun
    return said
  }
  for (const sql of statements) {
    const through = await timed('through', sql)
    if (through.refusal !== null && through.refusal !== 'UNREADABLE') {
      refused.set(through.refusal, [...(refused.get(through.refusal) ?? []), sql])
      if (through.lost) pair = await enterAgain(roads, pair)
      continue
    }
    const direct = await timed('direct', sql)
    if (through.refusal === null ? equal(direct.lines, through.lines) : direct.failed) {
      // What was said of this statement; or, where the gateway said it, something new, so that both have the same.
      const next = through.refusal === null ? 'SHOW WARNINGS' : 'SELECT * FROM information_schema.nothing'
      const [left, right] = await pair.both((client) => ask(client, next, sendText))
      if (through.refusal !== null) worded++
      else if (direct.lost || equal(left.lines, right.lines)) same++
      else if (sql.includes('/*')) commented++
      else different.push({ sql: `${sql}; ${next}`, direct: left.lines, through: right.lines })
    } else if (sql.includes('/*') && direct.lines.length === through.lines.length && direct.failed === through.failed) {
      commented++
    } else {
      different.push({ sql, direct: direct.lines, through: through.lines })
    }
    if (direct.lost || through.lost) pair = await enterAgain(roads, pair)
  }
  pair.end()
  return { same, worded, commented, refused, different, milliseconds }
}

interface Said {
  readonly lines: readonly string[]
  /** The gateway's code. */
  readonly refusal: string | null
  readonly failed: boolean
  readonly lost: boolean
}

async function ask(client: CommandClient, sql: string, send: Send): Promise<Said> {
  try {
    const answers = await send(client, sql)
    const errors = answers.flatMap(({ error }) => (error === null ? [] : [error]))
    const refusals = errors.map(({ errorMessage }) => /^gatehouse: ([A-Z_]+):/.exec(errorMessage)?.[1])
    return {
      lines: answers.flatMap(packetsOf),
      refusal: refusals.find((code) => code !== undefined) ?? null,
      failed: errors.length > 0,
      lost: false,
    }
  } catch (error) {
    return { lines: [String(error)], refusal: null, failed: true, lost: true }
  }
}

/** Every packet of an answer, in order: sequence id and payload. Equal lines are equal bytes. */
export function packetsOf({ packets }: Answer): readonly string[] {
  return packets.map(({ sequenceId, payload }) => `${String(sequenceId)} ${payload.toString('latin1')}`)
}

function equal(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((line, index) => line === right[index])
}

/** The schema a session was in may be gone: then both begin with an empty one. */
async function enterAgain(roads: MysqlRoads, pair: ClientPair): Promise<ClientPair> {
  pair.end()
  try {
    return await roads.enter()
  } catch {
    await roads.renew()
    return roads.enter()
  }
}

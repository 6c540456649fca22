import type { BackendMessage } from '@gatehouse/postgres-wire'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, execute, FLUSH, parse, query, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, VERSIONS } from '../postgres/scene.ts'
import { rowsOf, sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { needlesOf } from './canaries.ts'
import { absence, corpusText, sqlCases, type SqlCase } from './cases.ts'
import { type CaseNotes, faultsOf, type Outcome, report, sorted } from './judge-case.ts'
import { CANARIES, READER, WRITER } from './reference-policy.ts'
import { SNAPSHOT, type Snapshot, UNMASKED } from './snapshot.ts'
import { splitStatements } from './split-statements.ts'

const cases = sqlCases('postgres.jsonl')
const casesText = corpusText('postgres.jsonl')
const schema = corpusText('postgres-schema.sql')
const needles = needlesOf(CANARIES)

const notes: CaseNotes = {
  answered: new Map([
    ['PG-139', 'handled: a session goes back to what the gateway opened it with'],
    ['PG-194', 'JSON_TABLE is understood: nothing to refuse'],
  ]),
  refused: new Map([
    ['PG-008', 'the database has another name, which the server refuses'],
    ['PG-087', 'ordering by a masked column is denied'],
    ['PG-088', 'ordering by a masked column is denied'],
    ['PG-116', 'who only reads may not update'],
  ]),
}

const MODES = ['simple', 'extended text', 'extended binary'] as const
type Mode = (typeof MODES)[number]

/** A scene, and a connection of the superuser's that stays: a new one for each look would read the system's tables anew. */
interface WatchedScene {
  readonly scene: Scene
  readonly watcher: Client
}

async function openWatched(...options: Parameters<typeof openScene>): Promise<WatchedScene> {
  const scene = await openScene(...options)
  const watcher = new Client({ connectionString: scene.serverUrl })
  await watcher.connect()
  return { scene, watcher }
}

async function closeWatched({ scene, watcher }: WatchedScene): Promise<void> {
  await watcher.end()
  await scene.close()
}

async function runCase({ scene, watcher }: WatchedScene, one: SqlCase, mode: Mode, before: string): Promise<Outcome> {
  const client = await scene.enter()
  const chunks: Buffer[] = []
  client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const messages = await send(client, one.sql, mode)
  if (!client.closed) await client.query('ROLLBACK')
  const usable = !client.closed && rowsOf(await client.query('SELECT 1')).join() === '1'
  client.destroy()
  const changed = (await stateOf(watcher)) !== before
  return {
    errors: sqlstates(messages),
    rows: JSON.stringify(rowsOf(messages)),
    bytes: Buffer.concat(chunks),
    usable,
    changed,
    redefined: changed,
    stored: changed ? ((await watcher.query<{ text: string }>(UNMASKED)).rows[0]?.text ?? '') : '',
  }
}

async function send(client: WireClient, sql: string, mode: Mode): Promise<BackendMessage[]> {
  if (mode === 'simple') {
    client.send(query(sql))
    return untilEnd(client, new Set(['ReadyForQuery']))
  }
  const messages: BackendMessage[] = []
  const resultFormats = mode === 'extended binary' ? ([1] as const) : []
  for (const statement of splitStatements(sql)) {
    if (client.closed) break
    client.send(parse(statement), { ...bind(), resultFormats }, execute(), FLUSH)
    messages.push(...(await untilEnd(client, ENDS)), ...(await client.exchange(SYNC)))
  }
  return messages
}

const ENDS = new Set(['CommandComplete', 'ErrorResponse', 'EmptyQueryResponse'])

/** COPY … FROM STDIN waits for data: it gets none. */
async function untilEnd(client: WireClient, ends: ReadonlySet<string>): Promise<BackendMessage[]> {
  const messages: BackendMessage[] = []
  for (;;) {
    const message = await client.next()
    if (message === null) return messages
    messages.push(message)
    if (message.kind === 'CopyInResponse') client.send({ kind: 'CopyFail', reason: 'no data' })
    if (ends.has(message.kind)) return messages
  }
}

async function stateOf(watcher: Client): Promise<string> {
  const [snapshot] = (await watcher.query<Snapshot>(SNAPSHOT)).rows
  if (snapshot === undefined) throw new Error('no snapshot could be taken')
  const { state, roles, settings } = snapshot
  // What the cases do not name, such as the role of another test, is not theirs.
  const ofCases = (entry: string): boolean => casesText.includes(entry.split('=')[0] ?? '')
  return JSON.stringify([state, roles.filter(ofCases), settings.filter(ofCases)])
}

describe.each(VERSIONS)('The corpus of SQL in front of $version', ({ version, shared }) => {
  describe.each([
    { who: 'an agent that reads', policy: READER },
    { who: 'an agent that writes', policy: WRITER },
  ])('for $who', ({ who, policy }) => {
    let watched: WatchedScene | null = null
    let before = ''
    const outcomes = new Map<SqlCase, Outcome[]>()
    const why = absence ?? ('absent' in shared ? shared.absent : null)
    const open = async (): Promise<WatchedScene> => {
      if (watched !== null) await closeWatched(watched)
      watched = null
      if ('absent' in shared) throw new Error(shared.absent)
      watched = await openWatched(shared.address, { sql: schema, policy })
      before = await stateOf(watched.watcher)
      return watched
    }
    beforeAll(async () => {
      if (why === null) await open()
    })
    afterAll(async () => {
      if (outcomes.size > 0) report(`${version}, ${who}`, outcomes, needles, notes)
      if (watched !== null) await closeWatched(watched)
    })

    // What a writer may do differs little by protocol: two ways are enough.
    test.skipIf(why !== null).each(policy === READER ? MODES : MODES.filter((mode) => mode !== 'extended text'))(
      'no value leaks, nothing forbidden runs, and every refusal leaves the connection usable (%s)',
      { timeout: 240_000 },
      async (mode) => {
        const failures: string[] = []
        for (const one of cases) {
          const outcome = await runCase(watched ?? (await open()), one, mode, before)
          outcomes.set(one, [...(outcomes.get(one) ?? []), outcome])
          failures.push(...faultsOf(one, outcome, needles, notes, policy === READER))
          if (outcome.changed) await open()
        }
        expect(failures).toEqual([])
      },
    )

    test('what is allowed gives the rows that the server gives', async (context) => {
      if (why !== null || watched === null) context.skip(why ?? 'the scene could not be opened')
      if (watched === null) return
      const { scene } = watched
      const different: string[] = []
      for (const one of cases.filter((each) => each.expect === 'ALLOW')) {
        const direct = await scene.direct()
        const plain = await send(direct, one.sql, 'simple')
        direct.destroy()
        const through = outcomes.get(one)?.[0]
        if (through !== undefined && sorted(through.rows) !== sorted(JSON.stringify(rowsOf(plain))))
          different.push(one.id)
      }
      expect(different).toEqual([])
    })
  })
})

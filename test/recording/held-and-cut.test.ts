import { afterAll, beforeAll, describe, expect } from 'vitest'
import { TerminalReplay } from '@gatehouse/cli'
import { encodePrepare, Command, type PacketWriter, ResponseKind } from '@gatehouse/mysql-wire'
import { findSession, type ReplayEvent, replaySession } from '@gatehouse/session-replay'
import { People } from '../approvals/people.ts'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { bind, describeOf, execute, parse, SYNC } from '../postgres/messages.ts'
import { SHARED, scenePromises } from '../postgres/scene.ts'
import { recordedSession } from './recorded.ts'

const policy = (schema: string): string => `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - name: writes-need-a-human
    approve: { actions: [update], relations: ["${schema}.*"], by: { groups: [dba] }, holdTimeoutSeconds: 30 }
`
const SQL = 'CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock VALUES (1, 10), (2, 20), (3, 30)'

let people: People
beforeAll(async () => {
  people = await People.open()
})
afterAll(() => people.close())

/** The last session's events, and what a terminal shows of them. */
async function replayed(directory: string): Promise<{ readonly events: ReplayEvent[]; readonly shown: string }> {
  const found = await findSession(directory, await recordedSession(directory))
  if (found === null) throw new Error('there is no session')
  const events: ReplayEvent[] = []
  let shown = ''
  const terminal = new TerminalReplay((text) => (shown += text))
  for await (const event of replaySession(directory, found)) {
    events.push(event)
    terminal.show(event)
  }
  terminal.flush()
  return { events, shown }
}

/** Kinds of records and of what came, in order. */
const story = (events: readonly ReplayEvent[]): string[] =>
  events.map((event) => (event.kind === 'record' ? event.record.kind : event.kind))

const cells = (events: readonly ReplayEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'row' ? [event.cells] : []))

describe('replay of a PostgreSQL session', () => {
  const promise = scenePromises(SHARED, () => ({
    sql: SQL,
    policy: policy('public'),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
    recording: { mode: 'on' },
  }))

  promise('tells for how long a statement was held, and who decided', async ({ enter, gateway }) => {
    const client = await enter()
    const approved = client.query('UPDATE stock SET amount = 1 WHERE id = 1')
    await people.decide('approve', 'looks right')
    await approved
    const refused = client.query('UPDATE stock SET amount = 2 WHERE id = 2')
    await people.decide('refuse', 'not that one')
    await refused
    await client.end()
    const { events, shown } = await replayed(gateway.trailDirectory)
    const kinds = story(events)
    expect(kinds.filter((kind) => kind.startsWith('approval'))).toEqual([
      'approval_asked',
      'approval_ended',
      'approval_asked',
      'approval_ended',
    ])
    expect(shown).toMatch(/held for \d+\.\d s, then approved; approve by dana \(looks right\)/)
    expect(shown).toMatch(/held for \d+\.\d s, then refused; refuse by dana \(not that one\)/)
    // The first ran behind its yes, the second did not run.
    expect(kinds.indexOf('done')).toBeGreaterThan(kinds.indexOf('approval_ended'))
    expect(kinds.lastIndexOf('report')).toBeGreaterThan(kinds.lastIndexOf('approval_ended'))
    expect(events.filter(({ kind }) => kind === 'done')).toMatchObject([{ text: 'UPDATE 1' }])
  })

  promise('tells the rows of a portal that was read a few at a time', async ({ enter, gateway }) => {
    const client = await enter()
    const next = [execute(2, 'c'), { kind: 'Flush' } as const]
    const opened = [parse('SELECT id FROM stock ORDER BY id'), bind([], '', 'c'), describeOf('portal', 'c')]
    await client.exchange(...opened, ...next, ...next, SYNC)
    await client.end()
    expect(cells((await replayed(gateway.trailDirectory)).events)).toEqual([['1'], ['2'], ['3']])
  })

  promise('tells of a session that was cut in mid-answer what went out of it', async ({ enter, gateway }) => {
    const client = await enter()
    client.send({ kind: 'Query', text: "SELECT i, repeat('x', 2000) FROM generate_series(1, 200000) i" })
    for (let message = 0; message < 50; message++) await client.next()
    client.destroy()
    const { events } = await replayed(gateway.trailDirectory)
    expect(cells(events).length).toBeGreaterThan(20)
    expect(story(events)).not.toContain('done')
    expect(story(events).at(-1)).toBe('session_end')
  })
})

describe.each(MYSQL_VERSIONS)('replay of a session on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    sql: SQL,
    policy: policy(database),
    coordination: people.forGateway,
    approvals: { coolDownSeconds: 0 },
    recording: { mode: 'on' },
  }))

  promise('tells for how long a statement was held, and who decided', async ({ driver, gateway }) => {
    const client = await driver()
    const approved = client.query('UPDATE stock SET amount = 1 WHERE id = 1')
    await people.decide('approve', 'looks right')
    await approved
    await client.end()
    const { events, shown } = await replayed(gateway.trailDirectory)
    expect(shown).toMatch(/held for \d+\.\d s, then approved; approve by dana \(looks right\)/)
    expect(story(events).lastIndexOf('done')).toBeGreaterThan(story(events).indexOf('approval_ended'))
  })

  promise('tells the rows that a cursor gave', async ({ enter, gateway }) => {
    const client = await enter()
    const { prepared } = await client.command(ResponseKind.Prepare, (writer) =>
      encodePrepare('SELECT id FROM stock ORDER BY id', writer),
    )
    const id = prepared?.statementId ?? 0
    const open = (w: PacketWriter): void => void w.begin(0).int1(Command.STMT_EXECUTE).int4(id).int1(1).int4(1).end()
    const fetch = (w: PacketWriter): void => void w.begin(0).int1(Command.STMT_FETCH).int4(id).int4(2).end()
    expect((await client.command(ResponseKind.Binary, open)).cursorOpened).toBe(true)
    await client.command(ResponseKind.Fetch, fetch)
    await client.command(ResponseKind.Fetch, fetch)
    client.end()
    expect(cells((await replayed(gateway.trailDirectory)).events)).toEqual([['1'], ['2'], ['3']])
  })
})

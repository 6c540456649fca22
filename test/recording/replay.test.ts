import { describe, expect, test } from 'vitest'
import { TerminalReplay } from '@gatehouse/cli'
import { findSession, type ReplayEvent, replaySession } from '@gatehouse/session-replay'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { copyIn, copyOut } from '../postgres/copy-client.ts'
import { bind, describeOf, execute, parse, SYNC } from '../postgres/messages.ts'
import { ALLOW_ALL, scenePromises, VERSIONS } from '../postgres/scene.ts'
import { recordedSession } from './recorded.ts'

/** The last session's events. */
async function replayed(directory: string): Promise<ReplayEvent[]> {
  const found = await findSession(directory, await recordedSession(directory))
  if (found === null) throw new Error('there is no session')
  const events: ReplayEvent[] = []
  for await (const event of replaySession(directory, found)) events.push(event)
  return events
}

const rowsOf = (events: readonly ReplayEvent[]): unknown[] =>
  events.flatMap((event) => (event.kind === 'row' ? [event.cells] : []))

/** What was told for each statement, in words. */
function told(events: readonly ReplayEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.kind === 'record') return event.record.kind === 'intent' ? ['intent'] : []
    if (event.kind === 'report') return [`${event.severity} ${event.code}`]
    return [event.kind]
  })
}

describe.each(VERSIONS)('replay of a session on $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: `${ALLOW_ALL}  - { name: no-drop, deny: { actions: [drop] } }
masks:
  - { columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }
`,
    recording: { mode: 'on', maxBytesPerStatement: 20_000 },
    sql: "create table users(id int, ssn text); insert into users values (1, '12345-6789')",
  })

  promise('tells each statement with the masked rows that came for it', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query('select id, ssn, null as nothing from users')
    await client.query('select 1/0')
    await client.query('drop table users')
    await client.query('select 7 as a; select 8 as b')
    await client.end()
    const events = await replayed(gateway.trailDirectory)
    expect(told(events).join(' ')).toBe(
      'intent columns row done intent ERROR 22012 intent ERROR 42501 intent columns row done columns row done',
    )
    expect(rowsOf(events)).toEqual([['1', expect.stringMatching(/^\*+6789$/) as string, null], ['7'], ['8']])
    const kinds = events.flatMap((event) => (event.kind === 'record' ? [event.record.kind] : []))
    expect(kinds[0]).toBe('session_start')
    expect(kinds.at(-1)).toBe('session_end')
  })

  promise('reads binary values of well-known types, and shows others by their digits', async ({ enter, gateway }) => {
    const client = await enter()
    await client.exchange(
      parse(
        "select 1::int2, -2::int4, 3::int8, true, 1.5::float8, -12345.6700::numeric, 0.00012::numeric, 'x'::text, date '2026-01-31', timestamp '2026-01-31 12:00:00.123456', '00112233-4455-6677-8899-aabbccddeeff'::uuid, '\\x00ff'::bytea",
      ),
      { ...bind([]), resultFormats: [1] },
      describeOf('portal'),
      execute(),
      SYNC,
    )
    await client.end()
    expect(rowsOf(await replayed(gateway.trailDirectory))).toEqual([
      [
        '1',
        '-2',
        '3',
        't',
        '1.5',
        '-12345.6700',
        '0.00012',
        'x',
        '2026-01-31',
        '2026-01-31 12:00:00.123456',
        '00112233-4455-6677-8899-aabbccddeeff',
        '\\x00ff',
      ],
    ])
  })

  promise(
    'tells COPY out, and of COPY in how much was left out, for it may go to a masked column',
    async ({ enter, gateway }) => {
      const client = await enter()
      await copyOut(client, 'copy (select 5) to stdout')
      await copyIn(client, 'copy users from stdin', Buffer.from('9\tfrom-the-client\n'))
      await client.end()
      const copied = (await replayed(gateway.trailDirectory)).flatMap((event) => (event.kind === 'copy' ? [event] : []))
      expect(copied).toEqual([{ kind: 'copy', direction: 'out', text: '5\n' }])
    },
  )

  promise('says what a cap left out, and reads on behind it', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query("select repeat('y', 1000) from generate_series(1, 100)")
    await client.query("select 'behind'")
    await client.end()
    const events = await replayed(gateway.trailDirectory)
    expect(events.find((event) => event.kind === 'missing')).toMatchObject({
      why: 'the cap of the statement was reached',
    })
    expect(rowsOf(events).at(-1)).toEqual(['behind'])
  })

  promise('obeys nothing that a row says to the terminal', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query("select chr(27) || '[2J' || chr(8238) as evil, chr(7) as bell")
    await client.end()
    let text = ''
    const shown = new TerminalReplay((more) => (text += more))
    for (const event of await replayed(gateway.trailDirectory)) shown.show(event)
    shown.flush()
    expect(text).toContain('\\u{1b}[2J\\u{202e}')
    expect(/[\p{Cc}\p{Cf}]/u.test(text.replaceAll('\n', ''))).toBe(false)
  })
})

describe.each(MYSQL_VERSIONS)('replay of a session on $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    policy: `${ALLOW_ALL}  - { name: no-drop, deny: { actions: [drop] } }
masks:
  - { columns: [${database}.users.ssn], with: { partial: { keepLast: 4 } } }
`,
    recording: { mode: 'on' },
    sql: "create table users(id int, ssn varchar(40), at datetime(6), t time, n decimal(10,2)); insert into users values (1, '12345-6789', '2026-01-31 12:00:00.5', '-01:02:03', 1.50)",
  }))

  promise('tells rows in text and binary, changes, refusals and errors', async ({ driver, gateway }) => {
    const connection = await driver()
    await connection.query('select id, ssn from users')
    await connection.execute('select id, ssn, at, t, n from users where id = ?', [1])
    await connection.query('update users set id = 2 where id = 1')
    await expect(connection.query('drop table users')).rejects.toThrow()
    await expect(connection.query('select * from users where id = (select 1 union select 2)')).rejects.toThrow()
    await connection.end()
    const events = await replayed(gateway.trailDirectory)
    expect(rowsOf(events)).toEqual([
      ['1', expect.stringMatching(/^\*+6789$/) as string],
      ['1', expect.stringMatching(/^\*+6789$/) as string, '2026-01-31 12:00:00.500000', '-01:02:03', '1.50'],
    ])
    expect(events.find((event) => event.kind === 'done' && event.text.includes('1 rows changed'))).toBeDefined()
    expect(events.flatMap((event) => (event.kind === 'report' ? [event.code] : []))).toEqual(['1227', '1242'])
    expect(events.some((event) => event.kind === 'missing')).toBe(false)
  })
})

test('a session that is not there is not found', async () => {
  await expect(findSession('/nowhere', 'x')).rejects.toThrow()
})

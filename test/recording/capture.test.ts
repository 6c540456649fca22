import { existsSync, readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyRecordings } from '@gatehouse/audit-trail'
import { describe, expect } from 'vitest'
import { scenePromises as mysqlPromises, VERSIONS as MYSQL_VERSIONS } from '../mysql/scene.ts'
import { copyIn, copyOut } from '../postgres/copy-client.ts'
import { bind, execute, parse, SYNC } from '../postgres/messages.ts'
import { ALLOW_ALL, eventually, recordsOf, scenePromises, VERSIONS } from '../postgres/scene.ts'
import { entriesOf, recordedSession, sentBytes } from './recorded.ts'

const SECRET = 'pass-98765-ZQXW'
const MASKED = `${ALLOW_ALL}masks:
  - { columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }
`

describe.each(VERSIONS)('a recording of $version', ({ shared }) => {
  const promise = scenePromises(shared, {
    policy: MASKED,
    recording: { mode: 'on', maxBytesPerStatement: 20_000 },
    sql: `create table users(id int, ssn text); insert into users values (1, '${SECRET}'), (2, '${SECRET}')`,
  })

  promise('holds masked rows in text, binary and COPY, and never the value', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query('select id, ssn from users')
    await client.exchange(parse('select id, ssn from users where id = $1'), bind(['1']), execute(), SYNC)
    await copyOut(client, 'copy users to stdout')
    await copyIn(client, 'copy users from stdin', Buffer.from('7\tcopied-in-by-client\n'))
    await client.query('select 1/0')
    await client.end()
    const entries = await entriesOf(gateway.trailDirectory, await recordedSession(gateway.trailDirectory))
    const sent = sentBytes(entries)
    expect(sent.includes('ZQXW')).toBe(true)
    expect(sent.includes(SECRET)).toBe(false)
    expect(sent.includes('division by zero')).toBe(true)
    // It may go to a masked column: what is left out is said.
    expect(sentBytes(entries, 'received').includes('copied-in-by-client')).toBe(false)
    expect(entries).toContainEqual({ kind: 'omitted', cap: 'in_clear', bytes: expect.any(Number) })
    const stored = readdirSync(gateway.trailDirectory).filter((file) => file.endsWith('.recording'))
    expect(stored).toHaveLength(1)
  })

  promise('has every byte that the client got, each answer under its intent', async ({ enter, gateway, records }) => {
    const client = await enter()
    const before = client.received
    for (let turn = 0; turn < 20; turn++) await client.query(`select ${turn}, repeat('x', 100)`)
    await client.end()
    const session = await recordedSession(gateway.trailDirectory)
    const entries = await entriesOf(gateway.trailDirectory, session)
    expect(sentBytes(entries)).toHaveLength(client.received - before)
    const intents = await records((record) => record.kind === 'intent' && record['session'] === session)
    const answered = entries.flatMap((entry) => (entry.kind === 'answer' ? [entry.intent] : []))
    expect(answered).toEqual(intents.map(({ seq }) => seq))
  })

  promise('holds no token and no key to cancel with', async ({ enter, gateway }) => {
    const client = await enter()
    const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
    await client.end()
    const sent = sentBytes(await entriesOf(gateway.trailDirectory, await recordedSession(gateway.trailDirectory)))
    if (key?.kind !== 'BackendKeyData') throw new Error('there was no key')
    expect(sent.includes(key.secretKey)).toBe(false)
  })

  promise(
    'says how much was left out where a cap is reached, and goes on with the next',
    async ({ enter, gateway }) => {
      const client = await enter()
      await client.query("select repeat('y', 1000) from generate_series(1, 500)")
      await client.query("select 'after the cap'")
      await client.end()
      const entries = await entriesOf(gateway.trailDirectory, await recordedSession(gateway.trailDirectory))
      const omitted = entries.flatMap((entry) => (entry.kind === 'omitted' ? [entry] : []))
      expect(omitted).toMatchObject([{ cap: 'statement' }])
      expect(omitted[0]?.bytes).toBeGreaterThan(480_000)
      expect(sentBytes(entries).length + (omitted[0]?.bytes ?? 0)).toBeGreaterThan(500_000)
      expect(sentBytes(entries).includes('after the cap')).toBe(true)
    },
  )

  promise('is not whole any more when a byte is changed, cut or the file removed', async ({ enter, gateway }) => {
    const client = await enter()
    await client.query('select 1')
    await client.end()
    const directory = gateway.trailDirectory
    await recordedSession(directory)
    expect((await verifyRecordings(directory)).firstBreak).toBe(null)
    const file = join(directory, '000001.recording')
    const bytes = readFileSync(file)
    const changed = Buffer.from(bytes)
    changed[20] = (changed[20] ?? 0) ^ 1
    writeFileSync(file, changed)
    expect((await verifyRecordings(directory)).firstBreak).toMatch(/was changed/)
    writeFileSync(file, bytes)
    truncateSync(file, bytes.length - 1)
    expect((await verifyRecordings(directory)).firstBreak).toMatch(/short/)
    unlinkSync(file)
    expect((await verifyRecordings(directory)).firstBreak).toMatch(/is missing/)
    expect(existsSync(file)).toBe(false)
  })
})

describe.each(MYSQL_VERSIONS)('a recording of $version', ({ shared }) => {
  const promise = mysqlPromises(shared, (database) => ({
    policy: `${ALLOW_ALL}masks:
  - { columns: [${database}.users.ssn], with: { partial: { keepLast: 4 } } }
`,
    recording: { mode: 'on' },
    sql: `create table users(id int, ssn varchar(40)); insert into users values (1, '${SECRET}'), (2, '${SECRET}')`,
  }))

  promise('holds masked rows in text and binary, and never the value', async ({ driver, gateway }) => {
    const connection = await driver()
    await connection.query('select id, ssn from users')
    await connection.execute('select id, ssn from users where id = ?', [1])
    await expect(connection.query('select * from nowhere')).rejects.toThrow()
    await connection.end()
    const entries = await entriesOf(gateway.trailDirectory, await recordedSession(gateway.trailDirectory))
    const sent = sentBytes(entries)
    expect(sent.includes('ZQXW')).toBe(true)
    expect(sent.includes(SECRET)).toBe(false)
  })
})

describe.each(VERSIONS.slice(0, 1))('who is recorded', ({ shared }) => {
  const promise = scenePromises(shared, { recording: { mode: 'on', for: { groups: ['watched'] } } })

  promise('is who is in one of the groups; of others nothing is kept', async ({ enter, gateway }) => {
    const unwatched = await enter()
    await unwatched.query('select 1')
    await unwatched.end()
    await eventually('the session has ended', () =>
      recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'session_end'),
    )
    expect(readdirSync(gateway.trailDirectory).some((file) => file.endsWith('.recording'))).toBe(false)
    const watched = await enter({ groups: ['ai-agents', 'watched'] })
    await watched.query('select 1')
    await watched.end()
    const session = await recordedSession(gateway.trailDirectory)
    expect((await entriesOf(gateway.trailDirectory, session)).length).toBeGreaterThan(0)
  })
})

// What is kept is the gateway's to say: one server is enough.
describe.each(VERSIONS.slice(0, 1))('a recording of $version without masks', ({ shared }) => {
  const promise = scenePromises(shared, { recording: { mode: 'on' }, sql: 'create table plain(id int, word text)' })
  promise('holds what a client copies in', async ({ enter, gateway }) => {
    const client = await enter()
    await copyIn(client, 'copy plain from stdin', Buffer.from('7\tcopied-in-by-client\n'))
    await client.end()
    const entries = await entriesOf(gateway.trailDirectory, await recordedSession(gateway.trailDirectory))
    expect(sentBytes(entries, 'received').includes('copied-in-by-client')).toBe(true)
  })
})

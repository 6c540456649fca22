import { execFile } from 'node:child_process'
import net from 'node:net'
import { promisify } from 'node:util'
import type { BackendMessage, Field, FrontendMessage } from '@gatehouse/postgres-wire'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, closeOf, describeOf, execute, parse, query, run, SYNC } from '../postgres/messages.ts'
import { listenerTls, openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { encoded, errorOf, rowsOf, ServerRefused, sqlstates, statusOf, WireClient } from '../postgres/wire-client.ts'
import { DBA, People } from '../approvals/people.ts'
import { absence, wireCases, corpusText } from './cases.ts'
import { findLeak, needlesOf } from './canaries.ts'
import { CANARIES, READER, WRITER } from './reference-policy.ts'

const cases = wireCases('postgres-wire.jsonl')
const why = absence ?? ('absent' in SHARED ? SHARED.absent : null)
const tls = listenerTls()
const TYPES = `CREATE TABLE kinds(a text, b int4, c date, d numeric(10, 2), e jsonb, f bytea, g uuid, h text[], i int4[], j timestamptz, k bool);
INSERT INTO kinds VALUES ('987-65-4320', 91234, '1981-02-03', 91234.5, '{"ssn": "987-65-4320"}', '987-65-4320', gen_random_uuid(),
  '{987-65-4320,NULL}', '{91234}', '1981-02-03', true);`

let reader: Scene
let writer: Scene
/** Where changes need a human. */
let held: Scene
let people: People
const HELD = `
rules:
  - { name: read, allow: { actions: [select, begin, commit, rollback], relations: ["*"], functions: ["*"], settings: ["*"] } }
  - { name: ask, approve: { actions: [update], relations: [public.*], by: { groups: [dba] }, holdTimeoutSeconds: 60 } }
`
const STOCK = `CREATE TABLE stock (id int PRIMARY KEY, amount int); INSERT INTO stock SELECT i, 10 FROM generate_series(1, 9) i;
CREATE TABLE other_stock AS TABLE stock; CREATE VIEW shown AS SELECT id, amount FROM stock`
beforeAll(async () => {
  if (why !== null || 'absent' in SHARED) return
  const sql = `${corpusText('postgres-schema.sql')}\n${TYPES}`
  const kinds = `  - { columns: [public.kinds.a, public.kinds.b, public.kinds.c, public.kinds.d, public.kinds.e, public.kinds.f, public.kinds.g,
      public.kinds.h, public.kinds.i, public.kinds.j, public.kinds.k], with: redact }\n`
  reader = await openScene(SHARED.address, { sql, policy: READER + kinds, listener: { tls: tls.files } })
  writer = await openScene(SHARED.address, { sql, policy: WRITER })
  people = await People.open()
  held = await openScene(SHARED.address, {
    sql: STOCK,
    policy: HELD,
    coordination: people.forGateway,
    approvals: { holdInTransactionSeconds: 1, coolDownSeconds: 0 },
  })
})
afterAll(async () => {
  if (why === null) await Promise.all([reader.close(), writer.close(), held.close(), people.close()])
  tls.remove()
})

type Proof = () => Promise<void>
const kindsOf = (messages: readonly BackendMessage[]): string => messages.map(({ kind }) => kind).join(' ')
const fieldsOf = (messages: readonly BackendMessage[]): readonly Field[] =>
  messages.flatMap((message) => (message.kind === 'RowDescription' ? message.fields : []))

async function refusedStart(parameters: Readonly<Record<string, string>>): Promise<string | undefined> {
  const { host, port } = reader.gateway
  const password = await reader.gateway.token()
  try {
    const client = await WireClient.login({ host, port }, { database: 'shop', password, parameters })
    client.destroy()
    return undefined
  } catch (error) {
    if (!(error instanceof ServerRefused)) throw error
    return error.report.fields.get('C')
  }
}

/** By id: what the case's `must` says, seen on the wire. */
const proofs: Readonly<Record<string, Proof>> = {
  'TP-01': async () => {
    const { host, port } = reader.gateway
    const client = await WireClient.open({ host, port })
    const chunks: Buffer[] = []
    client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    const parameters = new Map([
      ['user', 'agent'],
      ['database', 'shop'],
    ])
    client.socket.write(
      Buffer.concat([
        encoded({ kind: 'SSLRequest' }),
        encoded({ kind: 'StartupMessage', minorVersion: 0, parameters }),
      ]),
    )
    await client.next().catch(() => null)
    // Nothing of the clear text was taken for the start of a session: no Authentication message in clear text.
    expect(Buffer.concat(chunks).toString('latin1')).not.toMatch(/R\0\0\0/)
    client.destroy()
  },
  'TP-03': async () => {
    for (const replication of ['database', 'true', 'on', '1'])
      expect(await refusedStart({ replication })).toMatch(/^\w{5}$/)
  },
  'TP-05': async () => {
    for (const encoding of ['LATIN1', 'SJIS', '"GBK"', 'big5']) {
      expect(await refusedStart({ client_encoding: encoding })).toMatch(/^\w{5}$/)
      expect(await refusedStart({ options: `-c client_encoding=${encoding}` })).toMatch(/^\w{5}$/)
    }
  },
  'TP-06': async () => {
    const { host, port } = reader.gateway
    const password = await reader.gateway.token()
    const parameters = { '_pq_.unknown': '1' }
    const client = await WireClient.login({ host, port }, { database: 'shop', password, parameters, minorVersion: 3 })
    expect(client.greeting[0]?.kind).toBe('NegotiateProtocolVersion')
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    client.destroy()
  },
  'TP-09': async () => {
    const client = await reader.enter()
    const denied = [parse('DELETE FROM orders'), bind(), describeOf('portal'), execute(), SYNC]
    expect(kindsOf(await client.exchange(...denied))).toBe('ErrorResponse ReadyForQuery')
    expect(await client.rows('SELECT count(*) FROM orders')).toEqual([['2']])
    client.destroy()
  },
  'TP-10': async () => {
    const client = await reader.enter()
    const batch = [...run('SELECT 1'), ...run('DELETE FROM orders'), ...run('SELECT 3')]
    const alone = await client.exchange(...batch, SYNC)
    expect([rowsOf(alone), sqlstates(alone), statusOf(alone)]).toEqual([[['1']], ['42501'], 'I'])
    await client.query('BEGIN')
    const inside = await client.exchange(...batch, SYNC)
    expect([rowsOf(inside), sqlstates(inside), statusOf(inside)]).toEqual([[['1']], ['42501'], 'E'])
    client.destroy()
  },
  'TP-11': async () => {
    const client = await writer.enter()
    await client.query('CREATE TABLE public.moved(ssn text)')
    await client.exchange(parse(`SELECT ssn || '' FROM moved`, 's'), SYNC)
    expect(sqlstates(await client.exchange(bind([], 's'), execute(), SYNC))).toEqual([])
    await writer.admin('DROP TABLE public.moved; CREATE VIEW public.moved AS SELECT ssn FROM public.users')
    await client.query('CREATE TABLE public.look_again()')
    const messages = await client.exchange(bind([], 's'), execute(), SYNC)
    expect(findLeak(Buffer.from(JSON.stringify(rowsOf(messages))), '', needlesOf(CANARIES))).toBeNull()
    client.destroy()
  },
  'TP-13': async () => {
    const client = await reader.enter()
    const binary = { ...bind(), resultFormats: [1] as const }
    const messages = await client.exchange(
      parse('SELECT * FROM kinds'),
      describeOf('statement'),
      binary,
      execute(),
      SYNC,
    )
    expect(findLeak(Buffer.from(rowsOf(messages).join()), '', needlesOf(CANARIES))).toBeNull()
    const row = messages.find((message) => message.kind === 'DataRow')
    const fields = fieldsOf(messages)
    expect(row?.cells.length).toBe(11)
    // Each masked value, sent back, must be one that the server takes for the type.
    const direct = await reader.direct()
    const back: FrontendMessage[] = [
      {
        ...parse(`SELECT ${fields.map((_, index) => `$${String(index + 1)} IS NOT NULL`).join(', ')}`),
        parameterTypes: fields.map(({ typeOid }) => typeOid),
      },
      { ...bind(), parameterFormats: [1], parameters: row?.cells ?? [] },
      execute(),
      SYNC,
    ]
    expect(sqlstates(await direct.exchange(...back))).toEqual([])
    direct.destroy()
    client.destroy()
  },
  'TP-14': async () => {
    const client = await reader.enter()
    const binary = { ...bind(), resultFormats: [1] as const }
    const text = 'SELECT salary, ssn FROM users ORDER BY id'
    const messages = await client.exchange(
      parse(text),
      describeOf('statement'),
      binary,
      describeOf('portal'),
      execute(),
      SYNC,
    )
    const [, , portal] = fieldsOf(messages)
    expect(portal).toMatchObject({ typeOid: 23, format: 1 })
    const [row] = messages.filter((message) => message.kind === 'DataRow')
    expect(row?.cells.map((cell) => cell?.toString('latin1'))).toEqual(['\0\0\0\0', '[redacted]'])
    client.destroy()
  },
  'TP-17': async () => {
    const client = await reader.enter()
    const call: FrontendMessage = {
      kind: 'FunctionCall',
      functionOid: 1598,
      argumentFormats: [],
      arguments: [],
      resultFormat: 0,
    }
    client.send(call)
    expect(sqlstates(await client.untilReady())).toEqual(['0A000'])
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    client.destroy()
  },
  'TP-19': async () => {
    const client = await reader.enter()
    expect(sqlstates(await client.query('START_REPLICATION SLOT s LOGICAL 0/0'))).toEqual(['42601'])
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    client.destroy()
  },
  'TP-21': async () => {
    const client = await writer.enter()
    const chunks: Buffer[] = []
    client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    // The server's own DETAIL would be: Failing row contains (1, Ann, ann@corp.example, …, 91234, …).
    const failing = `UPDATE users SET region = NULL, ssn = repeat('9', 50) WHERE id = 1`
    expect(errorOf(await client.query(failing))?.fields.get('C')).toBe('23514')
    expect(errorOf(await client.exchange(...run(failing), SYNC))?.fields.get('C')).toBe('23514')
    expect(findLeak(Buffer.concat(chunks), failing, needlesOf(CANARIES))).toBeNull()
    client.destroy()
  },
  'TP-24': async () => {
    const { host, port } = reader.gateway
    const url = `host=${host} port=${String(port)} dbname=shop user=agent sslmode=require channel_binding=require`
    const env = { ...process.env, PGPASSWORD: await reader.gateway.token() }
    const failure = await promisify(execFile)('psql', [url, '-c', 'SELECT 1'], { env, timeout: 10_000 }).catch(String)
    if (typeof failure === 'string') expect(failure).toMatch(/channel binding/i)
    else expect(failure.stdout).toContain('1 row')
  },
  'TP-25': async () => {
    const parameters = { options: '-cgatehouse.login=oauthbearer' }
    const { host, port, issuer } = reader.gateway
    const token = (claims?: Readonly<Record<string, unknown>>): Promise<string> => reader.gateway.token(claims)
    const log = (password: string): Promise<WireClient> =>
      WireClient.login({ host, port }, { database: 'shop', password, parameters })
    const past = Math.floor(Date.now() / 1000) - 3600
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
    const bad = [
      '',
      await token({ aud: 'another' }),
      await token({ iss: 'https://another.example' }),
      await token({ exp: past }),
      `${none}.${(await token()).split('.')[1] ?? ''}.`,
      await issuer.token({}, { kid: 'unknown' }),
    ]
    for (const password of bad) await expect(log(password)).rejects.toThrow(/a challenge: \{.*openid-configuration/)
    const client = await log(await token())
    expect(await client.rows('SELECT 1')).toEqual([['1']])
    client.destroy()
    const other = await reader.enter()
    expect(await other.rows('SELECT 1'), 'password logins work beside it').toEqual([['1']])
    other.destroy()
  },

  'TP-08': async () => {
    const client = await held.enter()
    client.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 1' })
    const { id } = await people.pending()
    const key = client.greeting.find((message) => message.kind === 'BackendKeyData')
    if (key?.kind !== 'BackendKeyData') throw new Error('no key came')
    const { host, port } = held.gateway
    const socket = net.connect(port, host)
    socket.end(encoded({ kind: 'CancelRequest', processId: key.processId, secretKey: key.secretKey }))
    const messages = await client.untilReady()
    expect(sqlstates(messages)).toEqual(['57014'])
    expect(statusOf(messages)).toBe('I')
    const late = { by: DBA, verdict: 'approve', reason: null, through: 'api' } as const
    expect((await people.coordination.approvals.decide(id, late)).kind).toBe('already')
    expect(await client.rows('SELECT amount FROM stock WHERE id = 1')).toEqual([['10']])
    client.destroy()
  },
  'TP-27': async () => {
    const [client, other] = [await held.enter(), await held.enter()]
    await client.query('BEGIN')
    const since = performance.now()
    const inTransaction = await client.query('UPDATE stock SET amount = 0 WHERE id = 2')
    expect(sqlstates(inTransaction)).toEqual(['57014'])
    expect(performance.now() - since).toBeLessThan(10_000)
    await client.query('ROLLBACK')
    // A client that waits longer sees that somebody is there.
    other.send({ kind: 'Query', text: 'UPDATE stock SET amount = 0 WHERE id = 2' })
    const said = await other.until('NoticeResponse')
    expect(said.map(({ kind }) => kind)).toContain('NoticeResponse')
    expect(await other.next(20_000)).toMatchObject({ kind: 'ParameterStatus' })
    await people.decide('approve')
    expect(sqlstates(await other.untilReady())).toEqual([])
    client.destroy()
    other.destroy()
  },
  'TP-29': async () => {
    const client = await held.enter()
    for (const change of [
      'CREATE OR REPLACE VIEW shown AS SELECT id, amount FROM other_stock',
      'DROP VIEW shown; ALTER TABLE other_stock RENAME TO shown',
    ]) {
      const answer = client.query('UPDATE shown SET amount = 0 WHERE id = 3')
      await people.pending()
      await held.admin(change)
      await people.decide('approve')
      expect(sqlstates(await answer), change).toEqual(['57014'])
    }
    const amounts = await held.admin<{ amount: number }>(
      'SELECT amount FROM stock WHERE id = 3 UNION ALL SELECT amount FROM shown WHERE id = 3',
    )
    expect(amounts.map(({ amount }) => amount)).toEqual([10, 10])
    client.destroy()
  },
}

describe('Each wire case of the corpus', () => {
  // Without a corpus there is no case to skip: this says why.
  if (why !== null) test('is skipped', (context) => context.skip(why))

  test.for(cases)('$id ($class): $must', { timeout: 40_000 }, async ({ id }, context) => {
    if (why !== null) context.skip(why)
    const proof = proofs[id]
    if (proof === undefined) throw new Error(`no proof for ${id}`)
    await proof()
  })

  test('a portal closed by the client is gone, and the next of its name is another', async (context) => {
    if (why !== null) context.skip(why)
    const client = await reader.enter()
    await client.query('BEGIN')
    await client.exchange(parse('SELECT name FROM users'), bind([], '', 'p'), closeOf('portal', 'p'), SYNC)
    const messages = await client.exchange(
      parse('SELECT ssn FROM users'),
      bind([], '', 'p'),
      execute(0, 'p'),
      SYNC,
      query('COMMIT'),
    )
    expect(rowsOf(messages)).toEqual([['[redacted]'], ['[redacted]'], ['[redacted]']])
    client.destroy()
  })
})

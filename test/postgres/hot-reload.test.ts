import { renameSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../harness/gateway-process.ts'
import { createDatabase } from '../servers/postgres.ts'
import { bind, closeOf, describeOf, execute, parse, SYNC } from './messages.ts'
import { eventually, present, recordsOf, SHARED, targetOf } from './scene.ts'
import { errorOf, rowsOf, sqlstates, statusOf, WireClient } from './wire-client.ts'

const rule = (name: string, relations: string): string => `
  - { name: ${name}, allow: { actions: [select, insert, explain], relations: [${relations}] } }`
const OPEN = `rules:${rule('open', 'public.users, public.orders')}\n`
const CLOSED = `rules:${rule('closed', 'public.orders')}\n`
const MASKED = `${OPEN}masks:\n  - { columns: [public.users.ssn], with: { partial: { keepLast: 4 } } }\n`
const LIMITED = `${OPEN}limits:\n  - { name: two-rows, rowsPerStatement: 2 }\n`
const ASKING = `${OPEN}  - { name: ask, approve: { actions: [select], relations: [public.users], by: { groups: [dba] }, hold: 0 } }\n`
const BROKEN = `rules:\n  - { name: broken, allow: { acshuns: [select] } }\n`

describe('a changed policy file', () => {
  let gateway: GatewayProcess | null = null
  let database: Awaited<ReturnType<typeof createDatabase>> | null = null
  beforeAll(async () => {
    if ('absent' in SHARED) return
    const { address } = SHARED
    database = await createDatabase(
      address,
      `e2e_reload_${String(process.pid)}`,
      `create table users(id int, ssn text); create table orders(id int);
       insert into users select n, '123-45-000' || n from generate_series(1, 9) n; insert into orders values (7)`,
    )
    gateway = await startGatewayProcess({
      targets: { shop: targetOf(address, database.database) },
      policy: OPEN,
    })
  })
  afterAll(async () => {
    await gateway?.close()
    await database?.drop()
  })

  const promise = (name: string, body: (gateway: GatewayProcess, client: WireClient) => Promise<void>): void => {
    test(name, async (context) => {
      present(SHARED, context)
      if (gateway === null) throw new Error('the gateway was not started')
      const { host, port, token } = gateway
      await install(gateway, OPEN)
      const client = await WireClient.login({ host, port }, { database: 'shop', password: await token() })
      await body(gateway, client)
      await client.end()
    })
  }

  promise('decides on the next statement of a session that is live', async (process_, client) => {
    expect(await client.rows('select id from users limit 1')).toEqual([['1']])
    await install(process_, CLOSED)
    expect(sqlstates(await client.query('select id from users limit 1'))).toEqual(['42501'])
    expect(await client.rows('select id from orders')).toEqual([['7']])
    await install(process_, OPEN)
    expect(await client.rows('select id from users limit 1')).toEqual([['1']])
  })

  promise('decides on a prepared statement at its next Bind', async (process_, client) => {
    await client.exchange(parse('select ssn from users where id = 3', 'a'), SYNC)
    const again = (): Promise<Awaited<ReturnType<WireClient['exchange']>>> =>
      client.exchange(bind([], 'a'), describeOf('portal'), execute(), SYNC)
    expect(rowsOf(await again())).toEqual([['123-45-0003']])
    await install(process_, CLOSED)
    const refused = await again()
    expect(sqlstates(refused)).toEqual(['42501'])
    expect(statusOf(refused)).toBe('I')
    await install(process_, MASKED)
    expect(rowsOf(await again())).toEqual([['*******0003']])
    await install(process_, OPEN)
    expect(rowsOf(await again())).toEqual([['123-45-0003']])
  })

  promise('decides on an open portal at its next Execute: refused, masked, and cut', async (process_, client) => {
    for (const { policy, look } of [
      { policy: CLOSED, look: { rows: [], error: ['42501'], status: ['E'] } },
      { policy: MASKED, look: { rows: [['*******0003'], ['*******0004']], error: [], status: ['T'] } },
      // The server may have sent the whole piece before it hears of the cut.
      { policy: LIMITED, look: { rows: [], error: ['53400'], status: ['T', 'E'] } },
    ]) {
      await install(process_, OPEN)
      await client.query('begin')
      const first = await client.exchange(
        parse('select ssn from users order by id'),
        bind([], '', 'p'),
        execute(2, 'p'),
        SYNC,
      )
      expect(rowsOf(first)).toEqual([['123-45-0001'], ['123-45-0002']])
      await install(process_, policy)
      const next = await client.exchange(execute(2, 'p'), SYNC)
      expect({ rows: rowsOf(next), error: sqlstates(next) }).toEqual({ rows: look.rows, error: look.error })
      expect(look.status).toContain(statusOf(next))
      await client.query('rollback')
    }
  })

  promise(
    'that asks for approval lets nothing run without it: not a Query, a Bind, an open portal',
    async (process_, client) => {
      await client.exchange(parse('select ssn from users where id = 3', 'asks'), SYNC)
      await client.query('begin')
      await client.exchange(parse('select ssn from users order by id'), bind([], '', 'p'), execute(2, 'p'), SYNC)
      await install(process_, ASKING)
      const portal = await client.exchange(execute(2, 'p'), SYNC)
      expect({ rows: rowsOf(portal), error: sqlstates(portal) }).toEqual({ rows: [], error: ['57014'] })
      await client.query('rollback')
      const bound = await client.exchange(bind([], 'asks'), execute(), SYNC)
      expect({ rows: rowsOf(bound), error: sqlstates(bound), status: statusOf(bound) }).toEqual({
        rows: [],
        error: ['57014'],
        status: 'I',
      })
      const query = await client.query('select 1; select ssn from users')
      expect(rowsOf(query)).toEqual([])
      expect(JSON.parse(errorOf(query)?.fields.get('D') ?? '')).toEqual({
        code: 'APPROVAL_PENDING',
        rule: 'ask',
        object: 'statement',
        approval: expect.stringMatching(/^[0-9a-z]+$/) as string,
      })
      expect(await client.rows('select id from orders')).toEqual([['7']])
      await client.exchange(closeOf('statement', 'asks'), SYNC)
    },
  )

  promise('decides on a portal that was bound in the same pipeline before it', async (process_, client) => {
    await client.query('begin')
    await client.exchange(parse('select ssn from users', 's'), bind([], 's', 'p'), SYNC)
    await install(process_, MASKED)
    const messages = await client.exchange(execute(1, 'p'), SYNC)
    expect(rowsOf(messages)).toEqual([['*******0001']])
    await client.query('rollback')
    await client.exchange(closeOf('statement', 's'), SYNC)
  })

  promise('decides on a cursor at its next FETCH', async (process_, client) => {
    await client.query('begin')
    expect(
      errorOf(await client.query('declare c cursor for select ssn from users order by id'))?.fields.get('M'),
    ).toMatch(/^gatehouse/)
    await client.query('rollback')
    await install(process_, OPEN.replace('explain', 'explain, declare_cursor, fetch, close_cursor'))
    await client.query('begin')
    await client.query('declare c cursor for select ssn from users order by id')
    expect(rowsOf(await client.query('fetch 1 from c'))).toEqual([['123-45-0001']])
    await install(process_, MASKED.replace('explain', 'explain, declare_cursor, fetch, close_cursor'))
    const next = await client.query('fetch 1 from c')
    expect(JSON.stringify(rowsOf(next))).not.toContain('123-45')
    await client.query('rollback')
  })

  promise('that is not a policy keeps the last good one, and is logged', async (process_, client) => {
    await install(process_, CLOSED)
    const from = process_.log().length
    writeFileSync(process_.policyFile, BROKEN)
    const line = await eventually('the mistake is logged', () => {
      const text = process_.log().slice(from)
      return text.includes('not valid') ? text : null
    })
    expect(line).toContain('acshuns')
    expect(sqlstates(await client.query('select id from users'))).toEqual(['42501'])
    expect(await client.rows('select id from orders')).toEqual([['7']])
    writeFileSync(process_.policyFile, Buffer.from([0xff, 0xfe, 0x00]))
    await eventually('it is logged as well', () => process_.log().slice(from).includes('cannot be read'))
    expect(sqlstates(await client.query('select id from users'))).toEqual(['42501'])
    await install(process_, OPEN)
    expect(await client.rows('select count(*) from users')).toEqual([['9']])
    const loads = await recordsOf(process_.trailDirectory, ({ kind }) => kind === 'policy_loaded')
    expect(loads.length).toBeGreaterThan(3)
    expect(process_.alive()).toBe(true)
  })

  promise('put in place by rename is seen too', async (process_, client) => {
    const before = process_.log().length
    writeFileSync(`${process_.policyFile}.new`, CLOSED)
    renameSync(`${process_.policyFile}.new`, process_.policyFile)
    await eventually('it is loaded', () => process_.log().slice(before).includes('policy reloaded'))
    expect(sqlstates(await client.query('select id from users'))).toEqual(['42501'])
  })
})

let serial = 0

/** Writes the file and waits until the gateway says that it holds. */
async function install(gateway: GatewayProcess, policy: string): Promise<void> {
  const before = gateway.log().length
  // The same text again is no change; a comment makes it one.
  writeFileSync(gateway.policyFile, `${policy}# ${String(serial++)}\n`)
  await eventually('the policy is loaded', () => gateway.log().slice(before).includes('policy reloaded'))
}

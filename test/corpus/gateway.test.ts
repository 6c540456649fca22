import { parseGatewayConfig } from '@gatehouse/gateway'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { rowsOf, sqlstates, type WireClient } from '../postgres/wire-client.ts'
import { parse, SYNC } from '../postgres/messages.ts'

const SQL = `CREATE TABLE users(id int, ssn text); INSERT INTO users VALUES (1, '987-65-4320');
CREATE TABLE "Users"(id int, ssn text); INSERT INTO "Users" VALUES (1, 'in-capitals')`

const policyWith = (column: string): string => `
rules: [{ name: reads, allow: { actions: [select, session], relations: [public.*] } }]
masks: [{ columns: [${JSON.stringify(column)}], with: redact }]
`

/** Longest time for a text made to take long; the machine may be busy. */
const PATIENCE_MILLISECONDS = 15_000

describe.skipIf('absent' in SHARED)('A text made to take long (TX-10)', () => {
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: SQL, policy: policyWith('users.ssn') })
  })
  afterAll(() => scene.close())

  test.each<{ what: string; text: () => string }>([
    { what: '10 MB of comment before the verb', text: () => `/*${'x'.repeat(10_000_000)}*/ SELECT 1` },
    { what: '10 MB in one literal', text: () => `SELECT '${'x'.repeat(10_000_000)}'` },
    { what: '10 MB of statements', text: () => 'SELECT 1;'.repeat(1_100_000) },
    { what: '50,000 nested parentheses', text: () => `SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}` },
    { what: '50,000 nested subqueries', text: () => `${'SELECT ('.repeat(50_000)}1${')'.repeat(50_000)}` },
    {
      what: '50,000 nested CASEs',
      text: () => `SELECT ${'CASE WHEN true THEN '.repeat(50_000)}1${' END'.repeat(50_000)}`,
    },
    {
      what: '100,000 items of IN',
      text: () => `SELECT id FROM users WHERE id IN (${Array.from({ length: 100_000 }, (_, n) => n).join()})`,
    },
    {
      what: '10,000 arms of UNION',
      text: () => Array.from({ length: 10_000 }, () => 'SELECT id FROM users').join(' UNION ALL '),
    },
    { what: '50,000 NOTs', text: () => `SELECT ${'NOT '.repeat(50_000)}true` },
    { what: '50,000 operators in a chain', text: () => `SELECT 1${' + 1'.repeat(50_000)}` },
    { what: '50,000 casts', text: () => `SELECT 1${'::int'.repeat(50_000)}` },
    { what: '50,000 array brackets', text: () => `SELECT ${'ARRAY['.repeat(50_000)}1${']'.repeat(50_000)}` },
    {
      what: '5,000 joins',
      text: () =>
        `SELECT 1 FROM users ${Array.from({ length: 5000 }, (_, n) => `JOIN users u${String(n)} USING (id)`).join(' ')}`,
    },
    {
      what: 'stars over stars',
      text: () =>
        `WITH a AS (SELECT * FROM users, users b), ${Array.from({ length: 25 }, (_, n) => `t${String(n)} AS (SELECT * FROM ${n === 0 ? 'a x, a y' : `t${String(n - 1)} x, t${String(n - 1)} y`})`).join()} SELECT * FROM t24`,
    },
  ])('$what is answered in bounded time, by rows or by a clear code', { timeout: 60_000 }, async ({ text }) => {
    const sql = text()
    for (const ask of [
      (client: WireClient) => client.query(sql),
      (client: WireClient) => client.exchange(parse(sql), SYNC),
    ]) {
      const client = await scene.enter()
      const started = performance.now()
      const messages = await ask(client)
      expect(performance.now() - started).toBeLessThan(PATIENCE_MILLISECONDS)
      const [code] = sqlstates(messages)
      // Read within limits, or: too complex, a limit, no privilege, a limit of the server, the message itself too long.
      if (code !== undefined) expect(code).toMatch(/^(?:54000|54001|54011|42501|42601|53400|53200|08P01)$/)
      client.destroy()
    }
    const after = await scene.enter()
    expect(rowsOf(await after.query('SELECT id FROM users'))).toEqual([['1']])
    after.destroy()
  })
})

describe.skipIf('absent' in SHARED)('Names in a policy fold as the server folds them (TX-16)', () => {
  test.each([
    { column: 'Users.SSN', plain: '[redacted]', quoted: 'in-capitals' },
    { column: 'users.ssn', plain: '[redacted]', quoted: 'in-capitals' },
    { column: 'PUBLIC.USERS.Ssn', plain: '[redacted]', quoted: 'in-capitals' },
    { column: '"Users".ssn', plain: '987-65-4320', quoted: '[redacted]' },
  ])('$column', async ({ column, plain, quoted }) => {
    if ('absent' in SHARED) return
    const scene = await openScene(SHARED.address, { sql: SQL, policy: policyWith(column) })
    try {
      const client = await scene.enter()
      expect(await client.rows('SELECT SSN FROM Users')).toEqual([[plain]])
      expect(await client.rows('SELECT ssn FROM "Users"')).toEqual([[quoted]])
      client.destroy()
    } finally {
      await scene.close()
    }
  })
})

test('A misspelt key stops the start and names the nearest known one (TX-17)', async () => {
  const config = parseGatewayConfig('gatewayId: a\nlistners:\n  postgres: { address: "127.0.0.1:0" }\n', '/tmp', {})
  expect(config.kind).toBe('problems')
  expect(JSON.stringify(config)).toContain('listeners')
  if ('absent' in SHARED) return
  const policy = 'rules: [{ name: reads, alow: { actions: [select] } }]'
  await expect(openScene(SHARED.address, { policy })).rejects.toThrow(/alow|policy/i)
})

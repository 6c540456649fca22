import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { masksOfColumn, parsePolicy, type Policy } from '@gatehouse/core'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { suggestMasks } from './suggest-masks.ts'
import { loadShop, shopRows } from '../dev/shop-data.ts'
import { createDatabase, type PostgresAddress, query } from '../../../../test/servers/postgres.ts'
import { CANARIES, CANARY_SCHEMA, HOSTILE_COLUMNS, HOSTILE_SCHEMA, READER } from './fixtures/suggest-schemas.ts'

const main = join(import.meta.dirname, '../main.ts')
const POLICY = `
rules:
  - name: agents-read
    allow: { actions: [select], relations: ["*"] }
`

interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

/** Runs `gatehouse policy suggest` as a user would. */
function suggest(...given: string[]): Promise<Done> {
  return gatehouse('policy', 'suggest', '--config', 'gateway.yaml', ...given)
}

function gatehouse(...given: string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [main, ...given], { cwd: folder })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    child.once('close', (status) => resolve({ status, out, err }))
  })
}

/** What is proposed, put into a policy. */
function merged(proposed: string, base = POLICY): Policy {
  const parsed = parsePolicy(`${base}${proposed}`)
  if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.problems, null, 1)}\n${proposed}`)
  return parsed.policy
}

function maskOf(policy: Policy, target: string, schema: string, relation: string, column: string): string | null {
  const [rule, ...more] = masksOfColumn(policy, target, 'postgres', { schema, relation, column })
  expect(more).toEqual([])
  return rule === undefined ? null : rule.spec.kind
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-suggest-'))
  writeFileSync(join(folder, 'policy.yaml'), POLICY)
  writeFileSync(join(folder, 'key'), 'k'.repeat(40))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const { postgres18 } = inject('servers')
describe.skipIf('absent' in postgres18)('gatehouse policy suggest', () => {
  const drops: (() => Promise<void>)[] = []
  let server: PostgresAddress
  let canaryUrl = ''

  beforeAll(async () => {
    if ('absent' in postgres18) throw new Error('skipped')
    server = postgres18.address
    const id = String(process.pid)
    const shop = await createDatabase(server, `suggest_shop_${id}`)
    const hostile = await createDatabase(server, `suggest_hostile_${id}`, HOSTILE_SCHEMA)
    await query(server.url, `CREATE ROLE ${READER.role}_${id} LOGIN PASSWORD '${READER.password}'`)
    const canary = await createDatabase(server, `suggest_canary_${id}`, CANARY_SCHEMA(`${READER.role}_${id}`))
    canaryUrl = canary.url
    drops.push(shop.drop, hostile.drop, canary.drop, () => query(server.url, `DROP ROLE ${READER.role}_${id}`))
    const client = new Client({ connectionString: shop.url })
    await client.connect()
    await loadShop(client)
    await client.end()
    writeFileSync(join(folder, 'password'), server.password)
    writeFileSync(join(folder, 'reader-password'), READER.password)
    const target = (database: string, user: string, password: string, port = server.port): string =>
      `{ engine: postgres, host: ${server.host}, port: ${port}, database: ${database}, user: ${user}, password: "file:${password}", tls: { mode: disable }, connectTimeoutSeconds: 20 }`
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `issuers: [{ issuer: "http://127.0.0.1:1/", audience: gatehouse, allowHttp: true }]
targets:
  shop: ${target(shop.database, server.superuser, 'password')}
  hostile: ${target(hostile.database, server.superuser, 'password')}
  canary: ${target(canary.database, `${READER.role}_${id}`, 'reader-password')}
  wrong: ${target(canary.database, `${READER.role}_${id}`, 'key')}
  nowhere: ${target(canary.database, 'nobody', 'key', 1)}
policyFile: policy.yaml
maskingKey: file:key
audit: { directory: trail }
`,
    )
    const config = readFileSync(join(folder, 'gateway.yaml'), 'utf8')
    writeFileSync(join(folder, 'bad-policy.yaml'), config.replace('policyFile: policy.yaml', 'policyFile: bad.yaml'))
    writeFileSync(join(folder, 'bad.yaml'), 'rules: []\n')
    writeFileSync(
      join(folder, 'masking.yaml'),
      config.replace('policyFile: policy.yaml', 'policyFile: masking-policy.yaml'),
    )
    const masks = 'masks:\n  - { name: mine, target: shop, columns: ["*.ssn"], with: redact }\n'
    writeFileSync(join(folder, 'masking-policy.yaml'), `${POLICY}${masks}`)
  })
  afterAll(async () => {
    for (const drop of drops) await drop()
  })

  describe('on the shop', () => {
    let proposed: Done
    beforeAll(async () => {
      proposed = await suggest('--target', 'shop', '--sample-rows', '2000')
    })

    test.each([
      ['customers', 'email', 'email'],
      ['employees', 'email', 'email'],
      ['customers', 'phone', 'partial'],
      ['customers', 'ssn', 'partial'],
      ['employees', 'ssn', 'partial'],
      ['payments', 'card_number', 'partial'],
      ['customers', 'date_of_birth', 'truncate'],
      ['customers', 'name', 'redact'],
      ['payments', 'card_holder', 'redact'],
      ['employees', 'salary', 'redact'],
      ['addresses', 'street', 'redact'],
      ['addresses', 'postal_code', 'redact'],
      ['customers', 'last_login_from', 'redact'],
      ['products', 'name', null],
      ['products', 'price', null],
      ['orders', 'customer_id', null],
      ['orders', 'shipping_address_id', null],
      ['addresses', 'city', null],
      ['employees', 'title', null],
      ['payments', 'amount', null],
    ])('the mask for %s.%s is %s', (relation, column, kind) => {
      expect(proposed.status).toBe(0)
      expect(maskOf(merged(proposed.out), 'shop', 'public', relation, column)).toBe(kind)
    })

    test('what names and values agree on is certain, with the share of the sample', () => {
      expect(proposed.out).toMatch(
        /# certain: an e-mail address\n.*\n.*\n.*\n.*by name and type \(text\); 400 of 400 sampled values look like an e-mail address\n.*- public\.customers\.email\n/,
      )
    })

    test('free text is proposed for classify, with what was found in it', () => {
      expect(merged(proposed.out).document.classify).toMatchObject([
        { name: 'free-text', targets: ['shop'], detect: ['credit_card', 'email', 'phone'] },
      ])
      expect(proposed.out).toMatch(/# public\.support_tickets\.body \(text\): \d+ of 300 sampled values hold/)
      expect(proposed.out).not.toContain('public.products')
    })

    test('the surest come first, and the same rows give the same text', async () => {
      const [masks = ''] = proposed.out.split('\nclassify:')
      const order = [...masks.matchAll(/^ {2}# (certain|likely|look at it):/gm)].map(([, word]) => word)
      const ranks = order.map((word) => ['certain', 'likely', 'look at it'].indexOf(word ?? ''))
      expect(ranks.length).toBeGreaterThan(5)
      expect(ranks).toEqual(ranks.toSorted((left, right) => left - right))
      expect((await suggest('--target', 'shop', '--sample-rows', '2000')).out).toBe(proposed.out)
    })

    test('no value of the shop is in it', () => {
      const personal = [...shopRows()].flatMap(([table, rows]) =>
        rows.flatMap((row) =>
          Object.entries(row).flatMap(([column, value]) =>
            typeof value === 'string' && value.length > 4 && !VOCABULARY.has(`${table}.${column}`) ? [value] : [],
          ),
        ),
      )
      expect(personal.length).toBeGreaterThan(3000)
      const told = proposed.out + proposed.err
      expect(personal.filter((value) => told.includes(value))).toEqual([])
    })

    test('what the policy masks already is not proposed again, but named with its rule', async () => {
      const { status, out } = await gatehouse(
        ...'policy suggest --config masking.yaml --target shop --sample-rows 0'.split(' '),
      )
      expect(status).toBe(0)
      expect(out).toContain('public.customers.ssn by rule mine')
      expect(out).not.toContain('- public.customers.ssn')
      expect(out).toContain('- public.customers.email')
      expect(out).toContain('no row was read')
    })
  })

  describe('where names are hostile', () => {
    let proposed: Done
    beforeAll(async () => {
      proposed = await suggest('--target', 'hostile')
    })

    test('every pattern means the column it was made for', () => {
      expect(proposed.err).not.toContain('Error')
      expect(proposed.status).toBe(0)
      const policy = merged(proposed.out)
      for (const [schema, relation, column, kind] of HOSTILE_COLUMNS)
        expect([column, maskOf(policy, 'hostile', schema, relation, column)]).toEqual([column, kind])
    })

    test('no pattern is idle, and no name gets out of its line', async () => {
      writeFileSync(join(folder, 'hostile.yaml'), `${POLICY}${proposed.out}`)
      await gatehouse(
        ...'policy catalog --config gateway.yaml --target hostile --output hostile.catalog.json'.split(' '),
      )
      const checked = await gatehouse(
        ...'policy check hostile.yaml --catalog hostile.catalog.json --target hostile'.split(' '),
      )
      expect(checked).toMatchObject({ status: 0, out: expect.stringContaining('0 warnings') })
      for (const line of proposed.out.split('\n'))
        expect(line).toMatch(/^(?:$|\s*#|masks:$|classify:$|\s+- |\s+(?:target|columns|with|detect): ?)/)
    })

    test('the sample is from all over a table, not of its first rows', () => {
      expect(proposed.out).toMatch(
        /type text; 1\d\d of 200 sampled values look like an e-mail address\n\s+- public\.journal\.c17\n/,
      )
    })

    test('a foreign key gives both of its columns the same mask', () => {
      expect(proposed.out).toMatch(
        /same values as public\.people\.email \(foreign key\)\n\s+- public\.letters\.written_to\n/,
      )
    })

    test('partitions and materialized views go by the columns they are made from, and the gateway agrees', async () => {
      expect(proposed.out).toContain('- public.visits.ip_address')
      expect(proposed.out).not.toMatch(/- public\.visits_2024/)
      expect(proposed.out).toMatch(/Materialized views need no rules[^\n]*\n#\s+public\.people_kept\n/)
      writeFileSync(join(folder, 'claims.json'), JSON.stringify({ sub: 'alice', groups: ['ai-agents'] }))
      const explained = await gatehouse(
        ...'policy explain --as claims.json --target hostile --policy hostile.yaml --catalog hostile.catalog.json'.split(
          ' ',
        ),
        'SELECT email FROM people_kept',
      )
      expect(explained).toMatchObject({ status: 0, out: expect.stringContaining('public.people.email') })
    })

    test('--schema narrows what is read', async () => {
      const { status, out } = await suggest('--target', 'hostile', '--schema', 'Odd*', '--sample-rows', '0')
      expect(status).toBe(0)
      expect(out).toContain('Odd')
      expect(out).not.toContain('- public.')
    })
  })

  describe('no value is ever printed', () => {
    let sampled: Done
    beforeAll(async () => {
      const holder = new Client({ connectionString: canaryUrl })
      await holder.connect()
      await holder.query('BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE')
      sampled = await suggest('--target', 'canary')
      await holder.end()
    })

    /** No part of a value of six characters or more, as it is, in hexadecimal or in base64. */
    function expectNoCanary(told: string): void {
      const lower = told.toLowerCase()
      for (const canary of CANARIES) {
        for (const form of [Buffer.from(canary).toString('hex'), Buffer.from(canary).toString('base64')])
          expect(lower).not.toContain(form.toLowerCase())
        for (let at = 0; at + 6 <= canary.length; at++)
          expect(lower).not.toContain(canary.slice(at, at + 6).toLowerCase())
      }
    }

    test('on standard output and error', () => {
      expect(sampled.status).toBe(0)
      merged(sampled.out)
      expectNoCanary(sampled.out + sampled.err)
    })

    test('in a file, with names and types alone', async () => {
      const file = join(folder, 'canary.out.yaml')
      const { status, out, err } = await suggest('--target', 'canary', '--sample-rows', '0', '--output', file)
      const written = readFileSync(file, 'utf8')
      expect({ status, out }).toEqual({ status: 0, out: '' })
      merged(written)
      expectNoCanary(err + written)
    })

    test('a table that cannot be sampled is judged by name and type, and that is said', () => {
      const { out } = sampled
      expect(out).toMatch(/#\s+public\.forbidden: permission denied\n/)
      expect(out).toMatch(/#\s+public\.held: somebody holds a lock on it\n/)
      expect(out).toMatch(/#\s+public\.guarded: reading it failed with SQLSTATE P0001\n/)
      expect(out).toMatch(/#\s+public\.computed: some of its columns: reading it failed with SQLSTATE 22P02\n/)
      expect(out).toMatch(/#\s+public\.elsewhere: reading it failed with SQLSTATE [0-9A-Z]{5}\n/)
      const policy = merged(out)
      for (const relation of ['forbidden', 'held', 'guarded', 'computed', 'elsewhere'])
        expect(maskOf(policy, 'canary', 'public', relation, 'email')).toBe('email')
    })

    test('sampling changes nothing: what a row policy writes is refused', () => {
      expect(sampled.out).toMatch(/#\s+public\.writing: reading it failed with SQLSTATE 25006\n/)
    })
  })

  describe('used wrongly, or nothing there', () => {
    interface Given {
      readonly target: string
      readonly config?: string
      readonly output?: string
      readonly schemas?: readonly string[]
    }

    test.each<[Given, number, string]>([
      [{ target: 'shopp' }, 2, 'has no target shopp; it has shop, hostile'],
      [{ target: 'shop', schemas: ['nope'] }, 2, 'in a schema like nope; it has public'],
      [{ target: 'shop', output: 'policy.yaml' }, 2, 'would replace the policy in force'],
      [{ target: 'shop', output: 'gateway.yaml' }, 2, 'would replace the configuration'],
      [{ target: 'shop', output: 'no/such/folder.yaml' }, 1, 'cannot be written: ENOENT'],
      [{ target: 'nowhere' }, 1, 'target nowhere: the database cannot be reached'],
      [{ target: 'wrong' }, 1, 'target wrong: the database refused the gateway (SQLSTATE 28P01)'],
      [{ target: 'shop', config: 'none.yaml' }, 1, 'none.yaml: cannot be read: ENOENT'],
    ])('%j ends with %i', async (given, status, message) => {
      const { output, config = 'gateway.yaml' } = given
      const failing = suggestMasks({
        target: given.target,
        config: join(folder, config),
        output: output === undefined ? null : join(folder, output),
        schemas: given.schemas ?? [],
        sampleRows: 0,
      })
      await expect(failing).rejects.toMatchObject({ status, message: expect.stringContaining(message) })
    })

    test('the command says so on standard error', async () => {
      const [unknown, rows, policy] = await Promise.all([
        suggest('--target', 'shopp'),
        suggest('--target', 'shop', '--sample-rows', '1e3'),
        gatehouse('policy', 'suggest', '--config', 'bad-policy.yaml', '--target', 'shop'),
      ])
      expect(unknown).toMatchObject({ status: 2, out: '', err: expect.stringContaining('has no target shopp') })
      expect(rows).toMatchObject({ status: 2, out: '', err: expect.stringContaining('whole number') })
      // What is masked already would not be known.
      expect(policy).toMatchObject({ status: 1, out: '', err: expect.stringContaining('gatehouse policy check') })
    })
  })
})

/** Columns of the shop whose values are words that a description of it may use. */
const VOCABULARY: ReadonlySet<string> = new Set([
  'addresses.kind',
  'orders.status',
  'support_tickets.status',
  'customers.tier',
  'products.category',
])

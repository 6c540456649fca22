import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { masksOfColumn, parsePolicy, type Policy } from '@gatehouse/core'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../../../test/servers/mysql.ts'
import { loadMysqlShop } from '../dev/shop-data-mysql.ts'
import { shopRows } from '../dev/shop-data.ts'

const main = join(import.meta.dirname, '../main.ts')
const POLICY = `
rules:
  - name: agents-read
    allow: { actions: [select], relations: ["*"] }
masks:
  - { name: mine, columns: ["*.Payments.CARD_number"], with: redact }
`
/** Names that try to get out of quotes, and types that can hold no masked value. */
const HOSTILE = `
CREATE TABLE \`Kunden: # {Ü}\` (\`E-Mail\` text, \`phone\`\`number\` varchar(30), gender enum('f','m'), ip_address varbinary(16));
INSERT INTO \`Kunden: # {Ü}\` VALUES ('ada@example.com', '+4915112345678', 'f', x'7f000001')
`

interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

describe.each(['mysql9', 'mariadb10'] as const)('gatehouse policy suggest on %s', (name) => {
  const server = inject('servers')[name]
  if (!('address' in server)) {
    test.skip(`there is none: ${server.absent}`, () => undefined)
    return
  }
  const { address } = server
  const drops: (() => Promise<void>)[] = []
  let folder: string
  let shop: string
  let hostile: string
  let proposed: Done

  function suggest(...given: string[]): Promise<Done> {
    return new Promise((resolve) => {
      const all = ['policy', 'suggest', '--config', 'gateway.yaml', '--target', 'shop', ...given]
      const child = spawn(process.execPath, [main, ...all], { cwd: folder })
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
      child.once('close', (status) => resolve({ status, out, err }))
    })
  }

  beforeAll(async () => {
    const id = `${process.pid}`
    const made = await createDatabase(address, `suggest_shop_${id}`)
    const odd = await createDatabase(address, `suggest_odd_${id}`, HOSTILE)
    drops.push(made.drop, odd.drop)
    shop = made.database
    hostile = odd.database
    const connection = await createConnection({ uri: made.url, multipleStatements: true })
    await loadMysqlShop(connection)
    await connection.end()
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-suggest-mysql-'))
    writeFileSync(join(folder, 'policy.yaml'), POLICY)
    writeFileSync(join(folder, 'password'), address.password)
    writeFileSync(join(folder, 'key'), 'k'.repeat(40))
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `issuers: [{ issuer: "http://127.0.0.1:1/", audience: gatehouse, allowHttp: true }]
listeners: { mysql: {} }
targets: { shop: { engine: mysql, host: ${address.host}, port: ${address.port}, database: ${shop}, user: ${address.superuser}, password: "file:password", tls: { mode: disable } } }
policyFile: policy.yaml
maskingKey: file:key
audit: { directory: trail }
`,
    )
    proposed = await suggest('--schema', shop, '--schema', hostile)
  })
  afterAll(async () => {
    for (const drop of drops) await drop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What is proposed, put into a policy. */
  function merged(): Policy {
    const parsed = parsePolicy(`${POLICY}${proposed.out.replace(/^masks:$/m, '')}`)
    if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.problems, null, 1)}\n${proposed.out}`)
    return parsed.policy
  }

  test('masks are proposed for what the shop holds of people, and for nothing else', () => {
    expect(proposed).toMatchObject({ status: 0 })
    const policy = merged()
    const maskOf = (schema: string, relation: string, column: string): string | null =>
      masksOfColumn(policy, 'shop', 'mysql', { schema, relation, column })[0]?.spec.kind ?? null
    expect(
      [
        ['customers', 'email'],
        ['customers', 'phone'],
        ['employees', 'ssn'],
        ['customers', 'date_of_birth'],
        ['employees', 'salary'],
        ['products', 'name'],
        ['orders', 'customer_id'],
        ['payments', 'amount'],
      ].map(([relation = '', column = '']) => [relation, column, maskOf(shop, relation, column)]),
    ).toEqual([
      ['customers', 'email', 'email'],
      ['customers', 'phone', 'partial'],
      ['employees', 'ssn', 'partial'],
      ['customers', 'date_of_birth', 'truncate'],
      ['employees', 'salary', 'redact'],
      ['products', 'name', null],
      ['orders', 'customer_id', null],
      ['payments', 'amount', null],
    ])
    expect(maskOf(hostile, 'Kunden: # {Ü}', 'E-Mail')).toBe('email')
    expect(maskOf(hostile, 'Kunden: # {Ü}', 'phone`number')).toBe('partial')
    expect(proposed.out).toMatch(/(\d+) of \1 sampled values look like an e-mail address/)
    expect(proposed.out).toMatch(/payments\.card_number by rule mine/)
  })

  test('no value of the shop is in it', () => {
    const values = [...shopRows()].flatMap(([table, rows]) =>
      table === 'customers' || table === 'employees'
        ? rows.flatMap(({ email, phone, ssn }) => [email, phone, ssn].filter((value) => typeof value === 'string'))
        : [],
    )
    expect(values.length).toBeGreaterThan(500)
    const told = proposed.out + proposed.err
    expect(values.filter((value) => told.includes(value))).toEqual([])
  })
})

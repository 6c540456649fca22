import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../servers/mysql.ts'

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const policyOf = (database: string): string => `
rules:
  - name: agents-read
    who: { groups: [ai-agents] }
    target: shop
    allow: { actions: [select], relations: [${database}.*] }
  - name: elsewhere
    target: shop
    deny: { relations: [public.orders] }
  - name: never-drop
    deny: { actions: [drop] }
    reason: Ask for a change.
masks:
  - columns: [${database}.people.SSN]
    with: redact
`
const EXPECTATIONS = `
- name: agents see no number
  as: { subject: alice, groups: [ai-agents] }
  on: shop
  sql: SELECT p.*, (SELECT note FROM noted) FROM people AS p # a comment of MySQL's
  expect: { masked: [ssn] }
- name: nor through a view
  as: { subject: alice, groups: [ai-agents] }
  on: shop
  sql: SELECT \`number\` FROM numbers
  expect: { masked: [number] }
- name: nobody drops
  as: { subject: alice, groups: [ai-agents] }
  on: shop
  sql: DROP TABLE people
  expect: { deny: never-drop }
`

// Each test starts several commands, one after the other, on a machine with other things to do.
describe.each(['mysql9', 'mariadb10'] as const)('%s', { timeout: 120_000 }, (name) => {
  const server = inject('servers')[name]
  if (!('address' in server)) {
    test.skip(`there is none: ${server.absent}`, () => undefined)
    return
  }
  const { address } = server
  let folder: string
  let database: Awaited<ReturnType<typeof createDatabase>>

  /** Runs the command as a user would. */
  function gatehouse(...given: string[]): Promise<{ status: number | null; out: string; err: string }> {
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [main, 'policy', ...given], { cwd: folder })
      let out = ''
      let err = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
      child.once('close', (status) => resolve({ status, out, err }))
    })
  }

  beforeAll(async () => {
    database = await createDatabase(
      address,
      `cli_${process.pid}`,
      `CREATE TABLE people (id int PRIMARY KEY, ssn varchar(11)); INSERT INTO people VALUES (1, '123-45-6789');
       CREATE TABLE noted (note text); CREATE VIEW numbers AS SELECT ssn AS number FROM people`,
    )
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-mysql-'))
    writeFileSync(join(folder, 'policy.yaml'), policyOf(database.database))
    writeFileSync(join(folder, 'shop.test.yaml'), EXPECTATIONS)
    writeFileSync(join(folder, 'claims.json'), JSON.stringify({ sub: 'alice', groups: ['ai-agents'] }))
    writeFileSync(join(folder, 'password'), address.password)
    writeFileSync(join(folder, 'key'), 'k'.repeat(40))
    writeFileSync(
      join(folder, 'gateway.yaml'),
      `issuers: [{ issuer: "http://127.0.0.1:9/", audience: gatehouse, allowHttp: true }]
listeners: { mysql: {} }
targets: { shop: { engine: mysql, host: ${address.host}, port: ${address.port}, database: ${database.database}, user: ${address.superuser}, password: "file:password", tls: { mode: disable } } }
policyFile: policy.yaml
maskingKey: file:key
audit: { directory: trail }
`,
    )
  })
  afterAll(async () => {
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a catalog is written down, holds no row, and serves check, test and explain', async () => {
    const file = 'shop.catalog.json'
    const common = ['--target', 'shop']
    expect(await gatehouse('catalog', '--config', 'gateway.yaml', ...common, '--output', file)).toMatchObject({
      status: 0,
      err: '',
    })
    expect(readFileSync(join(folder, file), 'utf8')).not.toContain('123-45')

    const [checked, tested, permitted, denied] = await Promise.all([
      gatehouse('check', 'policy.yaml', '--catalog', file, ...common),
      gatehouse('test', '.'),
      gatehouse('explain', '--as', 'claims.json', ...common, 'SELECT upper(ssn) FROM people'),
      gatehouse('explain', '--as', 'claims.json', ...common, 'DELETE FROM people WHERE id = 1'),
    ])
    expect(checked).toMatchObject({ status: 0 })
    expect(checked.out).toMatch(/rule elsewhere: The pattern public\.orders matches nothing[\s\S]*1 warnings/)
    expect(tested).toMatchObject({ status: 0, out: '3 passed, 0 failed\n' })
    expect(permitted.out).toMatch(new RegExp(`permitted by agents-read[\\s\\S]*${database.database}\\.people\\.ssn`))
    expect(permitted.status).toBe(0)
    expect(denied.out).toContain('NOT_ALLOWED')
    expect(denied.status).toBe(1)
  })
})

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { expect, inject, test } from 'vitest'
import { startTestGateway } from '../harness/start-gateway.ts'
import { createDatabase } from '../servers/postgres.ts'

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const RULES = `
rules:
  - name: agents-read
    who: { groups: [ai-agents] }
    allow: { actions: [select], relations: [public.*] }
`
const SCHEMA = `
CREATE TABLE members (id int PRIMARY KEY, full_name text, email text UNIQUE, ssn text, birthday date, password_hash text, joined_on date);
INSERT INTO members SELECT n, 'Quzanna Zwick', 'quz' || n || '@members.example', '514-23-7' || 100 + n, '1971-03-09', 'zx$hash$' || n, '2020-02-03'
  FROM generate_series(1, 60) n;
CREATE TABLE messages (id int, sender text REFERENCES members (email), c4 text, body text);
INSERT INTO messages SELECT n, 'quz' || n || '@members.example', '4242424242424242', 'call me at +4915112345678, or not' FROM generate_series(1, 60) n;
INSERT INTO messages SELECT n, NULL, NULL, 'nothing in this one' FROM generate_series(61, 160) n;
CREATE MATERIALIZED VIEW latest AS SELECT m.id, p.full_name, m.sender, m.body FROM messages m JOIN members p ON p.id = m.id;
`
/** What must not come through, and what must. */
const PRIVATE = /Zwick|quz\d|514-23|1971-03-09|zx\$hash|4242424242424242|4915112345678/
const HARMLESS = /2020-02-03|nothing in this one/

const { postgres18 } = inject('servers')
test.skipIf('absent' in postgres18)('a policy as it is proposed hides the private values, and only those', async () => {
  if ('absent' in postgres18) throw new Error('skipped')
  const server = postgres18.address
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-suggested-'))
  const name = `suggested_${String(process.pid)}`
  const database = await createDatabase(server, name, SCHEMA)
  const login = { host: server.host, port: server.port, database: name, user: server.superuser }
  writeFileSync(join(folder, 'policy.yaml'), RULES)
  writeFileSync(join(folder, 'password'), server.password)
  writeFileSync(join(folder, 'key'), 'k'.repeat(40))
  writeFileSync(
    join(folder, 'gateway.yaml'),
    `issuers: [{ issuer: "http://127.0.0.1:1/", audience: gatehouse, allowHttp: true }]
targets: { club: { engine: postgres, host: ${login.host}, port: ${login.port}, database: ${name}, user: ${login.user}, password: "file:password", tls: { mode: disable } } }
policyFile: policy.yaml
maskingKey: file:key
audit: { directory: trail }
`,
  )
  const words = ['policy', 'suggest', '--config', 'gateway.yaml', '--target', 'club']
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...words], { cwd: folder })
  const gateway = await startTestGateway({
    targets: { club: { ...login, password: server.password } },
    policy: RULES + stdout,
  })
  const client = new Client({ connectionString: await gateway.url('club') })
  try {
    await client.connect()
    const read = async (sql: string): Promise<string> => JSON.stringify((await client.query(sql)).rows)
    const everything: string[] = []
    for (const table of ['members', 'messages', 'latest']) everything.push(await read(`SELECT * FROM ${table}`))
    expect(everything.map((text) => PRIVATE.exec(text))).toEqual([null, null, null])
    expect(everything.slice(0, 2).map((text) => HARMLESS.test(text))).toEqual([true, true])
    // Both ends of the foreign key have one pseudonym: what belongs together can still be told.
    const [member] = (await client.query('SELECT email FROM members WHERE id = 7')).rows
    const [message] = (await client.query('SELECT sender FROM messages WHERE id = 7')).rows
    expect(message.sender).toBe(member.email)
  } finally {
    await client.end()
    await gateway.close()
    await database.drop()
    rmSync(folder, { recursive: true, force: true })
  }
})

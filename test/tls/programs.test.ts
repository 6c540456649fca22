import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { createConnection as connectMariadb } from 'mariadb'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { findMysqlClient } from '../drivers/find-mysql-client.ts'
import { findPsql } from '../drivers/find-psql.ts'
import { openScene as openMysqlScene, type Scene as MysqlScene, VERSIONS } from '../mysql/scene.ts'
import { openScene, type Scene } from '../postgres/scene.ts'
import { type ListenerFiles, listenerFiles } from './tls-files.ts'

const run = promisify(execFile)
const { postgres18 } = inject('servers')
const PSQL = await Promise.all(([15, 18] as const).map(async (major) => ({ major, found: await findPsql(major) })))
const CLIENTS = await Promise.all(
  (['mysql', 'mariadb'] as const).map(async (flavour) => ({ flavour, found: await findMysqlClient(flavour) })),
)

/** What an agent may by its certificate: read, masked. */
const policy = (schema: string): string => `
rules:
  - { name: read, who: { issuers: ["x509:agents"] }, allow: { actions: [select], relations: ["${schema}.*"] } }
  - { name: tokens, who: { groups: [ai-agents] }, allow: { actions: [select], relations: ["${schema}.*"] } }
masks:
  - { columns: ["${schema}.people.ssn"], with: redact }
`
const SQL = "create table people (id int primary key, ssn varchar(20)); insert into people values (1, '123-45-6789')"

interface ClientFiles {
  readonly ca: string
  readonly certificate: string
  readonly key: string
}

/** Files of the authority to trust, and of alice's certificate. */
function clientFiles(files: ListenerFiles): ClientFiles {
  const alice = files.clients.forClient('alice')
  return {
    ca: files.put('servers.crt', files.servers.certificate),
    certificate: files.put('alice.crt', alice.certificate),
    key: files.put('alice.key', alice.key),
  }
}

async function said(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const ran = run(command, [...args], { env: { PATH: process.env['PATH'], ...env } })
  ran.child.stdin?.end()
  const { stdout = '', stderr = '' } = (await ran.catch((error: unknown) => error)) as {
    stdout?: string
    stderr?: string
  }
  return stdout + stderr
}

describe('psql', () => {
  if ('absent' in postgres18) return test.skip(postgres18.absent, () => undefined)
  const files = listenerFiles()
  const client = clientFiles(files)
  let scene: Scene
  beforeAll(async () => {
    const listener = {
      tls: files.tls,
      clientCertificates: files.clientCertificates,
      allowClearTextPasswordOnLoopback: false,
    }
    scene = await openScene(postgres18.address, { sql: SQL, policy: policy('public'), listener })
  })
  afterAll(async () => {
    await scene.close()
    files.remove()
  })

  for (const { major, found } of PSQL) {
    if (found.kind === 'absent') {
      test.skip(found.reason, () => undefined)
      continue
    }
    const { command, leading } = found.program
    test(`${String(major)} logs in by certificate, reads masked, and is refused a drop`, async () => {
      const place = `host=localhost port=${String(scene.gateway.port)} dbname=shop sslmode=verify-full sslrootcert=${client.ca}`
      const shown = `${place} user=alice sslcert=${client.certificate} sslkey=${client.key}`
      const ask = (connection: string, sql: string): Promise<string> =>
        said(command, [...leading, '-X', '-w', '-A', '-t', '-d', connection, '-c', sql], { HOME: '/nonexistent' })
      expect(await ask(shown, 'select id, ssn from people')).toBe('1|[redacted]\n')
      expect(await ask(shown, 'drop table people')).toMatch(/gatehouse: .*drop/)
      expect(await ask(shown, 'select count(*) from people')).toBe('1\n')
      expect(await ask(`${place} user=alice`, 'select 1')).toMatch(/no password supplied/)
    })
  }
})

describe.each(VERSIONS)('on $version', ({ shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const files = listenerFiles()
  const client = clientFiles(files)
  let scene: MysqlScene
  beforeAll(async () => {
    scene = await openMysqlScene(shared.address, (database) => ({
      sql: SQL,
      policy: policy(database),
      listener: {
        tls: files.tls,
        clientCertificates: files.clientCertificates,
        allowClearTextPasswordOnLoopback: false,
      },
    }))
  })
  afterAll(async () => {
    await scene.close()
    files.remove()
  })
  const ssl = (): { ca: string; cert: string; key: string } => ({
    ca: files.servers.certificate,
    cert: readFileSync(client.certificate, 'utf8'),
    key: readFileSync(client.key, 'utf8'),
  })
  const place = (): { host: string; port: number; database: string } => ({
    host: 'localhost',
    port: scene.gateway.port,
    database: 'shop',
  })

  for (const { flavour, found } of CLIENTS) {
    if (found.kind === 'absent') {
      test.skip(found.reason, () => undefined)
      continue
    }
    const { command, leading } = found.program.program('client')
    test(`the ${flavour} client logs in by certificate, reads masked, and is refused a drop`, async () => {
      const verified =
        flavour === 'mysql'
          ? ['--ssl-mode=VERIFY_IDENTITY', `--ssl-ca=${client.ca}`]
          : ['--ssl-verify-server-cert', `--ssl-ca=${client.ca}`]
      const how = ['--protocol=tcp', '--host=localhost', `--port=${String(scene.gateway.port)}`, '--user=alice']
      const shown = [`--ssl-cert=${client.certificate}`, `--ssl-key=${client.key}`]
      const ask = (more: readonly string[], sql: string): Promise<string> =>
        said(command, [
          ...leading,
          ...how,
          '--batch',
          '--skip-column-names',
          ...verified,
          ...more,
          `--execute=${sql}`,
          'shop',
        ])
      expect(await ask(shown, 'select id, ssn from people')).toBe('1\t[redacted]\n')
      expect(await ask(shown, 'drop table people')).toMatch(/1227.*gatehouse/)
      expect(await ask(shown, 'select count(*) from people')).toBe('1\n')
      expect(await ask([], 'select 1')).toMatch(/1045.*a token is required/)
    })
  }

  test('mysql2 logs in by certificate, stays itself in a change of user, and changes to a token’s user; one that does not count, or is of another name, lets nobody in', async () => {
    const connection = await createConnection({ ...place(), user: 'alice', ssl: ssl() })
    expect((await connection.query('select ssn from people'))[0]).toEqual([{ ssn: '[redacted]' }])
    await expect(connection.query('drop table people')).rejects.toMatchObject({ errno: 1227 })
    await connection.changeUser({ user: 'alice', database: 'shop' })
    expect((await connection.query('select id from people'))[0]).toEqual([{ id: 1 }])
    await connection.changeUser({ user: 'copilot', password: await scene.gateway.token(), database: 'shop' })
    expect((await connection.query('select id from people'))[0]).toEqual([{ id: 1 }])
    await connection.end()
    const starts = await scene.records(({ kind }) => kind === 'session_start')
    expect(starts.slice(-3).map(({ login }) => login)).toEqual(['certificate', 'certificate', 'token'])

    await expect(createConnection({ ...place(), user: 'bob', ssl: ssl() })).rejects.toMatchObject({ errno: 1045 })
    const strange = files.servers.forClient('alice')
    const theirs = { ca: files.servers.certificate, cert: strange.certificate, key: strange.key }
    await expect(createConnection({ ...place(), user: 'alice', ssl: theirs })).rejects.toMatchObject({ errno: 1045 })
    // A password is a token, whatever is shown beside it.
    const wrong = { ...place(), user: 'alice', password: 'no token', ssl: ssl() }
    await expect(createConnection(wrong)).rejects.toMatchObject({ errno: 1045 })
  })

  test('MariaDB’s driver logs in by certificate', async () => {
    const connection = await connectMariadb({ ...place(), user: 'alice', ssl: ssl() })
    expect(await connection.query('select ssn from people')).toEqual([{ ssn: '[redacted]' }])
    await connection.end()
  })
})

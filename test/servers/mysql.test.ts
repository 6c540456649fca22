import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
// Unlike mysql2 it knows every plugin a server may ask for.
import { createConnection as createMariadbConnection } from 'mariadb'
import { describe, expect, inject, test } from 'vitest'
import {
  createDatabase,
  firstColumn,
  LOGINS,
  startMysql,
  type MysqlAddress,
  type MysqlVersion,
  whyAbsent,
} from './mysql.ts'

const servers = inject('servers')

describe.each([
  {
    name: 'MySQL 9',
    shared: servers.mysql9,
    version: /^9\.\d+\.\d+/,
    logins: {
      'caching clear': 'in',
      'caching tls': 'in',
      'sha256 clear': 'in',
      'sha256 tls': 'in',
      'tls clear': 'out',
      'tls tls': 'in',
      'cert clear': 'out',
      'cert tls': 'in',
      'empty clear': 'in',
      'empty tls': 'in',
    },
  },
  {
    name: 'MariaDB 10.11',
    shared: servers.mariadb10,
    version: /^10\.11\.\d+-MariaDB/,
    logins: {
      'native clear': 'in',
      'native tls': 'in',
      'ed25519 clear': 'in',
      'ed25519 tls': 'in',
      'tls clear': 'out',
      'tls tls': 'in',
      'cert clear': 'out',
      'cert tls': 'in',
      'empty clear': 'in',
      'empty tls': 'in',
    },
  },
])('$name', ({ shared, version, logins }) => {
  const needs =
    (body: (address: MysqlAddress) => Promise<void>) => async (context: { skip: (why: string) => void }) => {
      if ('absent' in shared) context.skip(shared.absent)
      else await body(shared.address)
    }

  test(
    'is the version it says',
    needs(async (address) => {
      expect((await firstColumn(address.url, ['SELECT version()']))[0]).toMatch(version)
    }),
  )

  test(
    'takes each kind of login where it should, and nowhere else',
    needs(async ({ port, tls }) => {
      if (tls === null) return
      const tried: Record<string, string> = {}
      for (const [kind, login] of Object.entries(LOGINS)) {
        for (const [way, ssl] of [
          ['clear', false],
          ['tls', { ca: tls.ca, cert: tls.client.cert, key: tls.client.key }],
        ] as const) {
          if (!Object.hasOwn(logins, `${kind} ${way}`)) continue
          const options = { host: 'localhost', port, ...login, ssl, allowPublicKeyRetrieval: true }
          tried[`${kind} ${way}`] = await createMariadbConnection(options).then(
            async (connection) => {
              await connection.end()
              return 'in'
            },
            () => 'out',
          )
        }
      }
      expect(tried).toEqual(logins)
    }),
  )

  test(
    'lets nobody in by a wrong password or as an unknown user',
    needs(async ({ host, port, superuser, password: right }) => {
      for (const user of [...(right === '' ? [] : [superuser]), 'nobody', '']) {
        for (const password of ['wrong', '']) {
          const login = { host, port, user, password, allowPublicKeyRetrieval: true }
          await expect(createMariadbConnection(login)).rejects.toThrow('Access denied')
        }
      }
    }),
  )

  test(
    "gives a database of one's own, and takes it back",
    needs(async (address) => {
      const own = await createDatabase(address, 'own `one`', 'CREATE TABLE t (a int); INSERT INTO t VALUES (41), (42)')
      expect(await firstColumn(own.url, ['SELECT a FROM t ORDER BY a'])).toEqual(['41', '42'])
      await own.drop()
      await expect(firstColumn(own.url, ['SELECT 1'])).rejects.toThrow('Unknown database')
    }),
  )
})

describe.each(['mysql-9', 'mariadb-10.11'] as const)('a private server of %s', (version) => {
  test('takes its own settings and SQL, and leaves nothing behind', async ({ skip }) => {
    const reason = await whyNoOwn(version)
    if (reason !== null) skip(reason)
    const server = await startMysql({
      version,
      tls: false,
      settings: { 'sort-buffer-size': 65_536 },
      initSql: 'CREATE DATABASE made;\nCREATE TABLE made.at_start (a int);\nINSERT INTO made.at_start VALUES (7);',
    })
    const { host, port, url } = server
    expect(await firstColumn(url, ['SELECT @@sort_buffer_size'])).toEqual(['65536'])
    expect(await firstColumn(url, ['SELECT a FROM made.at_start'])).toEqual(['7'])
    await expect(createConnection({ host, port, user: 'root', ssl: {} })).rejects.toThrow('does not support secure')
    await server.stop()
    await server.stop()
    expect(existsSync(server.dataDirectory ?? '/')).toBe(false)
    expect(isAlive(server.pid)).toBe(false)
  })
})

test.for(['SIGKILL', 'SIGTERM'] as const)(
  'a server ends, and its folder goes, when its parent dies of %s',
  async (signal, { skip }) => {
    const version = (await whyNoOwn('mariadb-10.11')) === null ? 'mariadb-10.11' : 'mysql-9'
    const reason = await whyNoOwn(version)
    if (reason !== null) skip(reason)
    const program = `
    const { startMysql } = await import(${JSON.stringify(`${import.meta.dirname}/mysql.ts`)})
    const server = await startMysql({ version: ${JSON.stringify(version)}, tls: false })
    console.log(JSON.stringify(server))
    setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const server = JSON.parse(line.toString()) as { pid: number; dataDirectory: string }
    expect(isAlive(server.pid)).toBe(true)
    parent.kill(signal)
    for (let waited = 0; waited < 10_000 && (isAlive(server.pid) || existsSync(server.dataDirectory)); waited += 50)
      await sleep(50)
    expect(isAlive(server.pid)).toBe(false)
    expect(existsSync(server.dataDirectory)).toBe(false)
  },
)

/** Why no server can be started here; null when one can. */
async function whyNoOwn(version: MysqlVersion): Promise<string | null> {
  const shared = version === 'mysql-9' ? servers.mysql9 : servers.mariadb10
  if ('address' in shared && shared.address.dataDirectory === null) return 'only an address was given'
  return whyAbsent(version)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

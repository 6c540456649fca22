import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { describe, expect, inject, test } from 'vitest'
import { createDatabase, LOGINS, startPostgres, type PostgresAddress } from './postgres.ts'

const servers = inject('servers')

describe.each([
  { name: 'PostgreSQL 18', shared: servers.postgres18 },
  { name: 'PostgreSQL 15', shared: servers.postgres15 },
])('$name', ({ name, shared }) => {
  const needs =
    (body: (address: PostgresAddress) => Promise<void>) => async (context: { skip: (why: string) => void }) => {
      if ('absent' in shared) context.skip(shared.absent)
      else await body(shared.address)
    }

  test(
    'is the version it says',
    needs(async (address) => {
      const client = new Client({ connectionString: address.url })
      await client.connect()
      const { rows } = await client.query<{ version: string }>('SELECT version()')
      await client.end()
      expect(rows[0]?.version).toMatch(`${name}.`)
    }),
  )

  test(
    'takes each kind of login where it should, and nowhere else',
    needs(async (address) => {
      const tls = address.tls
      if (tls === null) return
      const tried: Record<string, string> = {}
      for (const [kind, { user, password }] of Object.entries(LOGINS)) {
        for (const ssl of [false, { ca: tls.ca, cert: tls.client.cert, key: tls.client.key }]) {
          const client = new Client({
            host: 'localhost',
            port: address.port,
            user,
            password,
            database: 'postgres',
            ssl,
          })
          const outcome = await client.connect().then(
            () => 'in',
            () => 'out',
          )
          await client.end().catch(() => undefined)
          tried[`${kind} ${ssl === false ? 'clear' : 'tls'}`] = outcome
        }
      }
      expect(tried).toEqual({
        'scram clear': 'in',
        'scram tls': 'in',
        'md5 clear': 'in',
        'md5 tls': 'in',
        'clear clear': 'out',
        'clear tls': 'in',
        'trust clear': 'in',
        'trust tls': 'in',
        'cert clear': 'out',
        'cert tls': 'in',
      })
    }),
  )

  test(
    "gives a database of one's own, and takes it back",
    needs(async (address) => {
      const database = await createDatabase(address, 'own "one"', 'CREATE TABLE t AS SELECT 42 AS answer')
      const client = new Client({ connectionString: database.url })
      await client.connect()
      expect((await client.query('SELECT * FROM t')).rows).toEqual([{ answer: 42 }])
      await client.end()
      await database.drop()
      await expect(new Client({ connectionString: database.url }).connect()).rejects.toThrow('does not exist')
    }),
  )
})

test('a private server takes its own settings, login lines and SQL, and leaves nothing behind', async () => {
  const server = await startPostgres({
    version: 18,
    tls: false,
    settings: { work_mem: '7MB' },
    hba: [`host all ${LOGINS.scram.user} 127.0.0.1/32 reject`],
    initSql: 'CREATE TABLE made_at_start (a int)',
  })
  const client = new Client({ connectionString: server.url })
  await client.connect()
  expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '7MB' }])
  expect((await client.query('SELECT * FROM made_at_start')).rows).toEqual([])
  await client.end()
  const refused = new Client({ host: server.host, port: server.port, ...LOGINS.scram, database: 'postgres' })
  await expect(refused.connect()).rejects.toThrow('rejects connection')
  await server.stop()
  await server.stop()
  expect(existsSync(server.dataDirectory ?? '/')).toBe(false)
  expect(isAlive(server.pid)).toBe(false)
})

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  'a server ends, and its folder goes, when its parent dies of %s',
  async (signal) => {
    const program = `
    const { startPostgres } = await import(${JSON.stringify(`${import.meta.dirname}/postgres.ts`)})
    const server = await startPostgres({ version: 18, tls: false })
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startEmbeddedDatabase, type EmbeddedDatabase, type Login } from './embedded-database.ts'
import { freePort } from './free-port.ts'

let dataDirectory = ''
let port = 0
beforeEach(async () => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-dev-'))
  // Another account must be able to pass, as through an ordinary checkout.
  chmodSync(dataDirectory, 0o755)
  port = await freePort()
})
afterEach(() => {
  rmSync(dataDirectory, { recursive: true, force: true })
})

const start = (load = 'CREATE TABLE kept (a int)', patience = 8000): Promise<EmbeddedDatabase> =>
  startEmbeddedDatabase({
    dataDirectory,
    port,
    predecessorMilliseconds: patience,
    database: 'shop',
    load: async (client) => {
      await client.query(load)
    },
  })

async function ask(server: EmbeddedDatabase, as: Login, sql: string): Promise<unknown[]> {
  const password = readFileSync(as.passwordFile, 'utf8')
  const client = new Client({
    host: server.host,
    port: server.port,
    user: as.user,
    password,
    database: server.database,
  })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

test('data and passwords stay over a restart, and the second start is warm', async () => {
  const first = await start()
  expect(first.isNew).toBe(true)
  await ask(first, first.gateway, 'INSERT INTO kept VALUES (7)')
  await first.stop()
  const begun = performance.now()
  const second = await start("SELECT 1 / 0 AS 'must not run'")
  expect(performance.now() - begun).toBeLessThan(3000)
  expect(second.isNew).toBe(false)
  expect(await ask(second, second.gateway, 'SELECT a FROM kept')).toEqual([{ a: 7 }])
  expect(statSync(second.superuser.passwordFile).mode & 0o777).toBe(0o600)
  await second.stop()
})

test('the gateway logs in as nobody special: no superuser, no owner, no schema changes', async () => {
  const server = await start()
  try {
    await expect(ask(server, server.gateway, 'DROP TABLE kept')).rejects.toThrow('must be owner')
    await expect(ask(server, server.gateway, 'CREATE TABLE made (a int)')).rejects.toThrow('permission denied')
    await expect(ask(server, server.gateway, 'SELECT * FROM pg_authid')).rejects.toThrow('permission denied')
    await expect(ask(server, server.gateway, "SELECT pg_read_file('PG_VERSION')")).rejects.toThrow('permission denied')
    await expect(
      ask(server, { ...server.gateway, passwordFile: server.superuser.passwordFile }, 'SELECT 1'),
    ).rejects.toThrow('password authentication failed')
  } finally {
    await server.stop()
  }
})

test('a load that failed leaves no half-made database behind', async () => {
  await expect(start('CREATE TABLE half (a int); SELECT 1 / 0')).rejects.toThrow('division by zero')
  const server = await start()
  expect(server.isNew).toBe(true)
  expect(await ask(server, server.superuser, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }])
  await server.stop()
})

test('after the program was killed, the next start waits for its server to end', async () => {
  const program = `
    const { startEmbeddedDatabase } = await import(${JSON.stringify(join(import.meta.dirname, 'embedded-database.ts'))})
    const server = await startEmbeddedDatabase({ dataDirectory: ${JSON.stringify(dataDirectory)}, port: ${String(port)}, database: 'shop', load: (client) => client.query('CREATE TABLE kept (a int)') })
    console.log('up')
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(parent.stdout, 'data')
  parent.kill('SIGKILL')
  const server = await start()
  expect(server.isNew).toBe(false)
  await server.stop()
})

test('two programs do not share one cluster', async () => {
  const server = await start()
  try {
    await expect(start('SELECT 1', 300)).rejects.toThrow('already exists')
    expect(await ask(server, server.gateway, 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 0 }])
  } finally {
    await server.stop()
  }
})

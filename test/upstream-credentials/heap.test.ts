import { randomBytes } from 'node:crypto'
import { createReadStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'
import { describe, expect, inject, test, vi } from 'vitest'
import { startGatewayProcess } from '../harness/gateway-process.ts'
import { ALLOW_ALL } from '../postgres/scene.ts'
import { createDatabase as createMysqlDatabase, openConnection } from '../servers/mysql.ts'
import { createDatabase } from '../servers/postgres.ts'
import { openSources } from './sources.ts'

const { postgres18, mysql9 } = inject('servers')

/** A text in the forms in which it could lie in a heap. */
function formsOf(text: string): Readonly<Record<string, Buffer>> {
  return {
    plain: Buffer.from(text),
    base64: Buffer.from(Buffer.from(text).toString('base64').replace(/=+$/, '')),
    hex: Buffer.from(Buffer.from(text).toString('hex')),
    'UTF-16': Buffer.from(text, 'utf16le'),
  }
}

/** Which of the texts a file holds, in which form. */
async function foundIn(file: string, texts: Readonly<Record<string, string>>): Promise<string[]> {
  const wanted = Object.entries(texts).flatMap(([name, text]) =>
    Object.entries(formsOf(text)).map(([form, bytes]) => ({ what: `${name} (${form})`, bytes })),
  )
  const found = new Set<string>()
  let before = Buffer.alloc(0)
  for await (const chunk of createReadStream(file, { highWaterMark: 4 * 1024 * 1024 })) {
    const all = Buffer.concat([before, chunk as Buffer])
    for (const { what, bytes } of wanted) if (all.includes(bytes)) found.add(what)
    before = all.subarray(-16_384)
  }
  return [...found].toSorted()
}

interface Place {
  readonly target: {
    readonly engine: 'postgres' | 'mysql'
    readonly host: string
    readonly port: number
    readonly database: string
  }
  readonly admin: (sql: string) => Promise<unknown>
  readonly drop: () => Promise<void>
  readonly accounts: (user: string, password: string) => string[]
  readonly dropAccount: (user: string) => string[]
  readonly visit: (port: number, token: string, target: string) => Promise<void>
}

const PLACES: Readonly<Record<string, (skip: (why: string) => never) => Promise<Place>>> = {
  PostgreSQL: async (skip) => {
    const server = 'absent' in postgres18 ? skip(postgres18.absent) : postgres18.address
    const own = await createDatabase(
      server,
      `heap_${randomBytes(4).toString('hex')}`,
      'CREATE TABLE t AS SELECT 7 AS n',
    )
    return {
      target: { engine: 'postgres', host: server.host, port: server.port, database: own.database },
      admin: async (sql) => {
        const client = new Client({ connectionString: own.url })
        // A database that is dropped takes who is in it along.
        client.on('error', () => undefined)
        await client.connect()
        await client.query(sql)
        await client.end()
      },
      drop: own.drop,
      accounts: (user, password) => [
        `CREATE ROLE "${user}" LOGIN PASSWORD '${password}'`,
        `GRANT SELECT ON t TO "${user}"`,
      ],
      dropAccount: (user) => [`DROP OWNED BY "${user}"`, `DROP ROLE "${user}"`],
      visit: async (port, password, database) => {
        const client = new Client({ host: '127.0.0.1', port, user: 'agent', password, database })
        await client.connect()
        expect((await client.query('SELECT n FROM t')).rows).toEqual([{ n: 7 }])
        await client.end()
      },
    }
  },
  MySQL: async (skip) => {
    const server = 'absent' in mysql9 ? skip(mysql9.absent) : mysql9.address
    const own = await createMysqlDatabase(
      server,
      `heap_${randomBytes(4).toString('hex')}`,
      'CREATE TABLE t AS SELECT 7 AS n',
    )
    return {
      target: { engine: 'mysql', host: server.host, port: server.port, database: own.database },
      admin: async (sql) => {
        const connection = await openConnection(own.url)
        await connection.rows(sql)
        await connection.close()
      },
      drop: own.drop,
      accounts: (user, password) => [
        `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'`,
        `GRANT SELECT ON ${own.database}.* TO '${user}'@'%'`,
      ],
      dropAccount: (user) => [`DROP USER '${user}'@'%'`],
      visit: async (port, password, database) => {
        const authPlugins = { mysql_clear_password: () => () => Buffer.from(`${password}\0`) }
        const connection = await createConnection({
          host: '127.0.0.1',
          port,
          user: 'agent',
          password,
          database,
          authPlugins,
        })
        expect((await connection.query('SELECT n FROM t'))[0]).toEqual([{ n: 7 }])
        await connection.end()
      },
    }
  },
}

describe.each(Object.keys(PLACES))('after a session of %s', (engine) => {
  test('neither its token nor any password is left in the heap of the gateway', async (context) => {
    const place = await PLACES[engine]?.((why) => context.skip(why))
    if (place === undefined) throw new Error('no such engine')
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-heap-'))
    const user = `heap_${randomBytes(4).toString('hex')}`
    const password = `canary-${randomBytes(16).toString('hex')}`
    const dynamic: string[] = []
    for (const sql of place.accounts(user, password)) await place.admin(sql)
    const sources = await openSources(
      place.target,
      { user, password },
      {
        make: async (name, made) => {
          dynamic.push(made)
          for (const sql of place.accounts(name, made)) await place.admin(sql)
        },
        drop: async (name) => {
          for (const sql of place.dropAccount(name)) await place.admin(sql)
        },
      },
    )
    const {
      'by-file': byFile,
      'by-json': byJson,
      'by-command': byCommand,
      'by-vault': byVault,
      dynamic: byLease,
    } = sources.targets
    if (!byFile || !byJson || !byCommand || !byVault || !byLease) throw new Error('a source is missing')
    const targets = {
      'by-file': byFile,
      'by-json': byJson,
      'by-command': byCommand,
      'by-vault': byVault,
      dynamic: byLease,
    }
    const gateway = await startGatewayProcess({ targets, policy: ALLOW_ALL })
    try {
      const tokens: string[] = []
      for (const target of Object.keys(targets)) {
        const token = await gateway.token({ jti: randomBytes(16).toString('hex') })
        tokens.push(token)
        await place.visit(gateway.port, token, target)
      }
      await vi.waitFor(async () => expect((await gateway.memory()).sessions).toBe(0), 20_000)
      const file = join(folder, 'gateway.heapsnapshot')
      await gateway.heapSnapshot(file)
      const canaries: Record<string, string> = { password }
      tokens.forEach((token, index) => {
        const [, payload = '', signature = ''] = token.split('.')
        Object.assign(canaries, { [`payload ${index}`]: payload, [`signature ${index}`]: signature })
      })
      dynamic.forEach((made, index) => Object.assign(canaries, { [`dynamic ${index}`]: made }))
      // What it does hold is found: else nothing is said by finding nothing.
      expect(await foundIn(file, { ...canaries, id: 'test-gateway' })).toEqual(['id (plain)'])
      expect(dynamic.length).toBeGreaterThan(0)
    } finally {
      await gateway.close()
      await sources.close()
      for (const sql of place.dropAccount(user)) await place.admin(sql)
      await place.drop()
      rmSync(folder, { recursive: true })
    }
  }, 180_000)
})

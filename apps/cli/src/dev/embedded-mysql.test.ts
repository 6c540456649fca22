import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findMariadb10 } from '../../../../test/servers/mariadb-10.ts'
import { findMysql9 } from '../../../../test/servers/mysql-9.ts'
import type { Login } from './embedded-database.ts'
import { findDevelopmentMysql } from './development-mysql.ts'
import { startEmbeddedMysql, type EmbeddedMysql } from './embedded-mysql.ts'
import { freePort } from './free-port.ts'
import type { MysqlInstallation } from './mysql-installation.ts'

let dataDirectory = ''
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'gatehouse-dev-mysql-'))
})
afterEach(() => {
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function ask(server: EmbeddedMysql, as: Login, sql: string): Promise<readonly unknown[]> {
  const { host, port, database } = server
  const password = readFileSync(as.passwordFile, 'utf8')
  const connection = await createConnection({ host, port, database, user: as.user, password })
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0]
  } finally {
    await connection.end()
  }
}

test.for([
  // One start less for the slower one.
  { name: 'MySQL 9', find: findMysql9, cutOff: false },
  { name: 'MariaDB 10.11', find: findMariadb10, cutOff: true },
])(
  '$name keeps its data, is filled once, and lets the gateway do no more than it must',
  async ({ find, cutOff }, { skip }) => {
    const found = await find()
    if (found.kind !== 'program') skip(found.kind === 'absent' ? found.reason : 'only an address was given')
    const installation: MysqlInstallation | null = found.kind === 'program' ? found.program : null
    if (installation === null) return
    let loads = 0
    const port = await freePort()
    const start = (fails: boolean): Promise<EmbeddedMysql> =>
      startEmbeddedMysql({
        source: { kind: 'installation', installation },
        dataDirectory,
        port,
        database: 'shop',
        load: async (connection) => {
          loads++
          await connection.query('CREATE TABLE kept (a int)')
          if (fails) throw new Error('cut off')
          await connection.query('INSERT INTO kept VALUES (42)')
        },
      })
    if (cutOff) await expect(start(true)).rejects.toThrow('cut off')
    const first = await start(false)
    expect([first.isNew, loads]).toEqual([true, cutOff ? 2 : 1])
    expect(statSync(first.gateway.passwordFile).mode & 0o777).toBe(0o600)
    expect(await ask(first, first.gateway, 'SELECT a FROM kept')).toEqual([{ a: 42 }])
    for (const sql of [
      'CREATE TABLE other (a int)',
      'DROP TABLE kept',
      "SELECT load_file('/etc/passwd') INTO OUTFILE '/tmp/gatehouse-never'",
      'SELECT * FROM mysql.user',
      'GRANT SELECT ON shop.* TO root@localhost',
    ])
      await expect(ask(first, first.gateway, sql), sql).rejects.toThrow(/denied|command/)
    await first.stop()
    await first.stop()
    expect(existsSync(join(dataDirectory, 'root-password'))).toBe(true)
    const second = await start(false)
    expect([second.isNew, loads]).toEqual([false, cutOff ? 2 : 1])
    expect(await ask(second, second.superuser, 'SELECT a FROM kept')).toEqual([{ a: 42 }])
    await second.stop()
  },
)

test('without a server program it says how to have one', async () => {
  const found = await findDevelopmentMysql(dataDirectory, false)
  if (found.kind === 'absent') expect(found.reason).toMatch(/^no mysqld or mariadbd on the path; start with --mysql/)
  else expect(['installation', 'image']).toContain(found.program.kind)
})

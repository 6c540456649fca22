import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { freePort } from '../servers/local-tools.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'

const root = join(import.meta.dirname, '../..')
const { postgres18, mysql9 } = inject('servers')

interface Written {
  readonly postgres: { readonly host: string; readonly port: number; readonly target: string; readonly ca: string }
  readonly mysql: Written['postgres'] | null
  readonly admin: { readonly url: string }
  readonly tokens: { readonly agent: string; readonly approver: string }
}

/** What the first start in this folder takes, on a machine with other things to do. */
const START_MILLISECONDS = 60_000

describe.skipIf('absent' in postgres18)('gatehouse dev', () => {
  let folder: string
  let child: ChildProcess
  let out = ''
  let written: Written

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-dev-cli-'))
    mkdirSync(join(folder, 'data'), { mode: 0o755 })
    // A MySQL that was fetched before is found in the data folder.
    if ('address' in mysql9) symlinkSync(KEPT_SERVERS, join(folder, 'data', 'servers'))
    const ports = ['--port', String(await freePort()), '--mysql-port', String(await freePort())]
    ports.push('--admin-port', String(await freePort()))
    child = spawn(
      process.execPath,
      [join(root, 'apps/cli/src/main.ts'), 'dev', '--data', join(folder, 'data'), '--log-level', 'error', ...ports],
      { cwd: folder },
    )
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (out += text))
    const file = join(folder, 'data', 'dev.json')
    const deadline = Date.now() + START_MILLISECONDS
    while (!existsSync(file) || !out.includes('Ctrl-C')) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`it did not start: ${out}`)
      await sleep(50)
    }
    written = JSON.parse(readFileSync(file, 'utf8')) as Written
  }, START_MILLISECONDS)

  afterAll(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM')
      await new Promise((resolve) => child.once('exit', resolve))
    }
    rmSync(folder, { recursive: true, force: true })
  })

  const mysqlClient = async (): Promise<Connection> => {
    if (written.mysql === null) throw new Error('no MySQL')
    const { host, port, target, ca } = written.mysql
    const ssl = { ca: readFileSync(join(folder, ca), 'utf8') }
    return createConnection({ host, port, user: 'copilot', password: written.tokens.agent, database: target, ssl })
  }

  test('prints what to paste, and writes the same for scripts', () => {
    expect(out).toMatch(/psql {4}PGPASSWORD='[\w.-]+' psql "host=localhost port=\d+ dbname=shop /)
    if (written.mysql === null) expect(out).toMatch(/mysql {3}none: \S/)
    else expect(out).toMatch(/mysql {3}MYSQL_PWD='[\w.-]+' mysql --protocol=tcp .* shop_mysql\n/)
  })

  test('lets an agent at PostgreSQL, masked', async () => {
    const { host, port, target, ca } = written.postgres
    const client = new Client({
      host,
      port,
      user: 'copilot',
      password: written.tokens.agent,
      database: target,
      ssl: { ca: readFileSync(join(folder, ca), 'utf8') },
    })
    await client.connect()
    const { rows } = await client.query<{ ssn: string }>('SELECT ssn FROM customers WHERE id = 3')
    expect(rows[0]?.ssn).toMatch(/^\*{7}\d{4}$/)
    await client.end()
  })

  test.skipIf('absent' in mysql9)('lets the same agent at the same shop in MySQL, masked alike', async () => {
    const connection = await mysqlClient()
    const [rows] = await connection.query<RowDataPacket[]>('SELECT id, ssn FROM customers WHERE id = 3')
    expect(rows).toEqual([{ id: 3, ssn: expect.stringMatching(/^\*{7}\d{4}$/) }])
    const [prepared] = await connection.execute<RowDataPacket[]>('SELECT name FROM staff_directory WHERE id = ?', [1])
    expect(prepared).toHaveLength(1)
    for (const [sql, why] of [
      ['DELETE FROM orders', /^gatehouse: .*Agents do not delete rows/],
      ["SELECT load_file('/etc/passwd')", /^gatehouse: .*no-way-around/],
      ['SELECT * FROM employees', /^gatehouse: .*no rule allows select on shop_mysql\.employees/],
    ] as const)
      await expect(connection.query(sql)).rejects.toThrow(why)
    // The connection goes on, and what a person looks at first is there.
    for (const sql of ['SHOW TABLES', 'DESCRIBE customers', 'EXPLAIN SELECT * FROM orders WHERE id = 1']) {
      const [shown] = await connection.query<RowDataPacket[]>(sql)
      expect(shown.length, sql).toBeGreaterThan(0)
    }
    await connection.end()
  })

  const postgresClient = async (): Promise<Client> => {
    const { host, port, target, ca } = written.postgres
    const ssl = { ca: readFileSync(join(folder, ca), 'utf8') }
    const client = new Client({ host, port, user: 'copilot', password: written.tokens.agent, database: target, ssl })
    await client.connect()
    return client
  }

  /** Approves the one statement that is held. */
  const approve = async (text: string): Promise<void> => {
    const headers = { authorization: `Bearer ${written.tokens.approver}`, 'content-type': 'application/json' }
    const held = async (): Promise<{ id: string; request: { statement: { text: string } } } | undefined> => {
      const answer = await fetch(`${written.admin.url}/v1/approvals?state=pending`, { headers })
      const { approvals } = (await answer.json()) as { approvals: Awaited<ReturnType<typeof held>>[] }
      return approvals[0]
    }
    await expect.poll(held).toBeDefined()
    const found = await held()
    expect(JSON.stringify(found)).toContain(text)
    const url = `${written.admin.url}/v1/approvals/${found?.id ?? ''}/approve`
    const answer = await fetch(url, { method: 'POST', headers, body: '{}' })
    expect(answer.status, await answer.text()).toBe(200)
  }

  test('holds a change until somebody approves it, on both', async () => {
    const client = await postgresClient()
    const updated = client.query("UPDATE orders SET note = 'call first' WHERE id = 12")
    await approve('call first')
    expect((await updated).rowCount).toBe(1)
    await client.end()
    if (written.mysql === null) return
    const connection = await mysqlClient()
    const changed = connection.execute('UPDATE orders SET note = ? WHERE id = ?', ['call twice', 12])
    await approve('UPDATE orders SET note = ?')
    expect((await changed)[0]).toMatchObject({ affectedRows: 1 })
    await connection.end()
  })

  test('lets people sign in to the admin page as whom they choose', async () => {
    const cookies = new Map<string, string>()
    let address = `${written.admin.url}/login`
    let page = ''
    for (let step = 0; step < 12; step++) {
      const { host } = new URL(address)
      const cookie = [...cookies]
        .filter(([key]) => key.startsWith(host))
        .map(([key, value]) => `${key.slice(host.length + 1)}=${value}`)
      const headers = { cookie: cookie.join('; ') }
      // The page sends a form to its own address.
      const form = { method: 'POST', body: new URLSearchParams({ as: 'approver' }) }
      const response = await (page === '' || !address.includes('/interaction/')
        ? fetch(address, { redirect: 'manual', headers })
        : fetch(address, { redirect: 'manual', headers: { ...headers, origin: new URL(address).origin }, ...form }))
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        cookies.set(`${host} ${name}`, value)
      }
      const location = response.headers.get('location')
      if (location !== null) address = new URL(location, address).href
      else if (new URL(address).pathname.startsWith('/interaction/') && page === '') page = await response.text()
      else break
    }
    expect(page).toContain('dana@shop.example')
    const { host } = new URL(written.admin.url)
    const cookie = [...cookies]
      .filter(([key]) => key.startsWith(host))
      .map(([key, value]) => `${key.slice(host.length + 1)}=${value}`)
    const me = await fetch(`${written.admin.url}/v1/me`, { headers: { cookie: cookie.join('; ') } })
    expect(await me.json()).toMatchObject({ roles: ['approver'] })
    expect((await fetch(`${written.admin.url}/`)).status).toBe(200)
  })

  test('ends with everything that it started', async () => {
    child.kill('SIGTERM')
    const [status] = await new Promise<(number | null)[]>((resolve) =>
      child.once('exit', (...how) => resolve([how[0]])),
    )
    expect(status).toBe(0)
    expect(existsSync(join(folder, 'data', 'dev.json'))).toBe(false)
    await expect(mysqlClient()).rejects.toThrow(/ECONNREFUSED|no MySQL/)
  })
})

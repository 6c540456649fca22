import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeKeyPair } from '@gatehouse/audit-trail'
import { createConnection } from 'mysql2/promise'
import type { Page } from 'playwright-core'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { copyOut } from '../postgres/copy-client.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { makeAuthority } from '../servers/certificates.ts'
import type { ChromiumProgram } from '../servers/chromium.ts'
import { createDatabase as createMysqlDatabase, type MysqlAddress } from '../servers/mysql.ts'
import { createDatabase, type PostgresAddress } from '../servers/postgres.ts'
import { GRACE, type PageScene, startPageScene } from './scene.ts'

/** What a page would run, and what a reader would not see, in a row and in a statement. */
export const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\u202e`

const POSTGRES_SQL = `
  CREATE TABLE customers (id int PRIMARY KEY, name text, email text, card text, note text);
  INSERT INTO customers SELECT i, 'Customer ' || i, 'c' || i || '@example.com', '4111-1111-1111-' || (1000 + i), NULL FROM generate_series(1, 1200) i;
  UPDATE customers SET note = '${HOSTILE.replaceAll("'", "''")}' WHERE id = 1;
  UPDATE customers SET note = repeat('a long note ', 900), name = '' WHERE id = 2;
  CREATE TABLE orders (id int PRIMARY KEY, customer int, total numeric(10,2), status text);
  INSERT INTO orders SELECT i, 1 + i % 1200, i * 1.5, 'open' FROM generate_series(1, 300) i;
`
const MYSQL_SQL = `
  CREATE TABLE stock (id INT PRIMARY KEY, sku VARCHAR(20), amount INT, supplier VARCHAR(40));
  INSERT INTO stock VALUES (1, 'A-1', 10, 'ann@supplier.example'), (2, 'A-2', 0, NULL), (3, 'B-1', 7, 'bob@supplier.example');
`
const policy = (database: string, masked: readonly string[]): string => `
rules:
  - name: agents-read-the-shop
    allow: { actions: [select, copy_to, show, use, begin, commit, rollback, set], relations: ["*"], functions: ["*"], settings: ["*"] }
  - name: changes-need-a-person
    approve: { actions: [update, alter_table], relations: ["${database}.*"], by: { groups: [${GRACE.groups[0]}] }, holdTimeoutSeconds: 120 }
masks:
  - { columns: [${masked.map((column) => `${database}.${column}`).join(', ')}], with: { partial: { keepLast: 4 } } }
`

/** A page that looks at the trails of two gateways, sealed with a key, whose sessions are recorded. */
export interface DayScene {
  readonly page: PageScene
  readonly trails: { readonly postgres: string; readonly mysql: string }
  /** Of the public key that trails are sealed by. */
  readonly keyFile: string
  /** Null where the server is absent. */
  readonly postgres: TestGateway | null
  readonly mysql: TestGateway | null
  /** Of MySQL's listener. */
  readonly ca: string
  readonly stop: () => Promise<void>
}

/** Starts it in front of these servers. */
export async function startDayScene(
  program: ChromiumProgram,
  servers: { readonly postgres: PostgresAddress | null; readonly mysql: MysqlAddress | null },
): Promise<DayScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-day-'))
  const keys = makeKeyPair()
  const keyFile = join(folder, 'trail.pub')
  writeFileSync(keyFile, keys.publicKey)
  writeFileSync(join(folder, 'trail.key'), keys.privateKey, { mode: 0o600 })
  const trails = { postgres: join(folder, 'trail-postgres'), mysql: join(folder, 'trail-mysql') }
  const page = await startPageScene(program, { trails: Object.values(trails), verifyingKeyFiles: [keyFile] })
  const drops: (() => Promise<void>)[] = []
  const audit = (directory: string): object => ({ directory, signingKey: `file:${join(folder, 'trail.key')}` })
  const common = {
    coordination: page.share,
    recording: { mode: 'on' },
    approvals: { coolDownSeconds: 0, adminUrl: page.url.slice(0, -1) },
  }
  const name = `day_${randomBytes(6).toString('hex')}`
  let postgres: TestGateway | null = null
  if (servers.postgres !== null) {
    const { host, port, superuser: user, password } = servers.postgres
    const { database, drop } = await createDatabase(servers.postgres, name, POSTGRES_SQL)
    drops.push(drop)
    postgres = await startTestGateway({
      ...common,
      targets: { shop: { host, port, database, user, password } },
      policy: policy('public', ['customers.email', 'customers.card']),
      audit: { ...audit(trails.postgres) },
    })
  }
  const authority = makeAuthority('Gatehouse listener authority')
  let mysql: TestGateway | null = null
  if (servers.mysql !== null) {
    const { host, port, superuser: user, password } = servers.mysql
    const { database, drop } = await createMysqlDatabase(servers.mysql, name, MYSQL_SQL)
    drops.push(drop)
    const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
    writeFileSync(join(folder, 'listener.crt'), certificate)
    writeFileSync(join(folder, 'listener.key'), key, { mode: 0o600 })
    mysql = await startTestGateway({
      ...common,
      targets: { stock: { engine: 'mysql', host, port, database, user, password } },
      policy: policy(database, ['stock.supplier']),
      listener: {
        tls: { certificateFile: join(folder, 'listener.crt'), keyFile: join(folder, 'listener.key') },
      },
      audit: { ...audit(trails.mysql) },
    })
  }
  return {
    page,
    trails,
    keyFile,
    postgres,
    mysql,
    ca: authority.certificate,
    stop: async () => {
      await postgres?.close()
      await mysql?.close()
      await page.stop()
      for (const drop of drops) await drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Somebody at the page decides on the one statement that waits. */
export async function decide(page: Page, url: string, verdict: 'approve' | 'refuse', reason: string): Promise<void> {
  await page.goto(`${url}#/approvals`)
  await page.locator('.list ol a').first().click()
  if (verdict === 'approve') {
    await page.getByRole('button', { name: 'Approve' }).click()
    await page.getByRole('button', { name: 'Approve Enter' }).click()
  } else {
    await page.getByRole('button', { name: 'Refuse' }).click()
    await page.getByLabel('Reason').fill(reason)
    await page.getByRole('button', { name: 'Refuse', exact: true }).click()
  }
  await page.getByText('Nothing waits').waitFor()
}

/** A day at PostgreSQL: looks around, reads with masks, is refused, asks people, errs, reads much, copies. `page`: of somebody who decides. */
export async function dayAtPostgres({ postgres, page: { url } }: DayScene, page: Page): Promise<void> {
  if (postgres === null) return
  const { host, port } = postgres
  const password = await postgres.token({ sub: 'ada@example.com', azp: 'support-copilot' })
  const client = await WireClient.login({ host, port }, { database: 'shop', password })
  await client.query("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1")
  await client.query('SELECT id, name, email, card, note FROM customers WHERE id <= 3 ORDER BY id')
  await client.query(`SELECT count(*) AS "<script>window.hacked=1</script>\u202e" FROM orders -- \u202e<b>not bold</b>`)
  await client.query('DELETE FROM customers WHERE id = 3')
  await Promise.all([
    client.query('ALTER TABLE orders ADD COLUMN shipped_at timestamptz'),
    decide(page, url, 'approve', ''),
  ])
  await Promise.all([
    client.query("UPDATE customers SET note = 'vip'"),
    decide(page, url, 'refuse', 'not without a WHERE'),
  ])
  await client.query('SELECT total / 0 FROM orders')
  await client.query('SELECT id, name, email FROM customers ORDER BY id')
  await copyOut(client, 'COPY (SELECT id, status FROM orders WHERE id <= 3) TO STDOUT WITH (FORMAT csv)')
  await client.query('DROP TABLE orders')
  await client.end()
}

/** The same agent at MySQL. */
export async function dayAtMysql({ mysql, ca, page: { url } }: DayScene, page: Page): Promise<void> {
  if (mysql === null) return
  const password = await mysql.token({ sub: 'ada@example.com', azp: 'support-copilot' })
  const connection = await createConnection({
    host: 'localhost',
    port: mysql.port,
    user: 'copilot',
    password,
    database: 'stock',
    ssl: { ca },
  })
  const said = (error: unknown): unknown => error
  await connection.query('SHOW TABLES')
  await connection.query('SELECT id, sku, amount, supplier FROM stock ORDER BY id')
  await connection.execute('SELECT sku FROM stock WHERE amount < ?', [5])
  await connection.query('DELETE FROM stock').catch(said)
  await Promise.all([connection.query('ALTER TABLE stock ADD COLUMN shelf INT'), decide(page, url, 'approve', '')])
  await Promise.all([
    connection.query('UPDATE stock SET amount = 0').catch(said),
    decide(page, url, 'refuse', 'that is all of it'),
  ])
  await connection.query('SELECT (SELECT 1 UNION SELECT 2)').catch(said)
  await connection.end()
}

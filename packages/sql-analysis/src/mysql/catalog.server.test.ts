import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { openConnection, query, type MysqlAddress, type TextConnection } from '../../../../test/servers/mysql.ts'
import { MYSQL_CATALOG_SESSION } from './catalog-queries.ts'
import { readMysqlCatalogRows, readMysqlCatalogVersion, type OwnQuery } from './catalog-reading.ts'
import { buildMysqlCatalog, type StoredTexts } from './catalog-rows.ts'
import type { MysqlCatalog, Stored } from './catalog.ts'
import { dialectOf } from './dialect.ts'
import { mysqlStoredTexts } from './stored-texts.ts'

const servers = inject('servers')

/** Tells in place of a tree what it was given to parse. */
const GIVEN: StoredTexts = {
  expression: (text) => unread(text),
  query: (text) => unread(text),
  body: (text, sqlMode) => unread(`${sqlMode === '' ? '' : '[mode] '}${text}`),
}

function unread(reason: string): { readonly kind: 'unread'; readonly reason: string } {
  return { kind: 'unread', reason }
}

function given(stored: Stored<unknown> | null | undefined): string | null {
  return stored?.kind === 'unread' ? stored.reason : null
}

const SCHEMA = String.raw`
CREATE DATABASE catalog_read CHARACTER SET utf8mb4;
USE catalog_read;
CREATE TABLE customers (id int PRIMARY KEY, name varchar(20), label varchar(60) AS (concat(name, '-x''y\\z')) STORED,
  hidden int INVISIBLE DEFAULT 1, document json, UNIQUE KEY by_name (hidden, name));
CREATE TABLE orders (id int PRIMARY KEY, customer int, FOREIGN KEY (customer) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE SET NULL);
CREATE VIEW v (x, y) AS SELECT id, concat(name, 'q''\\') FROM customers;
CREATE SQL SECURITY INVOKER VIEW w AS SELECT x FROM v;
CREATE FUNCTION f(p int, q varchar(20)) RETURNS int DETERMINISTIC RETURN (SELECT count(*) FROM customers WHERE id = p);
CREATE PROCEDURE f(OUT a int, INOUT b int) SQL SECURITY INVOKER SELECT 'it\'s', ${'`'}id${'`'} FROM orders INTO a, b;
CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW SET NEW.customer = 1;
CREATE TRIGGER u AFTER UPDATE ON orders FOR EACH ROW SET @a = 'x\'y';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM orders WHERE id = '\\';
`

describe.each([
  {
    flavour: 'mysql',
    shared: servers.mysql9,
    allowed: ['SHOW_ROUTINE ON *.*', 'SELECT ON performance_schema.user_defined_functions'],
  },
  {
    flavour: 'mariadb',
    shared: servers.mariadb10,
    allowed: ['SELECT ON mysql.proc', 'SELECT ON mysql.func'],
  },
] as const)('the catalog of $flavour', ({ flavour, shared, allowed }) => {
  let address: MysqlAddress
  const opened: TextConnection[] = []

  beforeAll(async () => {
    if ('absent' in shared) return
    address = shared.address
    await query(address.url, SCHEMA)
    const users = ['catalog_reader', 'catalog_blind'].map((user) => `CREATE USER ${user}@'%' IDENTIFIED BY 'x';`)
    const rights = ['SELECT, EXECUTE, SHOW VIEW, TRIGGER, EVENT ON catalog_read.*', ...allowed]
    const grants = rights.map((right) => `GRANT ${right} TO catalog_reader@'%';`)
    await query(
      address.url,
      `${users.join('')}${grants.join('')}GRANT SELECT, EXECUTE ON \`catalog\\_%\`.* TO catalog_blind@'%';`,
    )
  })

  afterAll(async () => {
    if ('absent' in shared) return
    await Promise.all(opened.map((one) => one.close()))
    await query(
      address.url,
      `DROP DATABASE catalog_read; DROP USER catalog_reader@'%', catalog_blind@'%'; DROP DATABASE IF EXISTS catalog_other;`,
    )
  })

  const own = async (user: string | null): Promise<OwnQuery> => {
    const url = new URL(address.url)
    if (user !== null) [url.username, url.password] = [user, 'x']
    const connection = await openConnection(url.href)
    opened.push(connection)
    await connection.rows(MYSQL_CATALOG_SESSION)
    return (sql) => connection.rows(sql).catch(() => null)
  }
  const read = async (user: string | null): Promise<MysqlCatalog> =>
    buildMysqlCatalog(await readMysqlCatalogRows(await own(user), flavour), flavour, GIVEN)

  const whenThere = test.skipIf('absent' in shared)

  whenThere('knows tables, columns and keys', async () => {
    const catalog = await read('catalog_reader')
    const customers = catalog.table('catalog_read', 'customers')
    expect(customers?.kind).toBe('table')
    expect(customers?.engine).toBe('innodb')
    expect(customers?.columns.map(({ name }) => name)).toEqual(['id', 'name', 'label', 'hidden', 'document'])
    expect(customers?.columns.map(({ invisible }) => invisible === true)).toEqual([false, false, false, true, false])
    expect(customers?.columns[1]?.type).toBe('varchar')
    expect(customers?.uniqueKeys).toEqual([['id'], ['hidden', 'name']])
    expect(customers?.triggers).toBeUndefined()
    const orders = catalog.table('catalog_read', 'orders')
    expect(orders?.foreignKeys).toEqual([
      {
        columns: ['customer'],
        references: { schema: 'catalog_read', name: 'customers' },
        referencedColumns: ['id'],
        onDelete: 'cascade',
        onUpdate: 'set_null',
      },
    ])
    expect([...catalog.schemas()]).toContain('catalog_read')
    expect(catalog.table('information_schema', 'columns')?.kind).toBe('system_view')
    expect(catalog.lowerCaseTableNames).toBe(0)
  })

  whenThere('gives the texts that the server runs, with every escape', async () => {
    const catalog = await read('catalog_reader')
    const generated = given(catalog.table('catalog_read', 'customers')?.columns[2]?.generated)
    expect(generated).toContain(String.raw`'-x\'y\\z'`)
    const v = catalog.table('catalog_read', 'v')
    expect(v?.columns.map(({ name }) => name)).toEqual(['x', 'y'])
    expect(v?.view?.security).toBe('definer')
    expect(v?.view?.definer).toMatch(/^\w+@/)
    expect(given(v?.view?.query)).toContain(String.raw`'q\'\\'`)
    expect(catalog.table('catalog_read', 'w')?.view?.security).toBe('invoker')
    const f = catalog.routine('function', 'catalog_read', 'F')
    expect(f?.parameters).toEqual([
      { name: 'p', mode: 'in', type: 'int' },
      { name: 'q', mode: 'in', type: 'varchar' },
    ])
    // A semicolon of the client's may be part of what the server keeps.
    expect(given(f?.body)?.replace(/;$/, '')).toBe(
      '[mode] CREATE FUNCTION f() RETURNS int RETURN (SELECT count(*) FROM customers WHERE id = p)',
    )
    const procedure = catalog.routine('procedure', 'catalog_read', 'f')
    expect(procedure?.parameters.map(({ mode }) => mode)).toEqual(['out', 'inout'])
    expect(procedure?.security).toBe('invoker')
    expect(given(procedure?.body)).toContain(String.raw`SELECT 'it\'s', ${'`id`'} FROM orders`)
    const triggers = catalog.table('catalog_read', 'orders')?.triggers
    expect(triggers?.map(({ name, time, event }) => [name, time, event])).toEqual([
      ['t', 'before', 'insert'],
      ['u', 'after', 'update'],
    ])
    expect(given(triggers?.[0]?.body)?.replace(/;$/, '')).toBe(
      '[mode] CREATE TRIGGER t BEFORE INSERT ON t FOR EACH ROW SET NEW.customer = 1',
    )
    expect(given(triggers?.[1]?.body)).toContain(String.raw`SET @a = 'x\'y'`)
    expect(given(catalog.event('catalog_read', 'e')?.body)).toContain(String.raw`id = '\\'`)
    expect(catalog.routinesComplete).toBe(true)
    expect(catalog.isLoadableFunction('no_such')).toBe(false)
  })

  whenThere('tells what the account may not see from what is not there', async () => {
    const catalog = await read('catalog_blind')
    const orders = catalog.table('catalog_read', 'orders')
    expect(orders?.columns.length).toBe(2)
    expect(orders?.triggers).toBeNull()
    expect(given(catalog.table('catalog_read', 'v')?.view?.query)).toBe(
      'its text may not be seen (the privilege SHOW VIEW)',
    )
    expect(given(catalog.routine('function', 'catalog_read', 'f')?.body)).toBe('its text may not be seen')
    expect(catalog.routinesComplete).toBe(false)
    expect(catalog.isLoadableFunction('no_such')).toBeNull()
  })

  whenThere('reads every text that the server itself came with', async () => {
    const version = flavour === 'mysql' ? 90_700 : 101_100
    const texts = mysqlStoredTexts((sqlMode) => dialectOf({ flavour, version }, sqlMode))
    const rows = await readMysqlCatalogRows(await own(null), flavour)
    const catalog = buildMysqlCatalog(rows, flavour, texts)
    const unreadTexts = [
      ...[...catalog.tables('sys')].map(({ name, view }) => [name, view?.query ?? null] as const),
      ...rows.routines.map(([schema = '', name = '', type]) => {
        const kind = type === 'FUNCTION' ? 'function' : 'procedure'
        return [name, catalog.routine(kind, schema ?? '', name ?? '')?.body ?? null] as const
      }),
    ].filter(([, stored]) => stored?.kind === 'unread')
    expect(unreadTexts).toEqual([])
    expect(rows.views.length).toBeGreaterThan(50)
  })

  whenThere('has another version after any definition, and the same without', async () => {
    const probe = await own('catalog_reader')
    const version = (): Promise<string> => readMysqlCatalogVersion(probe, flavour)
    let before = await version()
    expect(await version()).toBe(before)
    const changes = [
      'ALTER TABLE catalog_read.orders ADD note varchar(20)',
      'ALTER TABLE catalog_read.orders MODIFY note varchar(20) INVISIBLE',
      'ALTER TABLE catalog_read.orders DROP note, ADD note varchar(20) AS (concat(customer, 1))',
      'CREATE OR REPLACE VIEW catalog_read.w AS SELECT y AS x FROM catalog_read.v',
      'CREATE TABLE catalog_read.one (a int)',
      'RENAME TABLE catalog_read.one TO catalog_read.two',
      'DROP TABLE catalog_read.two',
      'DROP TRIGGER catalog_read.t',
      'CREATE TRIGGER catalog_read.t AFTER INSERT ON catalog_read.orders FOR EACH ROW SET @a = 2',
      'DROP FUNCTION catalog_read.f',
      'CREATE FUNCTION catalog_read.f(p int) RETURNS int DETERMINISTIC RETURN p + 2',
      'ALTER EVENT catalog_read.e DO DELETE FROM catalog_read.orders',
      'ALTER TABLE catalog_read.orders DROP FOREIGN KEY orders_ibfk_1',
      "REVOKE TRIGGER ON catalog_read.* FROM catalog_reader@'%'",
      "GRANT TRIGGER ON catalog_read.* TO catalog_reader@'%'",
    ]
    for (const change of changes) {
      await query(address.url, change)
      const after = await version()
      expect(after, change).not.toBe(before)
      before = after
    }
  })
})

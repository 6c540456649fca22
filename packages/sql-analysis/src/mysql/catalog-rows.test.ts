import { expect, test } from 'vitest'
import { needsWholeText, type CatalogRow } from './catalog-queries.ts'
import { readMysqlCatalogRows } from './catalog-reading.ts'
import { buildMysqlCatalog, type MysqlCatalogRows, type StoredTexts } from './catalog-rows.ts'
import { OwnPrivileges } from './catalog-visibility.ts'

const TEXTS: StoredTexts = {
  expression: (reason) => ({ kind: 'unread', reason }),
  query: (reason) => ({ kind: 'unread', reason }),
  body: (reason) => ({ kind: 'unread', reason }),
}

const NONE: MysqlCatalogRows = {
  version: '1',
  server: [['0']],
  schemas: [['shop']],
  tables: [['shop', 't', 'BASE TABLE', 'InnoDB']],
  columns: [],
  views: [],
  uniqueKeys: [],
  foreignKeys: [],
  rules: [],
  routines: [],
  parameters: [],
  triggers: [],
  events: [],
  privileges: [['schema', 'shop', null, 'TRIGGER']],
  partialRevokes: false,
  seesRoutinesTable: false,
  loadableFunctions: null,
  texts: [],
}

test('a privilege on a pattern of schemas counts where the pattern fits, and a closer grant hides it', () => {
  const privileges = new OwnPrivileges(
    [
      ['schema', String.raw`shop\_%`, null, 'TRIGGER'],
      ['schema', 'shop_closed', null, 'SELECT'],
      ['schema', 'a_c', null, 'TRIGGER'],
      ['schema', 'a%', null, 'SELECT'],
      ['table', 'other', 't', 'TRIGGER'],
    ],
    false,
  )
  const on = (schema: string): boolean => privileges.onSchema(schema, 'TRIGGER')
  expect([on('shop_a'), on('shop_'), on('shopxa'), on('shop_closed'), on('other'), on('x.shop_a')]).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
  // Two patterns fit, and which is closer is the server's matter: both must have it.
  expect(on('abc')).toBe(false)
  expect([
    privileges.onTable('other', 't', 'TRIGGER'),
    privileges.onTable('other', 'T', 'TRIGGER'),
    privileges.onTable('shop_a', 't', 'TRIGGER'),
  ]).toEqual([true, false, true])
})

test('a privilege on everything counts for nothing where parts of it may have been taken back', () => {
  const rows: CatalogRow[] = [['user', null, null, 'TRIGGER']]
  expect(new OwnPrivileges(rows, false).onSchema('shop', 'TRIGGER')).toBe(true)
  expect(new OwnPrivileges(rows, true).onSchema('shop', 'TRIGGER')).toBe(false)
})

test('a text that could be read otherwise than it runs is not read', () => {
  for (const sql of [`SELECT 'a'b'`, 'SELECT "a"', 'SELECT `a`', String.raw`SELECT \N`])
    expect(needsWholeText(sql)).toBe(true)
  const triggers = [['shop', 't', 'tr', 'BEFORE', 'INSERT', '1', '', `SET @a = 'x'y'`, 'shop']]
  const read = (texts: readonly CatalogRow[]): string => {
    const stored = buildMysqlCatalog({ ...NONE, triggers, texts }, 'mysql', TEXTS).table('shop', 't')?.triggers?.[0]
    return stored?.body.kind === 'unread' ? stored.body.reason : 'read'
  }
  const text = String.raw`CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 'x\'y'`
  expect(read([])).toBe('its whole text was not read')
  expect(read([['trigger', 'shop', 'tr', '', null, null]])).toBe('its text may not be seen')
  expect(read([['trigger', 'shop', 'tr', '', text, 'gbk']])).toBe('it was made in the character set gbk')
  expect(read([['trigger', 'shop', 'tr', '', text, 'utf8mb4']])).toBe(text)
})

test('a trigger is found at its table where names compare whatever their case, and only there', () => {
  const triggers = [['shop', 'T', 'tr', 'BEFORE', 'INSERT', '1', '', 'SET @a = 1', 'shop']]
  const seen = (lowerCase: string): number | undefined =>
    buildMysqlCatalog({ ...NONE, server: [[lowerCase]], triggers }, 'mysql', TEXTS).table('shop', 't')?.triggers?.length
  expect([seen('0'), seen('1'), seen('2')]).toEqual([undefined, 1, 1])
})

test('the columns of a key over an expression are not taken for unique', () => {
  const uniqueKeys = [
    ['shop', 't', 'over', '2', null],
    ['shop', 't', 'over', '1', 'a'],
    ['shop', 't', 'b', '1', 'b'],
    ['shop', 't', 'PRIMARY', '1', 'id'],
  ]
  expect(buildMysqlCatalog({ ...NONE, uniqueKeys }, 'mysql', TEXTS).table('shop', 't')?.uniqueKeys).toEqual([
    ['id'],
    ['b'],
  ])
})

test('what the server computes from time alone is no generated column', () => {
  const columns = [
    ['shop', 't', '2', 'ends', 'timestamp', 'STORED GENERATED, INVISIBLE', 'ROW END'],
    ['shop', 't', '1', 'a', 'INT', '', ''],
  ]
  expect(buildMysqlCatalog({ ...NONE, columns }, 'mariadb', TEXTS).table('shop', 't')?.columns).toEqual([
    { name: 'a', type: 'int', generated: null },
    { name: 'ends', type: 'timestamp', generated: null, invisible: true },
  ])
})

test('a rule of a foreign key that is not known changes rows', () => {
  const foreignKeys = [['shop', 't', 'k', '1', 'a', 'shop', 'u', 'b']]
  const [key] = buildMysqlCatalog({ ...NONE, foreignKeys }, 'mysql', TEXTS).table('shop', 't')?.foreignKeys ?? []
  expect([key?.onDelete, key?.onUpdate]).toEqual(['cascade', 'cascade'])
})

test('a catalog whose definitions change while it is read is read again, and given up at last', async () => {
  let versions = 0
  const server =
    (changes: number) =>
    (sql: string): Promise<readonly CatalogRow[]> => {
      if (sql.startsWith('SELECT CONCAT_WS')) return Promise.resolve([[String(Math.min(++versions, changes))]])
      return Promise.resolve(sql.includes('lower_case_table_names') ? [['0']] : [])
    }
  expect((await readMysqlCatalogRows(server(3), 'mariadb')).version).toContain('3')
  versions = 0
  await expect(readMysqlCatalogRows(server(1000), 'mariadb')).rejects.toThrow('changed all the time')
})

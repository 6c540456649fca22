import { Buffer } from 'node:buffer'
import { afterAll, expect, test } from 'vitest'
import { buildMysqlCatalog, type MysqlCatalogRows } from './catalog-rows.ts'
import { dialectOf } from './dialect.ts'
import type { MysqlNames } from './names.ts'
import { MysqlReader } from './reader.ts'
import { mysqlStoredTexts } from './stored-texts.ts'

const MYSQL = dialectOf({ flavour: 'mysql', version: 90704 }, '')
const ROWS: MysqlCatalogRows = {
  version: '7',
  server: [['0']],
  schemas: [['app']],
  tables: [['app', 'users', 'BASE TABLE', 'InnoDB']],
  columns: ['id', 'name', 'ssn'].map((name, index) => ['app', 'users', `${index + 1}`, name, 'varchar', '', null]),
  views: [],
  uniqueKeys: [],
  foreignKeys: [],
  rules: [],
  routines: [],
  parameters: [],
  triggers: [],
  events: [],
  privileges: [],
  partialRevokes: false,
  seesRoutinesTable: false,
  loadableFunctions: null,
  texts: [],
}
const catalog = buildMysqlCatalog(
  ROWS,
  'mysql',
  mysqlStoredTexts((mode) => dialectOf(MYSQL, mode)),
)
const names: MysqlNames = { catalog, schema: 'app', dialect: MYSQL, temporary: [] }
const readers: MysqlReader[] = []

function readerOf(options: ConstructorParameters<typeof MysqlReader>[0] = {}): MysqlReader {
  const reader = new MysqlReader({ inlineLimitBytes: 100, catalogRows: () => ROWS, ...options })
  readers.push(reader)
  return reader
}

afterAll(async () => {
  await Promise.all(readers.map((reader) => reader.close()))
})

/** Its thread is started once for the tests that do not end it. */
const shared = readerOf()

const LARGE = `SELECT ssn FROM users WHERE id IN (${'1, '.repeat(1000)}2)`

test('a larger text is read in a thread as it would be here, and known when it comes again', async () => {
  const reader = shared
  const there = await reader.readLarge(Buffer.from(LARGE), names)
  const here = new MysqlReader().read(Buffer.from(LARGE), 0, LARGE.length, names)
  expect(there).toEqual(here)
  expect(JSON.stringify(there)).toContain('"column":"ssn"')
  expect(await reader.readLarge(Buffer.from(LARGE), names)).toBe(there)
})

test('what cannot be read there is refused as here', async () => {
  const reader = shared
  const text = (sql: string): Buffer => Buffer.from(`${sql} ${'/* long */'.repeat(50)}`)
  expect(await reader.readLarge(text('SELEC'), names)).toMatchObject({ code: 'SYNTAX', position: 1 })
  expect(await reader.readLarge(text("SELECT '"), names)).toMatchObject({ code: 'SYNTAX' })
  expect(await reader.readLarge(text('SELECT 1'), names)).toMatchObject({ forwardText: 'SELECT 1' })
})

test('late is refused, and the next text is read', async () => {
  const reader = readerOf({ deadlineMilliseconds: 1 })
  const large = Buffer.from(`SELECT ${'ssn, '.repeat(150_000)}1 FROM users`)
  expect(await reader.readLarge(large, names)).toMatchObject({ code: 'TOO_COMPLEX' })
  expect(reader.read(Buffer.from('SELECT 1'), 0, 8, names)).toMatchObject({ kind: 'read' })
})

test('without the rows of its catalog a larger text is refused; after the reader was closed too', async () => {
  const reader = readerOf({ catalogRows: () => undefined })
  expect(await reader.readLarge(Buffer.from(LARGE), names)).toMatchObject({ code: 'TOO_COMPLEX' })
  await reader.close()
  expect(await reader.readLarge(Buffer.from(LARGE), names)).toMatchObject({ code: 'TOO_COMPLEX' })
})

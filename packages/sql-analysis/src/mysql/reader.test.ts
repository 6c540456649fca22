import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { catalogTable, MysqlCatalog } from './catalog.ts'
import { dialectOf, type Dialect } from './dialect.ts'
import type { MysqlNames } from './names.ts'
import { quotedStatements } from './quoted-statements.ts'
import { MysqlReader } from './reader.ts'

const MYSQL = dialectOf({ flavour: 'mysql', version: 90704 }, '')

const table = (name: string, columns: readonly string[]): ReturnType<typeof catalogTable> =>
  catalogTable({
    schema: 'app',
    name,
    kind: 'table',
    columns: columns.map((column) => ({ name: column, type: 'varchar', generated: null })),
    view: null,
  })

const catalog = new MysqlCatalog({
  version: '1',
  flavour: 'mysql',
  lowerCaseTableNames: 0,
  schemas: ['app'],
  tables: [table('users', ['id', 'name', 'ssn']), table('orders', ['id', 'user_id', 'total'])],
  routines: [],
  events: [],
  loadableFunctions: [],
})

const names = (dialect: Dialect = MYSQL): MysqlNames => ({
  catalog,
  schema: 'app',
  dialect,
  temporary: [],
  parse: (text) => quotedStatements(text, dialect),
})

const NAMES = names()

function read(reader: MysqlReader, sql: string, at: MysqlNames = NAMES): ReturnType<MysqlReader['read']> {
  // Other bytes stand around the text, as in a packet.
  const bytes = Buffer.from(`\u0003;;'${sql}'/*`)
  return reader.read(bytes, 4, 4 + Buffer.byteLength(sql), at)
}

/** The facts, or the refusal's code. */
function facts(sql: string, reader = new MysqlReader()): unknown {
  const reading = read(reader, sql)
  return reading.kind === 'read' ? reading.facts.statements : reading.code
}

describe('shapes', () => {
  const share = (first: string, second: string): boolean => {
    const reader = new MysqlReader()
    const one = read(reader, first)
    return one === read(reader, second)
  }
  test('texts that differ in literals alone share one reading', () => {
    for (const [first, second] of [
      ['SELECT name FROM users WHERE id = 1', 'SELECT name FROM users WHERE id = 22'],
      ["SELECT name FROM users WHERE name = 'a'", String.raw`SELECT name FROM users WHERE name = 'it\'s ''x'' -- /*'`],
      ['SELECT id FROM users WHERE id IN (1, 2) LIMIT 3', 'SELECT id FROM users WHERE id IN (9, 8) LIMIT 100'],
      ["INSERT INTO users (id, name) VALUES (1, 'a')", "INSERT INTO users (id, name) VALUES (2, 'b')"],
      ["UPDATE users SET name = 'a' WHERE id = 1", "UPDATE users SET name = 'b' WHERE id = 2"],
      ['DELETE FROM users WHERE id = 1', 'DELETE FROM users WHERE id = 2'],
      ["SELECT CONCAT(name, 'a') AS n FROM users", "SELECT CONCAT(name, 'b') AS n FROM users"],
    ] as const)
      expect(share(first, second), first).toBe(true)
  })
  test('where a literal decides, texts are read one by one', () => {
    for (const [first, second] of [
      ['SELECT name, id FROM users ORDER BY 1', 'SELECT name, id FROM users ORDER BY 2'],
      ['DELETE FROM users WHERE 0', 'DELETE FROM users WHERE 1'],
      ['DELETE FROM users WHERE 1 = 2', 'DELETE FROM users WHERE 1 = 1'],
      ['DELETE FROM users WHERE id = 1 OR 0', 'DELETE FROM users WHERE id = 1 OR 1'],
      ['DELETE FROM users WHERE id < 1 OR id >= 2', 'DELETE FROM users WHERE id < 1 OR id >= 1'],
      ["SELECT name 'a' FROM users", "SELECT name 'b' FROM users"],
      ['SELECT id + 1 FROM users', 'SELECT id + 2 FROM users'],
      ["SELECT LOAD_FILE('/a') AS f", "SELECT LOAD_FILE('/b') AS f"],
      ["SELECT name->'$.a' AS n FROM users", "SELECT name->'$.b' AS n FROM users"],
      ["SET sql_mode = 'a'", "SET sql_mode = 'ANSI_QUOTES'"],
      ["PREPARE s FROM 'SELECT 1'", "PREPARE s FROM 'DELETE FROM users'"],
      ["SELECT name INTO OUTFILE '/a' FROM users", "SELECT name INTO OUTFILE '/b' FROM users"],
      ["SELECT 'a' 'b' AS x", "SELECT 'c' 'd' AS x"],
    ] as const)
      expect(share(first, second), first).toBe(false)
  })
  test('a text is found again as it was, whatever shape it has', () => {
    const reader = new MysqlReader()
    for (const sql of ['SELECT id FROM users ORDER BY 1', 'SELECT * FROM users', 'SELECT /* x */ 1', 'SELEC'])
      expect(read(reader, sql)).toBe(read(reader, sql))
  })
  test('modes that read a text otherwise have readings of their own', () => {
    const reader = new MysqlReader()
    const sql = 'SELECT "ssn" FROM users'
    const plain = read(reader, sql)
    const quoted = read(reader, sql, names({ ...MYSQL, ansiQuotes: true }))
    expect(JSON.stringify(plain)).not.toContain('"column":"ssn"')
    expect(JSON.stringify(quoted)).toContain('"column":"ssn"')
    expect(read(reader, sql)).toBe(plain)
  })
  test('sessions that mean the same share, those with temporary tables do not', () => {
    const reader = new MysqlReader()
    const sql = 'SELECT name FROM users'
    expect(read(reader, sql, names())).toBe(read(reader, sql, names()))
    const own = { ...names(), temporary: [table('users', ['name'])] }
    expect(read(reader, sql, own)).not.toBe(read(reader, sql, names()))
  })
})

describe('what is forwarded', () => {
  const forwarded = (sql: string, at: MysqlNames = NAMES): string | null | undefined => {
    const reading = read(new MysqlReader(), sql, at)
    return reading.kind === 'read' ? reading.forwardText : undefined
  }
  test('a text without comments goes as it came', () => {
    expect(forwarded('SELECT  id,\n\tname\r\nFROM users')).toBeNull()
  })
  test('comments go, those that run are opened, hints stay', () => {
    expect(forwarded('SELECT/**/id/*x*/FROM users -- end')).toBe('SELECT id FROM users')
    expect(forwarded('SELECT 1 /*!80000 , ssn*/ FROM users')).toBe('SELECT 1 , ssn FROM users')
    expect(forwarded('SELECT 1 /*!999999 , ssn*/ FROM users')).toBe('SELECT 1 FROM users')
    expect(forwarded('SELECT 1 /*M! , ssn*/ FROM users')).toBe('SELECT 1 FROM users')
    expect(forwarded('SELECT /*+ NO_MERGE(x) */ id FROM users')).toBe('SELECT /*+ NO_MERGE(x) */ id FROM users')
    expect(forwarded('SELECT 1--1')).toBeNull()
    expect(forwarded('SELECT 1 # é\n, `é` FROM users')).toBe('SELECT 1 , `é` FROM users')
    expect(forwarded('SELECT 1.e(ssn) FROM users')).toBe('SELECT (ssn) FROM users')
  })
  test('what touched still touches, what did not does not', () => {
    expect(forwarded('/**/SELECT users.id, COUNT(*), COUNT/**/(id) FROM app.users')).toBe(
      'SELECT users.id, COUNT(*), COUNT (id) FROM app.users',
    )
    expect(forwarded('/**/SELECT @@global.read_only, @`a`')).toBe('SELECT @@global.read_only, @`a`')
  })
  test('bytes that are no UTF-8 cannot be forwarded otherwise than they came', () => {
    const bytes = Buffer.concat([Buffer.from("SELECT /**/ '"), Buffer.from([0xff]), Buffer.from("'")])
    expect(new MysqlReader().read(bytes, 0, bytes.length, NAMES)).toMatchObject({ code: 'BAD_ENCODING' })
  })
  test('the facts are those of what is forwarded', () => {
    expect(JSON.stringify(facts('SELECT 1 /*!80000 , ssn*/ FROM users'))).toContain('"column":"ssn"')
    expect(JSON.stringify(facts('SELECT 1 /*!999999 , ssn*/ FROM users'))).not.toContain('ssn')
  })
})

describe('refusals', () => {
  test('say what the server would', () => {
    const reading = read(new MysqlReader(), 'SELECT é,\n FROM users')
    expect(reading).toMatchObject({ kind: 'unreadable', code: 'SYNTAX', position: 12 })
    expect(reading.kind === 'unreadable' && reading.message).toBe(
      "You have an error in your SQL syntax near 'FROM users' at line 2",
    )
  })
  test('tell limits', async () => {
    const reader = new MysqlReader({ inlineLimitBytes: 100, maxStatementBytes: 1000 })
    const long = `SELECT ${'1,'.repeat(100)}1`
    expect(read(reader, long)).toMatchObject({ code: 'TOO_LONG' })
    expect(await reader.readLarge(Buffer.from(long), NAMES)).toMatchObject({ kind: 'read' })
    expect(await reader.readLarge(Buffer.from(long.repeat(20)), NAMES)).toMatchObject({ code: 'TOO_LONG' })
    expect(facts(`SELECT ${'('.repeat(1000)}1${')'.repeat(1000)}`)).toBe('TOO_COMPLEX')
  })
  test('sql_mode ORACLE is not read', () => {
    const oracle = names({ ...MYSQL, flavour: 'mariadb', version: 101119, oracle: true })
    expect(read(new MysqlReader(), 'SELECT 1', oracle)).toMatchObject({ kind: 'unreadable' })
  })
  test('an empty text has no statements', () => {
    expect(facts('')).toEqual([])
    expect(facts(' /* x */ ;')).toBe('SYNTAX')
  })
})

test('fingerprints tell shapes apart, and nothing else', () => {
  const fingerprint = (sql: string): string => {
    const reading = read(new MysqlReader(), sql)
    return reading.kind === 'read' ? reading.facts.fingerprint : ''
  }
  expect(fingerprint('select ID from users where id = 1')).toBe(fingerprint('SELECT  ID FROM users\nWHERE id = 2'))
  expect(fingerprint('SELECT id FROM users WHERE id = 1')).toMatch(/^[0-9a-f]{16}$/)
  expect(fingerprint('SELECT id FROM users WHERE id = 1')).not.toBe(fingerprint("SELECT id FROM users WHERE id = '1'"))
  expect(fingerprint('SELECT id FROM users')).not.toBe(fingerprint('SELECT Id FROM users'))
})

import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { dialectOf, type Dialect } from '../dialect.ts'
import type { Expression, Query, QueryBody, TableReference } from '../query-tree.ts'
import type { Statement } from '../statement-tree.ts'
import { parseText } from './parse-text.ts'

const MYSQL = dialectOf({ flavour: 'mysql', version: 90704 }, '')
const MARIADB = dialectOf({ flavour: 'mariadb', version: 101119 }, '')

function parse(sql: string, dialect: Dialect = MYSQL): readonly Statement[] {
  const bytes = Buffer.from(sql)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  if ('error' in parsed) throw new Error(`${parsed.error.code}: ${parsed.error.message}`)
  return parsed.statements.map(({ statement }) => statement)
}

function code(sql: string, dialect: Dialect = MYSQL): string {
  const bytes = Buffer.from(sql)
  const parsed = parseText(bytes, 0, bytes.length, dialect)
  return 'error' in parsed ? parsed.error.code : 'read'
}

/** An expression as operators before their operands. */
function shown(node: Expression): string {
  switch (node.kind) {
    case 'literal':
      return node.type === 'string' ? `'${node.value}'` : node.type === 'null' ? 'null' : node.value
    case 'column':
      return [node.schema, node.table, node.name].filter((part) => part !== null).join('.')
    case 'operation':
      return `(${[node.operator, ...node.operands.map(shown)].join(' ')})`
    case 'call':
      return `${node.name}[${[...node.arguments.map(shown), ...node.words].join(' ')}]`
    case 'row':
      return `<${node.items.map(shown).join(' ')}>`
    case 'subquery':
      return `${node.use}{${shownQuery(node.query)}}`
    case 'user_variable':
      return node.assigned === null ? `@${node.name}` : `(@${node.name} := ${shown(node.assigned)})`
    case 'system_variable':
      return `@@${node.scope ?? ''}.${node.name}`
    case 'parameter':
      return `?${node.index}`
    case 'star':
      return '*'
    case 'default':
      return 'default'
    default:
      return 'case'
  }
}

function shownBody(body: QueryBody): string {
  switch (body.kind) {
    case 'query':
      return `(${shownQuery(body)})`
    case 'select':
      return `${body.items.map((item) => shown(item.expression)).join(',')}${body.from === null ? '' : ` from ${shownTable(body.from)}`}`
    case 'set_operation':
      return `[${shownBody(body.left)} ${body.operator}${body.all ? ' all' : ''} ${shownBody(body.right)}]`
    case 'table_query':
      return `table ${body.table.name}`
    default:
      return `values ${body.rows.length}`
  }
}

function shownQuery(query: Query): string {
  const order = query.orderBy.length > 0 ? ' order' : ''
  return `${shownBody(query.body)}${order}${query.limit === null ? '' : ' limit'}`
}

function shownTable(table: TableReference): string {
  switch (table.kind) {
    case 'base_table':
      return table.alias === null ? table.table.name : `${table.table.name}:${table.alias}`
    case 'derived_table':
      return `{${shownQuery(table.query)}}:${table.alias}`
    case 'json_table':
      return `json(${table.columns.map(({ name }) => name).join(' ')}):${table.alias}`
    default: {
      const how = table.on === null ? table.using.join(' ') : shown(table.on)
      return `(${shownTable(table.left)} ${table.natural ? 'natural ' : ''}${table.type} ${shownTable(table.right)}${how === '' ? '' : ` ${how}`})`
    }
  }
}

/** The first select item of `SELECT text`. */
function expression(text: string, dialect: Dialect = MYSQL): string {
  const [statement] = parse(`SELECT ${text}`, dialect)
  if (statement?.kind !== 'query_statement' || statement.query.body.kind !== 'select') throw new Error('no select')
  const [item] = statement.query.body.items
  return item === undefined ? '' : shown(item.expression)
}

function query(text: string, dialect: Dialect = MYSQL): string {
  const [statement] = parse(text, dialect)
  return statement?.kind === 'query_statement' ? shownQuery(statement.query) : `${statement?.kind}`
}

describe('precedence', () => {
  test.each([
    ['1 + 2 * 3 - 4', '(- (+ 1 (* 2 3)) 4)'],
    ['a OR b AND c XOR d', '(or a (xor (and b c) d))'],
    ['NOT a = b AND c', '(and (not (= a b)) c)'],
    ['a || b && c', '(or a (and b c))'],
    ['! a = b', '(= (! a) b)'],
    ['- a ^ b', '(^ (- a) b)'],
    ['a | b & c << d + e', '(| a (& b (<< c (+ d e))))'],
    ['a = b IS NULL', '(is null (= a b))'],
    ['a = b IS TRUE', '(is true (= a b))'],
    ['a BETWEEN 1 AND 2 AND b', '(and (between a 1 2) b)'],
    ['a BETWEEN 1 AND b IN (1, 2)', '(between a 1 (in b <1 2>))'],
    ['a NOT IN (SELECT 1)', '(not in a in{1})'],
    ["a LIKE 'x' ESCAPE '!' = 1", "(= (like a 'x' '!') 1)"],
    ['a COLLATE utf8mb4_bin = b', '(= (collate a) b)'],
    ['BINARY a = b', '(= (binary a) b)'],
    ['a > ANY (SELECT 1)', '(> a any{1})'],
    ['a MOD b DIV c', '(div (% a b) c)'],
    ['@a := b + 1, 1', '(@a := (+ b 1))'],
    ['1 + @a := 2 OR 3', '(+ 1 (@a := (or 2 3)))'],
    ['a + b + c + d', '(+ a b c d)'],
    ['a - b + c', '(+ (- a b) c)'],
    ['d + INTERVAL 1 DAY - INTERVAL 2 HOUR', '(- (+ d (interval 1)) (interval 2))'],
    ['INTERVAL 1 DAY + d', '(+ (interval 1) d)'],
    ['INTERVAL(a, 1, 2) + 1', '(+ interval[a 1 2] 1)'],
    ['INTERVAL (a) DAY + d', '(+ (interval a) d)'],
    ["a->'$.b' = 1", "(= json_extract[a '$.b'] 1)"],
    ['a MEMBER OF (b)', '(member of a b)'],
    ['(1, 2) = (SELECT 1, 2)', '(= <1 2> scalar{1,2})'],
    ['((SELECT 1)) + 1', '(+ scalar{1} 1)'],
    ['((SELECT 1) UNION (SELECT 2))', 'scalar{[(1) union (2)]}'],
    ['((a))', 'a'],
  ])('%s', (text, tree) => {
    expect(expression(text)).toBe(tree)
  })
  test('modes change it', () => {
    expect(expression('a || b = c', { ...MYSQL, pipesAsConcat: true })).toBe('(= (concat a b) c)')
    expect(expression('NOT a BETWEEN 1 AND 2')).toBe('(not (between a 1 2))')
    expect(expression('NOT a BETWEEN 1 AND 2', { ...MYSQL, highNotPrecedence: true })).toBe('(between (not a) 1 2)')
  })
})

describe('calls', () => {
  test.each([
    ['CAST(a AS CHAR(3) CHARACTER SET latin1)', 'cast[a char]'],
    ['CONVERT(a USING utf8mb4)', 'convert_using[a utf8mb4]'],
    ['EXTRACT(YEAR FROM d)', 'extract[d year]'],
    ["TRIM(BOTH 'x' FROM a)", "trim[a 'x' both]"],
    ['SUBSTRING(a FROM 2 FOR 3)', 'substring[a 2 3]'],
    ["POSITION('a' IN b)", "position['a' b]"],
    ["MATCH (a, t.b) AGAINST ('x' IN BOOLEAN MODE)", "match[a t.b 'x' boolean]"],
    ['COUNT(*)', 'count[*]'],
    ['COUNT(DISTINCT a, b)', 'count[a b]'],
    ["GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ',')", 'group_concat[a]'],
    ['DATE_ADD(d, INTERVAL 1 DAY)', 'date_add[d (interval 1)]'],
    ['TIMESTAMPDIFF(SQL_TSI_MONTH, a, b)', 'timestampdiff[a b month]'],
    ['CURRENT_USER', 'current_user[]'],
    ['NOW(6)', 'now[]'],
    ['VALUES(a)', 'values[a]'],
    ['app.f(1)', 'f[1]'],
    ['IF(a, b, c)', 'if[a b c]'],
    ['{fn now()}', 'now[]'],
    ["{ts '2020-01-01'}", '2020-01-01'],
    ['count (a)', 'count[a]'],
    ['1.e(a)', 'a'],
  ])('%s', (text, tree) => {
    expect(expression(text)).toBe(tree)
  })
  test('a built-in name apart from its parenthesis is that of a stored function', () => {
    expect(code('SELECT count (*)')).toBe('SYNTAX_ERROR')
    expect(code('SELECT count (*)', { ...MYSQL, ignoreSpace: true })).toBe('read')
    expect(code('SELECT count/**/(*)', { ...MYSQL, ignoreSpace: true })).toBe('SYNTAX_ERROR')
  })
  test('sequences and packages are of MariaDB', () => {
    expect(expression('NEXT VALUE FOR s.q', MARIADB)).toBe('nextval[s.q]')
    expect(expression('db.pkg.f(1)', MARIADB)).toBe('f[1]')
    expect(code('SELECT NEXT VALUE FOR s')).toBe('SYNTAX_ERROR')
  })
})

describe('literals', () => {
  test('strings lose their quotes and escapes', () => {
    expect(expression(String.raw`'a\'b''c\n\%\x' "d"`)).toBe("'a'b'c\n\\%xd'")
    expect(expression(String.raw`'a\'`, { ...MYSQL, noBackslashEscapes: true })).toBe(String.raw`'a\'`)
    expect(expression("_latin1 x'4A'")).toBe('4a')
    expect(expression("b'100001'")).toBe('21')
    expect(expression("N'a' 'b'")).toBe("'ab'")
  })
  test('parameters are counted through the text', () => {
    expect(expression('? + ?')).toBe('(+ ?0 ?1)')
  })
})

describe('queries', () => {
  test.each([
    ['SELECT 1 UNION SELECT 2 INTERSECT SELECT 3', '[1 union [2 intersect 3]]'],
    ['SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 ORDER BY 1', '[[1 union all 2] except 3] order'],
    ['(SELECT 1 LIMIT 1) UNION (SELECT 2) LIMIT 3', '[(1 limit) union (2)] limit'],
    ['((SELECT 1))', '1'],
    ['(SELECT 1) ORDER BY 1', '(1) order'],
    ['TABLE t UNION VALUES ROW(1, 2), ROW(3, 4)', '[table t union values 2]'],
    ['SELECT 1 FROM a, b JOIN c ON x', '1 from (a cross (b inner c x))'],
    ['SELECT 1 FROM a JOIN b JOIN c ON x ON y', '1 from (a inner (b inner c x) y)'],
    ['SELECT 1 FROM a JOIN b JOIN c ON x', '1 from ((a inner b) inner c x)'],
    ['SELECT 1 FROM a JOIN b LEFT JOIN c ON x JOIN d ON y', '1 from (((a inner b) left c x) inner d y)'],
    ['SELECT 1 FROM a LEFT JOIN b RIGHT JOIN c ON x ON y', '1 from (a left (b right c x) y)'],
    ['SELECT 1 FROM a NATURAL LEFT JOIN b', '1 from (a natural left b)'],
    ['SELECT 1 FROM (a, b)', '1 from (a cross b)'],
    ['SELECT 1 FROM ((SELECT 1) UNION (SELECT 2)) AS d', '1 from {[(1) union (2)]}:d'],
    ['SELECT 1 FROM ((SELECT 1) AS d JOIN e)', '1 from ({1}:d inner e)'],
    ['SELECT 1 FROM {OJ a LEFT JOIN b ON x}', '1 from (a left b x)'],
    [
      "SELECT 1 FROM JSON_TABLE('[]', '$' COLUMNS (a FOR ORDINALITY, NESTED PATH '$' COLUMNS (b INT PATH '$'))) j",
      '1 from json(a b):j',
    ],
    ['SELECT 1 FROM a x FORCE INDEX (PRIMARY) USE INDEX FOR JOIN (i), b', '1 from (a:x cross b)'],
    ['SELECT 1 FROM a PARTITION (p) AS x', '1 from a:x'],
    ['WITH c AS (SELECT 1) SELECT 2 FROM c', '2 from c'],
  ])('%s', (text, tree) => {
    expect(query(text)).toBe(tree)
  })
  test('INTO is found wherever it may stand, and refused elsewhere', () => {
    for (const text of [
      "SELECT 1 INTO OUTFILE 'f' FROM t",
      "SELECT 1 FROM t INTO OUTFILE 'f' FIELDS TERMINATED BY ',' LINES TERMINATED BY '\\n'",
      'SELECT 1 FROM t FOR UPDATE INTO @a',
      'SELECT 1 FROM t INTO @a, @b FOR UPDATE',
      '(SELECT 1 INTO @a)',
      'SELECT a INTO @a FROM (SELECT 1 AS a) d',
      'SELECT a INTO @a FROM ((SELECT 1 AS a) UNION (SELECT 2)) d WHERE a IN (SELECT b FROM u)',
      'SELECT 1 UNION SELECT 2 INTO @a',
    ]) {
      const [statement] = parse(text)
      expect(statement?.kind === 'query_statement' && statement.query.into, text).toBeTruthy()
    }
    for (const text of [
      'SELECT (SELECT 1 INTO @a)',
      '(SELECT 1 INTO @a) UNION SELECT 2',
      'SELECT 1 INTO @a UNION SELECT 2',
      'SELECT * FROM (SELECT 1 INTO @a) d',
      'INSERT INTO t SELECT 1 INTO @a',
    ])
      expect(code(text), text).toBe('SYNTAX_ERROR')
  })
  test('variables set by hints are told', () => {
    const [statement] = parse(
      "SELECT /*+ NO_MERGE(x) SET_VAR(sql_mode='ANSI_QUOTES') set_var( a = 1 ) SET_VAR(b=(c)) */ 1",
    )
    expect(statement?.kind === 'query_statement' && statement.query.body).toMatchObject({
      hints: {
        setVariables: [
          { name: 'sql_mode', value: 'ANSI_QUOTES' },
          { name: 'a', value: '1' },
          { name: '?', value: '?' },
        ],
        steerIndexes: false,
      },
    })
  })
  test('what only MariaDB has', () => {
    expect(query('SELECT 1 FROM t FOR SYSTEM_TIME AS OF now() x', MARIADB)).toBe('1 from t:x')
    expect(query('SELECT a FROM t PROCEDURE ANALYSE(1)', MARIADB)).toBe('a from t')
    expect(query('SELECT a FROM t LIMIT ROWS EXAMINED 1', MARIADB)).toBe('a from t limit')
    expect(query('VALUES (1), (2)', MARIADB)).toBe('values 2')
    for (const text of ['SELECT 1 FROM t FOR SYSTEM_TIME ALL', 'DELETE FROM t RETURNING a', 'VALUES (1)'])
      expect(code(text), text).toBe('SYNTAX_ERROR')
  })
})

describe('changes', () => {
  const first = (text: string, dialect: Dialect = MYSQL): Statement | undefined => parse(text, dialect)[0]
  test('INSERT and REPLACE in their forms', () => {
    expect(first('INSERT t VALUES (1, DEFAULT), ()')).toMatchObject({
      replace: false,
      columns: null,
      source: { rows: [[{}, { kind: 'default' }], []] },
    })
    expect(first('REPLACE INTO s.t SET a = 1, b = a')).toMatchObject({
      replace: true,
      table: { schema: 's', name: 't' },
      columns: [{ name: 'a' }, { name: 'b' }],
    })
    expect(first('INSERT INTO t (a) (SELECT 1) ON DUPLICATE KEY UPDATE a = VALUES(a)')).toMatchObject({
      source: { kind: 'query' },
      onDuplicate: [{ column: { name: 'a' } }],
    })
    expect(first('INSERT INTO t SELECT 1 FROM a JOIN b ON DUPLICATE KEY UPDATE a = 1')).toMatchObject({
      onDuplicate: [{}],
    })
    expect(first('INSERT INTO t VALUES (1) AS n (x) ON DUPLICATE KEY UPDATE a = x')).toMatchObject({
      rowAlias: { name: 'n', columns: ['x'] },
    })
    expect(first('INSERT INTO t VALUES (1) RETURNING a, b', MARIADB)).toMatchObject({
      returning: [{ text: 'a' }, { text: 'b' }],
    })
  })
  test('UPDATE and DELETE in their forms', () => {
    expect(first('WITH c AS (SELECT 1) UPDATE IGNORE a JOIN b SET a.x = b.y WHERE 1')).toMatchObject({
      kind: 'update',
      ignore: true,
      with: {},
      tables: { kind: 'join' },
    })
    expect(first('DELETE FROM t AS x WHERE a ORDER BY b LIMIT 1')).toMatchObject({
      targets: [{ name: 't' }],
      from: { alias: 'x' },
    })
    expect(first('DELETE a.*, s.b FROM a JOIN s.b WHERE 1')).toMatchObject({
      targets: [{ name: 'a' }, { schema: 's', name: 'b' }],
    })
    expect(first('DELETE FROM a USING a JOIN b')).toMatchObject({ targets: [{ name: 'a' }], from: { kind: 'join' } })
    expect(code('DELETE FROM a, b WHERE 1')).toBe('SYNTAX_ERROR')
  })
})

describe('session statements', () => {
  test('SET tells what is set and from what', () => {
    const items = (text: string, dialect: Dialect = MYSQL): unknown => {
      const [statement] = parse(text, dialect)
      return statement?.kind === 'set' ? statement.items : null
    }
    expect(items("SET @a := 1, GLOBAL x = ON, @@session.sql_mode = '', y = DEFAULT")).toMatchObject([
      { kind: 'user_variable', name: 'a' },
      { kind: 'variable', scope: 'global', name: 'x', value: { value: 'on' } },
      { kind: 'variable', scope: 'session', name: 'sql_mode', value: { value: '' } },
      { kind: 'variable', scope: null, name: 'y', value: { kind: 'default' } },
    ])
    expect(items('SET NAMES gbk COLLATE gbk_bin, autocommit = 0')).toMatchObject([
      { kind: 'names', value: 'gbk' },
      { name: 'autocommit' },
    ])
    expect(items('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY')).toMatchObject([
      { kind: 'transaction', scope: 'session', words: ['read_committed', 'read_only'] },
    ])
    expect(items("SET PASSWORD FOR 'u'@'h' = 'secret'")).toEqual([{ kind: 'password', words: ['u@h'] }])
    expect(parse("SET STATEMENT sql_mode = '' FOR DELETE FROM t", MARIADB)[0]).toMatchObject({
      statement: { kind: 'delete' },
    })
  })
  test('each by its kind', () => {
    for (const [text, tree] of [
      [
        'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY',
        { verb: 'begin', options: ['with_consistent_snapshot', 'read_only'] },
      ],
      ['ROLLBACK WORK TO SAVEPOINT a', { verb: 'rollback_to', name: 'a' }],
      ["XA COMMIT 'a', 'b', 1 ONE PHASE", { verb: 'xa_commit', name: 'a,b,1', options: ['one_phase'] }],
      ["PREPARE s FROM 'SELECT 1'", { kind: 'prepare', source: { value: 'SELECT 1' } }],
      ['EXECUTE s USING @a', { kind: 'execute', name: 's', using: [{ name: 'a' }] }],
      ['HANDLER t READ i >= (1, 2) WHERE a LIMIT 3', { kind: 'handler', verb: 'read', values: [{}, {}] }],
      ['EXPLAIN ANALYZE FORMAT=TREE SELECT 1', { kind: 'explain', analyze: true, format: 'tree' }],
      ['DESC s.t a', { kind: 'explain', table: { schema: 's', name: 't' }, column: 'a' }],
      ['CALL s.p(1, @a)', { procedure: { schema: 's', name: 'p' }, arguments: [{}, {}] }],
      [
        "LOAD DATA LOCAL INFILE 'f' INTO TABLE t (a, @b) SET c = @b",
        { local: true, file: 'f', fields: [{}, {}], assignments: [{}] },
      ],
    ] as const)
      expect(parse(text)[0], text).toMatchObject(tree)
  })
})

describe('texts', () => {
  test('several statements have their own spans and parameters', () => {
    const bytes = Buffer.from('xx SELECT ? ; /* c */ DELETE FROM t WHERE a = ? AND b = ?;; xx')
    const parsed = parseText(bytes, 2, bytes.length - 3, MYSQL)
    expect(
      'statements' in parsed &&
        parsed.statements.map(({ start, end, parameters }) => [bytes.toString('utf8', start, end), parameters]),
    ).toEqual([
      ['SELECT ?', 1],
      ['DELETE FROM t WHERE a = ? AND b = ?', 2],
    ])
  })
  test('an empty statement between others is refused, behind them it is nothing', () => {
    expect(parse('SELECT 1;;')).toHaveLength(1)
    expect(code('SELECT 1;; SELECT 2')).toBe('SYNTAX_ERROR')
    expect(code(';')).toBe('SYNTAX_ERROR')
    expect(parse(' # nothing')).toEqual([])
  })
  test('an error says where', () => {
    const bytes = Buffer.from('xxSELECT 1\nFROM WHERE')
    expect(parseText(bytes, 2, bytes.length, MYSQL)).toEqual({
      error: {
        code: 'SYNTAX_ERROR',
        message: "You have an error in your SQL syntax near 'WHERE' at line 2",
        position: 16,
      },
    })
  })
  test('a reserved word is no name, but behind a dot', () => {
    expect(code('SELECT 1 AS select')).toBe('SYNTAX_ERROR')
    expect(code('SELECT t. select FROM t')).toBe('SYNTAX_ERROR')
    expect(expression('t.select')).toBe('t.select')
    expect(code('SELECT 1 AS rank')).toBe('SYNTAX_ERROR')
    expect(code('SELECT 1 AS rank', MARIADB)).toBe('read')
    expect(code('SELECT 1 AS returning')).toBe('read')
    expect(code('SELECT 1 AS returning', MARIADB)).toBe('SYNTAX_ERROR')
  })
})

describe('hostile sizes', () => {
  test.each([
    ['parentheses', `SELECT ${'('.repeat(10_000)}1${')'.repeat(10_000)}`],
    ['sub-selects', `SELECT ${'(SELECT '.repeat(10_000)}1`],
    ['derived tables', `SELECT * FROM ${'(SELECT * FROM '.repeat(10_000)}t`],
    ['calls', `SELECT ${'f('.repeat(10_000)}`],
    ['CASE', `SELECT ${'CASE WHEN '.repeat(10_000)}`],
    ['NOT', `SELECT ${'NOT '.repeat(10_000)}1`],
    ['minus', `SELECT ${'- '.repeat(10_000)}1`],
    ['BETWEEN', `SELECT ${'1 BETWEEN 1 AND '.repeat(10_000)}1`],
    ['predicates', `SELECT a LIKE b${' NOT IN (1)'.repeat(10_000)}`],
    ['assignments', `SELECT ${'@a := '.repeat(10_000)}1`],
    ['intervals', `SELECT ${'INTERVAL('.repeat(10_000)}`],
    ['joins', `SELECT 1 FROM t${' JOIN t'.repeat(10_000)}`],
    ['unions', `SELECT 1${' UNION SELECT 1'.repeat(10_000)}`],
    ['mixed chains', `SELECT ${'1+1-'.repeat(10_000)}1`],
    ['tables in parentheses', `SELECT 1 FROM ${'('.repeat(10_000)}t`],
    ['common tables', 'WITH a AS ('.repeat(10_000)],
    ['JSON tables', `SELECT * FROM JSON_TABLE('', '' ${"COLUMNS (NESTED '' ".repeat(10_000)}`],
    ['SET STATEMENT', `SET STATEMENT a = 1 FOR ${'SET STATEMENT a = 1 FOR '.repeat(10_000)}`],
    ['blocks', `CREATE PROCEDURE p() ${'BEGIN '.repeat(10_000)}`],
  ])('%s nested deep end in a clean refusal', (name, text) => {
    expect(code(text, name === 'SET STATEMENT' || name === 'predicates' ? MARIADB : MYSQL)).toBe('TOO_COMPLEX')
  })
  test('what is long but flat is read', () => {
    for (const text of [
      `SELECT ${'1+'.repeat(100_000)}1`,
      `SELECT 1 FROM t WHERE ${'a = 1 OR '.repeat(50_000)}b`,
      `SELECT 1 FROM t WHERE a IN (${'1,'.repeat(100_000)}1)`,
      `INSERT INTO t VALUES ${"(1,'a'),".repeat(50_000)}(1,'a')`,
      `SELECT ${"'a' ".repeat(50_000)}`,
      'SELECT 1;'.repeat(10_000),
    ])
      expect(code(text), text.slice(0, 40)).toBe('read')
  })
})

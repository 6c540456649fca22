import { describe, expect, test } from 'vitest'
import type { ProgramStatement, Statement } from '../../statement-tree.ts'
import { MARIADB, MYSQL, readOne } from '../fixtures/read-one.ts'

function body(text: string, dialect = MYSQL): ProgramStatement | Statement {
  const statement = readOne(`CREATE PROCEDURE p() ${text}`, dialect)
  if (statement.kind !== 'definition' || statement.body === null) throw new Error('no body')
  return statement.body
}

describe('a program is read into a tree', () => {
  test('declarations, cursors and handlers with what they run', () => {
    expect(
      body(
        "BEGIN DECLARE a, b int DEFAULT (SELECT max(x) FROM t); DECLARE gone CONDITION FOR SQLSTATE VALUE '42S02'; DECLARE c CURSOR FOR SELECT x FROM u; " +
          "DECLARE CONTINUE HANDLER FOR NOT FOUND, SQLEXCEPTION, gone, 1064, SQLSTATE '02000' SET a = 1; OPEN c; FETCH NEXT FROM c INTO a, b; CLOSE c; END",
      ),
    ).toMatchObject({
      kind: 'block',
      statements: [
        { kind: 'declare', names: ['a', 'b'], default: { kind: 'subquery' } },
        { kind: 'declare_condition', name: 'gone' },
        { kind: 'declare_cursor', name: 'c', query: { kind: 'query' } },
        { kind: 'declare_handler', body: { kind: 'set' } },
        { kind: 'open', cursor: 'c' },
        { kind: 'fetch', cursor: 'c', into: [{ name: 'a' }, { name: 'b' }] },
        { kind: 'close', cursor: 'c' },
      ],
    })
  })

  test('conditions and loops with every statement in them', () => {
    expect(
      body(
        'l: BEGIN IF a > 1 THEN SELECT 1; ELSEIF b THEN DELETE FROM t; ELSE BEGIN END; END IF; ' +
          'CASE a WHEN 1 THEN SELECT 2; ELSE SELECT 3; END CASE; CASE WHEN (CASE WHEN a THEN b END) THEN DO 1; END CASE; ' +
          'x: LOOP LEAVE x; END LOOP x; WHILE a DO ITERATE x; END WHILE; REPEAT SET a = 1; UNTIL a END REPEAT; END l',
      ),
    ).toMatchObject({
      kind: 'block',
      label: 'l',
      statements: [
        {
          kind: 'if',
          branches: [{ statements: [{ kind: 'query_statement' }] }, { statements: [{ kind: 'delete' }] }],
          otherwise: [{ kind: 'block', statements: [] }],
        },
        {
          kind: 'case_statement',
          operand: { kind: 'column' },
          branches: [{}],
          otherwise: [{ kind: 'query_statement' }],
        },
        { kind: 'case_statement', operand: null, branches: [{ condition: { kind: 'case' } }] },
        { kind: 'loop', label: 'x', statements: [{ kind: 'leave', label: 'x' }] },
        { kind: 'loop', conditions: [{ kind: 'column' }], statements: [{ kind: 'iterate' }] },
        { kind: 'loop', conditions: [{ kind: 'column' }] },
      ],
    })
  })

  test('the FOR loops and row types of MariaDB', () => {
    expect(
      body(
        'BEGIN DECLARE r ROW TYPE OF t; DECLARE q ROW (a int, b TYPE OF t.b); DECLARE c CURSOR (m int) FOR SELECT x FROM t WHERE y = m; ' +
          'FOR i IN 1 .. 5 DO SELECT i; END FOR; FOR rec IN (SELECT x FROM secret) DO SELECT rec.x; END FOR; FOR rec IN c(5) DO SELECT 1; END FOR; OPEN c(1); END',
        MARIADB,
      ),
    ).toMatchObject({
      statements: [
        { names: ['r'] },
        { names: ['q'] },
        { kind: 'declare_cursor', parameters: ['m'] },
        { kind: 'loop', variable: 'i', conditions: [{}, {}], query: null },
        { kind: 'loop', variable: 'rec', query: { kind: 'query' } },
        { kind: 'loop', variable: 'rec', conditions: [{ kind: 'call' }], query: null },
        { kind: 'open', arguments: [{ kind: 'literal' }] },
      ],
    })
  })

  test('SIGNAL, RESIGNAL and GET DIAGNOSTICS tell what they set from what', () => {
    expect(readOne("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @a, MYSQL_ERRNO = 1000")).toMatchObject({
      kind: 'signal',
      items: [{ name: 'message_text', value: { kind: 'user_variable' } }, { name: 'mysql_errno' }],
    })
    expect(readOne('GET STACKED DIAGNOSTICS CONDITION 1 @m = MESSAGE_TEXT, x = RETURNED_SQLSTATE')).toMatchObject({
      kind: 'get_diagnostics',
      items: [
        { target: { kind: 'user_variable', name: 'm' }, name: 'message_text' },
        { target: { kind: 'column', name: 'x' }, name: 'returned_sqlstate' },
      ],
    })
    expect(readOne('RESIGNAL')).toMatchObject({ kind: 'resignal', items: [] })
    expect(() => readOne("SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = concat('a', secret)")).toThrow('SYNTAX_ERROR')
  })
})

test('what belongs into programs is refused outside of them, but for the compound statements of MariaDB', () => {
  for (const text of ['RETURN 1', 'LEAVE x', 'OPEN c', 'FETCH c INTO a', 'DECLARE a int', 'IF 1 THEN SELECT 1; END IF'])
    expect(() => readOne(text), text).toThrow('SYNTAX_ERROR')
  expect(readOne('BEGIN NOT ATOMIC SELECT 1; DELETE FROM t; END', MARIADB)).toMatchObject({
    kind: 'block',
    statements: [{}, { kind: 'delete' }],
  })
  expect(readOne('IF 1 THEN SELECT 1; END IF', MARIADB)).toMatchObject({ kind: 'if' })
  expect(() => readOne('LEAVE x', MARIADB)).toThrow('SYNTAX_ERROR')
})

test('a semicolon inside of a program does not end the statement, one behind it does', () => {
  expect(() => readOne('CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END; DROP TABLE t')).toThrow('2 statements')
  expect(() => readOne('CREATE PROCEDURE p() SELECT 1; SELECT 2')).toThrow('2 statements')
})

test.each([
  'BEGIN',
  'BEGIN SELECT 1 END',
  'BEGIN SELECT 1;',
  'IF a THEN SELECT 1;',
  'IF a THEN END IF',
  'CASE a END CASE',
  'BEGIN SELECT 1; DECLARE a int; END',
  'BEGIN DECLARE a; END',
  'LOOP END LOOP',
  'BEGIN ; END',
  'x: SELECT 1',
  "BEGIN SELECT 'a",
  'BEGIN /* END',
])('what is not finished or not in order is refused: %s', (text) => {
  expect(() => body(text)).toThrow('SYNTAX_ERROR')
})

test('nesting that is too deep is refused by its limit, and not by the stack', () => {
  for (const [open, close] of [
    ['BEGIN ', ' END;'],
    ['IF a THEN ', ' END IF;'],
    ['LOOP ', ' END LOOP;'],
    ['BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND ', '; END;'],
  ] as const)
    expect(() => body(`BEGIN ${open.repeat(20_000)} SELECT 1; ${close.repeat(20_000)} END`), open).toThrow(
      'TOO_COMPLEX',
    )
  expect(body(`${'BEGIN '.repeat(50)} SELECT 1; ${'END; '.repeat(49)} END`)).toMatchObject({ kind: 'block' })
})

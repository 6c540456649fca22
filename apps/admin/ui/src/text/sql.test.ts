import { array, assert, constantFrom, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { laidOut } from './sql-layout.ts'
import { type SqlEngine, sqlTokens } from './sql-tokens.ts'

const ENGINES: readonly SqlEngine[] = ['postgres', 'mysql']
const PARTS =
  '\' " ` $ $a$ -- -- /* */ /*! # ; ( ) , \\ ? $1 select from where and between left join update set é \u202e 𝐚 1.5e3 0x1f'
    .split(' ')
    .concat(' ', '\n', '-- ')
const texts = array(oneof(constantFrom(...PARTS), string({ unit: 'binary' }))).map((parts) => parts.join(''))
const joined = (tokens: readonly { readonly text: string }[]): string => tokens.map(({ text }) => text).join('')
const kinds = (text: string, engine: SqlEngine): readonly string[] =>
  sqlTokens(text, engine)
    .filter(({ kind }) => kind !== 'space')
    .map(({ kind, text: cut }) => `${kind} ${cut}`)
const layout = (text: string): string => joined(laidOut(sqlTokens(text, 'postgres')))

describe('A statement cut for colours', () => {
  test('is the statement when it is put together, whatever it holds', () => {
    assert(
      property(texts, constantFrom(...ENGINES), (text, engine) => {
        expect(joined(sqlTokens(text, engine))).toBe(text)
      }),
    )
  })

  test('PostgreSQL: strings, dollar quotes, nested comments, parameters', () => {
    expect(kinds(`SELECT 'a''b\\', E'\\'', $x$ ' $x$, "n""m", $1 /* a /* b */ c */ --d`, 'postgres')).toEqual([
      'keyword SELECT',
      `string 'a''b\\'`,
      'sign ,',
      `string E'\\''`,
      'sign ,',
      `string $x$ ' $x$`,
      'sign ,',
      'quoted_name "n""m"',
      'sign ,',
      'parameter $1',
      'comment /* a /* b */ c */',
      'comment --d',
    ])
  })

  test('MySQL: comments that it runs stand out; two hyphens without a blank are no comment', () => {
    expect(kinds(`SELECT /*!50000 a */ b--1 # x`, 'mysql')).toEqual([
      'keyword SELECT',
      'executed /*!50000 a */',
      'name b',
      'sign -',
      'sign -',
      'number 1',
      'comment # x',
    ])
    expect(kinds('`a``b` "c\\"d" ?', 'mysql')).toEqual(['quoted_name `a``b`', 'string "c\\"d"', 'parameter ?'])
  })

  test('64 KiB of anything is cut at once', () => {
    for (const part of ["'", '/*', '$a$', '(', '--\n', '"', 'a ', '\\']) {
      const text = part.repeat(65_536 / part.length)
      const begun = performance.now()
      expect(joined(sqlTokens(text, 'postgres'))).toBe(text)
      laidOut(sqlTokens(text, 'mysql'))
      expect(performance.now() - begun).toBeLessThan(5_000)
    }
  })
})

describe('A statement laid out', () => {
  test('differs in nothing but the white space between its tokens', () => {
    assert(
      property(texts, constantFrom(...ENGINES), (text, engine) => {
        const solid = (tokens: ReturnType<typeof sqlTokens>): readonly string[] =>
          tokens.filter(({ kind }) => kind !== 'space').map(({ text: cut }) => cut)
        const sent = sqlTokens(text, engine)
        expect(solid(laidOut(sent))).toEqual(solid(sent))
      }),
    )
  })

  test('a line for each clause, conditions further in, subqueries too', () => {
    expect(
      layout(
        "UPDATE orders SET status = 'void' WHERE total BETWEEN 1 AND 5 AND id IN (SELECT id FROM late WHERE x = 1) RETURNING id",
      ),
    ).toBe(
      [
        'UPDATE orders',
        "SET status = 'void'",
        'WHERE total BETWEEN 1 AND 5',
        '  AND id IN (',
        '    SELECT id',
        '    FROM late',
        '    WHERE x = 1',
        '  )',
        'RETURNING id',
      ].join('\n'),
    )
  })

  test('DELETE FROM and function calls stay on a line; what follows a line comment does not join it', () => {
    expect(layout('DELETE FROM t WHERE left(a, 2) = count(b)')).toBe('DELETE FROM t\nWHERE left(a, 2) = count(b)')
    expect(layout('SELECT 1 -- one\n, 2')).toBe('SELECT 1 -- one\n, 2')
  })
})

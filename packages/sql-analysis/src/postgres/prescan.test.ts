import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { LibpgParser } from './libpg-parser.ts'
import { defaultPrescanLimits } from './prescan-limits.ts'
import { prescan } from './prescan.ts'
import type { PrescanRefusal } from './prescan.ts'

let parser: LibpgParser
beforeAll(async () => {
  parser = await LibpgParser.create()
})

function check(text: string): PrescanRefusal | null {
  const bytes = Buffer.from(text)
  return prescan(bytes, 0, bytes.length)
}

describe('prescan', () => {
  it('takes what stands at each limit and refuses one more, naming limit and count', () => {
    const cases: readonly [string, string, RegExp][] = [
      [
        `select ${'('.repeat(500)}1${')'.repeat(500)}`,
        `select ${'('.repeat(501)}1${')'.repeat(501)}`,
        /501 levels.* 500 \(maxNesting\)/,
      ],
      [`select 1${'+1'.repeat(2000)}`, `select 1${'+1'.repeat(2001)}`, /2001 operators.* 2000 \(maxOperators\)/],
      [`select ${'not '.repeat(2000)}a`, `select ${'not '.repeat(2001)}a`, /2001 operators/],
      [
        `select 1${' union select 1'.repeat(2000)}`,
        `select 1${' union select 1'.repeat(2001)}`,
        /2001 set operations.* 2000/,
      ],
      [
        `select from t${' cross join t'.repeat(2000)}`,
        `select from t${' cross join t'.repeat(2001)}`,
        /2001 joins.* 2000/,
      ],
      [`select ${'case when a then '.repeat(500)}`, `select ${'case when a then '.repeat(501)}`, /501 CASE.* 500/],
      [`select 1${',1'.repeat(49_999)}`, `select 1${',1'.repeat(50_000)}`, /50000 commas.* 49999 \(maxListItems\)/],
      [
        `select 1${' or a'.repeat(199_998)}`,
        `select 1${' or a'.repeat(200_001)}`,
        /200000 list items.* 200000 \(maxTotalItems\)/,
      ],
      [
        `select ${`1${'+1'.repeat(900)}+(`.repeat(4)}1${')'.repeat(4)}`,
        `select ${`1${'+1'.repeat(900)}+(`.repeat(5)}1${')'.repeat(5)}`,
        /nested \d+ deep, the limit is 4000 \(maxDepth\)/,
      ],
      [
        `select ${'/**/'.repeat(498)} /* /**/ */ 1`,
        `select ${'/**/'.repeat(499)} /* /**/ */ 1`,
        /501 block comments, the limit is 500 \(maxComments\)/,
      ],
      ['select 1;'.repeat(5000), 'select 1;'.repeat(5001), /5001 statements, the limit is 5000 \(maxStatements\)/],
      [
        `update t set (a${',a'.repeat(99)}) = (1${',1'.repeat(99)}), b = (c, d) = (e, f) where (a, b) = (1${',1'.repeat(40_000)})`,
        `update t set (a${',a'.repeat(999)}) = (1${',1'.repeat(99)})`,
        /copies, the limit is 50000 \(maxCopies\)/,
      ],
    ]
    for (const [good, bad, message] of cases) {
      expect(check(good), good.slice(0, 40)).toBeNull()
      expect(check(bad), bad.slice(0, 40)).toMatchObject({
        code: 'TOO_COMPLEX',
        message: expect.stringMatching(message) as string,
      })
    }
    expect(check('x'.repeat(defaultPrescanLimits.maxStatementBytes))).toBeNull()
    expect(check('x'.repeat(defaultPrescanLimits.maxStatementBytes + 1))).toMatchObject({ code: 'TOO_LONG' })
  })

  it('does not count what stands in strings, quoted names and comments', () => {
    const deep = '('.repeat(600)
    for (const text of [
      `'${deep}'`,
      `'a''${deep}'`,
      `"${deep}"`,
      `"a""${deep}"`,
      `E'\\'${deep}'`,
      `E'a'\n-- c\n'\\'${deep}'`,
      `$$${deep}$$`,
      `$a$ $$ ${deep} $b$ $a$`,
      `/* /* ' */ ${deep} */ 1`,
      `-- ${deep}\n 1`,
      `U&'${deep}'`,
      `b'${deep}'`,
      `N'\\' || '${deep}'`,
      `1$$${deep}$$`,
      `$é$${deep}$é$`,
    ]) {
      expect(check(`select ${text}`), text.slice(0, 20)).toBeNull()
    }
  })

  it('counts what only seems to stand in them', () => {
    const deep = '('.repeat(600)
    for (const text of [
      `'\\'${deep}'`,
      `a$$${deep}$$`,
      `xE'\\'${deep}'`,
      `"a\\"${deep}"`,
      `'a'\n'\\'${deep}'`,
      `--\r${deep}`,
      `/* */${deep}*/`,
      `/* '*/${deep}'`,
      `$1$${deep}$1$`,
      `E'\\\\'${deep}'`,
      `E'a' '\\'${deep}'`,
      `U&'\\'${deep}'`,
      `$a$ $a$${deep}`,
    ]) {
      expect(check(`select ${text}`), text.slice(0, 20)).not.toBeNull()
    }
  })

  it('is not led to forget operators by words, dots, BETWEEN or CASE', () => {
    const sum = '1' + '+1'.repeat(300)
    for (const joint of ['+t.and+', '+t . /**/ or+', '+t.union+', ' + case when a and b then c end + ']) {
      const chain = Array.from({ length: 20 }, () => sum).join(joint)
      expect(check(`select ${chain}`), joint).not.toBeNull()
    }
    expect(check(`select 1${' between 1 and 2 is null'.repeat(1500)}`)).not.toBeNull()
  })

  it('sees what the parser would write many times over', () => {
    const columns = `(a${',a'.repeat(99)})`
    const values = `(1${',1'.repeat(999)})`
    for (const text of [
      `update t set ${columns} = ${values}`,
      `update t set ${columns} /* */ = 1 is distinct from ${values}`,
      `update t set ${columns} = (1, 1) or (1, 1) = ${values}`,
      `update t set ${columns} = t.from or t.where or ${values}`,
      `insert into t values (1) on conflict (a) do update set b = 1, ${columns} = ${values}`,
      `merge into t using u on true when matched then update set ${columns} = row${values}`,
      `${'update t set (a, b) = (with w as ('.repeat(20)} select 1 ${')) '.repeat(20)}`,
    ]) {
      expect(check(text)?.message, text.slice(0, 40)).toContain('maxCopies')
    }
  })

  it('lets nothing through that breaks the parser, for any repetition of words', { timeout: 120_000 }, () => {
    const word = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      ',',
      ';',
      '.',
      '::',
      '+',
      '-',
      '|| ',
      '= ',
      'a ',
      '1 ',
      "'s' ",
      '"q" ',
      'not ',
      'and ',
      'or ',
      'is null ',
      'between ',
      'case ',
      'when ',
      'then ',
      'else ',
      'end ',
      'join ',
      'on ',
      'union ',
      'select ',
      'from ',
      'where ',
      'in ',
      'array',
      'row',
      'exists',
      'f(',
      'int ',
      'collate ',
      'at time zone ',
      'operator(+)',
      '.and ',
      '/*c*/',
      '--\n',
      "E'\\'",
      '$$',
      '$1',
      'with ',
      'as ',
      'cast(',
      'like ',
    )
    const property = fc.property(
      fc.array(word, { maxLength: 6 }),
      fc.array(word, { minLength: 1, maxLength: 5 }),
      fc.array(word, { maxLength: 3 }),
      fc.array(word, { maxLength: 5 }),
      fc.constantFrom(100, 499, 1999, 4000, 12_000),
      (head, repeated, core, tail, times) => {
        const text = `select ${head.join('')}${repeated.join('').repeat(times)}${core.join('')}${tail.join('').repeat(times)}`
        if (check(text) !== null) return
        const bytes = Buffer.from(text)
        expect(parser.parseBytes(bytes, 0, bytes.length).kind).not.toBe('broken')
      },
    )
    fc.assert(property, { numRuns: 1500 })
  })

  it('takes any bytes at all without failing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const buffer = Buffer.from(bytes)
        const refusal = prescan(buffer, 0, buffer.length)
        const valid = !buffer.includes(0) && Buffer.from(buffer.toString('utf8')).equals(buffer)
        expect(refusal?.code === 'BAD_ENCODING').toBe(!valid)
      }),
      { numRuns: 3000 },
    )
  })
})

const corpus = new URL('../../../../../shared/corpus/statements/postgres-18.jsonl', import.meta.url)
describe.skipIf(!existsSync(corpus))(
  "PostgreSQL's regression statements (skipped where the corpus is not beside the checkout)",
  () => {
    it('are all within the limits, and the comments found are those of the scanner', () => {
      for (const line of readFileSync(corpus, 'utf8').trim().split('\n')) {
        const { sql, accepted } = JSON.parse(line) as { sql: string; accepted: boolean }
        if (!accepted) continue
        const bytes = Buffer.from(sql)
        const comments: number[] = []
        expect(prescan(bytes, 0, bytes.length, defaultPrescanLimits, comments), sql).toBeNull()
        const scanned = JSON.parse(parser.scan(sql)) as { tokens: { start: number; end: number; tokenName: string }[] }
        const expected = scanned.tokens
          .filter(({ tokenName }) => /COMMENT/.test(tokenName))
          .flatMap(({ start, end }) => [start, end])
        expect(comments, sql).toEqual(expected)
      }
    })
  },
)

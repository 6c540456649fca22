import { existsSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { LibpgParser } from './libpg-parser.ts'
import { fingerprintOf } from './reader-fingerprint.ts'
import { ShapeCache } from '../reading/shape-cache.ts'
import { hashOfBytes } from '../reading/hash.ts'
import { floatMark, integerMark, ShapeLexer, stringMark } from './shape-lexer.ts'
import { shapeStands } from './shape.ts'
import { COMMON_PIECES, RARE_PIECES } from './shape-pieces.ts'

let parser: LibpgParser
const lexer = new ShapeLexer()
beforeAll(async () => {
  parser = await LibpgParser.create()
})

interface Shape {
  readonly shape: string
  readonly literals: readonly number[]
}

/** The shape with marks as letters; null outside the plain subset. */
function shapeOf(text: string): Shape | null {
  const bytes = Buffer.from(`((${text}))`)
  const literals: number[] = []
  const length = lexer.scan(bytes, 2, bytes.length - 2, literals)
  return length < 0 ? null : { shape: lexer.shape.toString('utf8', 0, length), literals }
}

function marked(text: string): string | null {
  return (
    shapeOf(text)
      ?.shape.replaceAll(String.fromCharCode(integerMark), '{i}')
      .replaceAll(String.fromCharCode(floatMark), '{f}')
      .replaceAll(String.fromCharCode(stringMark), '{s}') ?? null
  )
}

/** PostgreSQL's own tokens, literals without their value; null where its scanner refuses the text. */
function scanned(text: string): { tokens: string[]; literals: number[] } | null {
  const answer = parser.scan(text)
  if (!answer.startsWith('{')) return null
  // The library leaves control characters in its token texts as they are.
  const escaped = answer.replace(
    /[\x00-\x1f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  const { tokens } = JSON.parse(escaped) as { tokens: { start: number; text: string; tokenName: string }[] }
  const literals: number[] = []
  const kinds = tokens.map(({ start, text: own, tokenName }) => {
    if (tokenName !== 'ICONST' && tokenName !== 'FCONST' && tokenName !== 'SCONST') return `${tokenName} ${own}`
    literals.push(start)
    return tokenName
  })
  return { tokens: kinds, literals }
}

/** The text with each literal replaced by another of its kind, drawn by `random`. */
function withOtherLiterals(text: string, { shape, literals }: Shape, random: (below: number) => number): string {
  const bytes = Buffer.from(text)
  const parts: Buffer[] = []
  const marks = [...Buffer.from(shape)].filter((mark) => mark <= stringMark)
  let from = 0
  for (const [index, offset] of literals.entries()) {
    parts.push(bytes.subarray(from, offset))
    const rest = bytes.toString('latin1', offset)
    const own = /^(?:'[^']*'|\d+(?:\.\d+)?)/.exec(rest)?.[0] ?? ''
    from = offset + own.length
    const mark = marks[index]
    const choices =
      mark === integerMark
        ? ['0', '1', '2', '7', '2147483647', '0000000000000000012', '65']
        : mark === floatMark
          ? ['0.0', '2147483648', '99999999999999999999999', '1.50', '007.25']
          : ["''", "'x'", "'regclass'", "'--'", "'/*'", "'$1$$\"('", "'é\n\t'", "'%'", "'t'", "'1'", '\'{"a":1}\'']
    parts.push(Buffer.from(choices[random(choices.length)] ?? ''))
  }
  parts.push(bytes.subarray(from))
  return Buffer.concat(parts).toString()
}

describe('the shape lexer', () => {
  it('takes out numbers and plain strings, and keeps their kind', () => {
    expect(marked('SELECT a FROM t WHERE id = 12345;')).toBe('SELECT a FROM t WHERE id = {i};')
    expect(marked("a=-1 and b='x' or c=1.5+$2-12345678901")).toBe('a=-{i} and b={s} or c={f}+$2-{f}')
    expect(marked('2147483647, 2147483648, 00002147483647')).toBe('{i}, {f}, {i}')
    expect(marked("''")).toBe('{s}')
    expect(marked('"a 1""b 2" t1 a$1 é1')).toBe('"a 1""b 2" t1 a$1 é1')
    expect(marked('x[1:2]')).toBe('x[{i}:{i}]')
    expect(marked('')).toBe('')
  })

  it('leaves alone what is not plain', () => {
    const texts = [
      "'it''s'",
      "'a\\b'",
      "E'a'",
      "e'a'",
      "b'0'",
      "x'0'",
      "n'a'",
      "U&'a'",
      'u&"a"',
      "'a' 'b'",
      "'a'\n'b'",
      "date'2020-01-01'",
      '$$a$$',
      '$a$b$a$',
      '-- c',
      '/* c */',
      '1.',
      '.5',
      '1..2',
      '1e5',
      '1E+5',
      '0x1F',
      '1_000',
      '1a',
      '$1a',
      '1$1',
      '$',
      '\0',
      '\x01',
      '\x7f',
      '{',
      '\\',
      "'open",
      '"open',
      "'\0'",
      "1'a'",
      '"a"\'b\'',
      '"a\n',
      '$1.5',
      '"a"1',
    ]
    for (const text of texts) expect(marked(text), text).toBeNull()
  })

  it('refuses strings that are not UTF-8', () => {
    const bytes = Buffer.from([0x27, 0xff, 0x27])
    expect(lexer.scan(bytes, 0, 3)).toBe(-1)
  })

  it('sees the literals that the scanner sees, in any text of hostile pieces, whatever their values', () => {
    const common = fc.constantFrom(...COMMON_PIECES)
    const rare = fc.constantFrom(...RARE_PIECES)
    const piece = fc.oneof({ weight: 6, arbitrary: common }, { weight: 1, arbitrary: rare })
    let plain = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.infiniteStream(fc.nat()), (pieces, numbers) => {
        const text = pieces.join('')
        const own = shapeOf(text)
        if (own === null) return
        const expected = scanned(text)
        const random = (below: number): number => Number(numbers.next().value ?? 0) % below
        const other = withOtherLiterals(text, own, random)
        expect(shapeOf(other)?.shape).toBe(own.shape)
        const otherScanned = scanned(other)
        expect(otherScanned?.tokens).toEqual(expected?.tokens)
        if (expected === null) return
        plain++
        expect(own.literals).toEqual(expected.literals)
      }),
      { numRuns: 30_000 },
    )
    expect(plain).toBeGreaterThan(3000)
  })
})

describe('the cache', () => {
  it('finds by bytes: a collision of hashes is a miss', () => {
    const cache = new ShapeCache<string>(10, 1000)
    cache.add(7, Buffer.from('abc'), 0, 3, 'first', 1)
    expect(cache.find(7, Buffer.from('xabcx'), 1, 4)).toBe('first')
    expect(cache.find(7, Buffer.from('abd'), 0, 3)).toBeUndefined()
    expect(cache.find(7, Buffer.from('ab'), 0, 2)).toBeUndefined()
    const long = Buffer.alloc(500, 'a')
    cache.add(8, long, 0, 500, 'long', 1)
    expect(cache.find(8, long, 0, 500)).toBe('long')
    expect(cache.find(8, Buffer.alloc(500, 'b'), 0, 500)).toBeUndefined()
  })

  it('keeps what is used, and drops the rest by count and by weight', () => {
    const key = (index: number): Buffer => Buffer.from(`key ${index}`)
    const cache = new ShapeCache<number>(10, 1000)
    for (let index = 0; index < 200; index++) {
      cache.add(index, key(index), 0, key(index).length, index, 10)
      expect(cache.find(0, key(0), 0, key(0).length)).toBe(0)
    }
    expect(cache.find(100, key(100), 0, key(100).length)).toBeUndefined()
    cache.add(300, key(300), 0, key(300).length, 300, 5000)
    expect(cache.find(300, key(300), 0, key(300).length)).toBeUndefined()
    for (let index = 400; index < 403; index++) cache.add(index, key(index), 0, key(index).length, index, 900)
    expect(cache.find(400, key(400), 0, key(400).length)).toBeUndefined()
    expect(cache.find(402, key(402), 0, key(402).length)).toBe(402)
  })

  it('hashes as the lexer does', () => {
    const bytes = Buffer.from('select a from t')
    lexer.scan(bytes, 0, bytes.length)
    expect(lexer.hash).toBe(hashOfBytes(bytes, 0, bytes.length))
  })
})

for (const file of ['postgres-18.jsonl', 'orm-postgres.jsonl']) {
  const corpus = new URL(`../../../../../shared/corpus/statements/${file}`, import.meta.url)
  describe.skipIf(!existsSync(corpus))(
    `statements of ${file} (skipped where the corpus is not beside the checkout)`,
    () => {
      it('of one shape have the same tokens, and the same tree where the shape stands for them', () => {
        let seed = 1
        const random = (below: number): number => {
          seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
          return (seed >>> 8) % below
        }
        let shared = 0
        for (const line of readFileSync(corpus, 'utf8').trim().split('\n')) {
          const { sql, accepted } = JSON.parse(line) as { sql: string; accepted: boolean }
          const own = shapeOf(sql)
          if (!accepted || own === null) continue
          const expected = scanned(sql)
          expect(own.literals, sql).toEqual(expected?.literals)
          const parsed = parser.parse(sql)
          if (parsed.kind !== 'tree') throw new Error(sql)
          const stands = shapeStands(Buffer.from(sql), 0, own.literals, parsed)
          for (let round = 0; round < 3; round++) {
            const other = withOtherLiterals(sql, own, random)
            expect(shapeOf(other)?.shape, other).toBe(own.shape)
            expect(scanned(other)?.tokens, other).toEqual(expected?.tokens)
            if (stands === 'no') continue
            shared++
            const otherParsed = parser.parse(other)
            expect(otherParsed.kind, other).toBe('tree')
            if (otherParsed.kind === 'tree')
              expect(fingerprintOf(otherParsed.json), other).toBe(fingerprintOf(parsed.json))
            expect(
              otherParsed.kind === 'tree' &&
                shapeStands(Buffer.from(other), 0, shapeOf(other)?.literals ?? [], otherParsed),
            ).toBe(stands)
          }
        }
        expect(shared).toBeGreaterThan(100)
      })
    },
  )
}

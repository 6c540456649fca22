import * as fc from 'fast-check'
import type { StatementFacts } from '@gatehouse/core'
import { beforeAll, expect, it, test } from 'vitest'
import { sampleEnvironment } from './facts/fixtures/sample-catalog.ts'
import { LibpgParser } from './libpg-parser.ts'
import { PostgresReader } from './reader.ts'
import { COMMON_PIECES, RARE_PIECES } from './shape-pieces.ts'
import { withoutLiterals } from './without-literals.ts'

let parser: LibpgParser
beforeAll(async () => {
  parser = await LibpgParser.create()
})

const UNDERSTOOD = { statements: [], fingerprint: '' }
const redact = (text: string): string => withoutLiterals(text, UNDERSTOOD)

test.each([
  ["select 'a', 1 from t where x = $1", "select '[redacted]', [redacted] from t where x = $1"],
  ["where s = E'it\\'s ' || 'a''b'", "where s = '[redacted]' || '[redacted]''[redacted]'"],
  ["e'a'\n'\\'b' x", "'[redacted]' x"],
  ["b'01' x'ff' n'a' U&'\\0061'", "b'[redacted]' x'[redacted]' n'[redacted]' U&'[redacted]'"],
  ['do $$ secret $$, $t$ a $$ b $t$', "do '[redacted]', '[redacted]'"],
  [
    '1.5 .5 5. 1e+5 1E-5x 0x1F 1_000 -7',
    '[redacted] [redacted] [redacted] [redacted] [redacted] [redacted] [redacted] -[redacted]',
  ],
  ["0x1E'\\''qzv'", "[redacted]'[redacted]''[redacted]'"],
  ["..0x1E'\\''qzv'", "..[redacted]'[redacted]''[redacted]'"],
  ['..5.e7770777.5 1..5.e7', '..[redacted][redacted] [redacted]..[redacted]'],
  ["1e51.aE'\\''qzv'", "[redacted]'[redacted]''[redacted]'"],
  ["0x1.E'\\'qzv'", "[redacted].'[redacted]'"],
  ['a1 "b 2" t.c3 $1 x1y', 'a1 "b 2" t.c3 $1 x1y'],
  ['a = TRUE or falsehood', 'a = [redacted] or falsehood'],
  ["select /* 'a /* b */ c' */ 1 -- d\n+ 2", 'select   [redacted]  \n+ [redacted]'],
  ["x = 'never closed", "x = '[redacted]'"],
  ["größe = 'größe'", "größe = '[redacted]'"],
])('of %s stays %s', (text, kept) => expect(redact(text)).toBe(kept))

test('a value in the quotes of names goes where the text was not understood', () => {
  const facts = { statements: [{ complete: false } as StatementFacts], fingerprint: '' }
  expect(withoutLiterals('where email = "ada@x.example"', facts)).toBe('where email = [redacted]')
})

it('keeps nothing that the server’s own scanner calls a literal', () => {
  const value = fc.constantFrom(
    "'qzv'",
    "E'qz\\'qzv'",
    '$$qzv$$',
    '$q$ qzv $$ $q$',
    "U&'qzv'",
    "b'qzv'",
    "n'qzv'",
    '7770777',
    '7770777.5',
    '/*qzv*/',
    '--qzv\n',
  )
  const pieces = fc.array(fc.oneof(fc.constantFrom(...COMMON_PIECES, ...RARE_PIECES), value), { maxLength: 12 })
  let seen = 0
  fc.assert(
    fc.property(pieces, (some) => {
      const text = some.join('')
      const answer = parser.scan(text)
      // The library ends at a NUL, and continues no string over a comment: no such text is read.
      if (!answer.startsWith('{') || text.includes('\0') || /'\s*--/.test(text)) return
      for (const [, name, own] of tokensOf(answer)) {
        if (!/^(?:SCONST|ICONST|FCONST|BCONST|XCONST|USCONST)$/.test(name) || !/qzv|777/.test(own)) continue
        seen++
      }
      const kept = redact(text)
      // What is left of them stands in names.
      const named = tokensOf(answer)
        // The library has no name for a quoted name with Unicode escapes.
        .filter(([, name, own]) => /IDENT|PARAM/.test(name) || /^U&"/i.test(own))
        .map(([, , own]) => own)
        .join(' ')
      for (const canary of ['qzv', '7770777']) if (kept.includes(canary)) expect(named).toContain(canary)
    }),
    { numRuns: 20_000 },
  )
  expect(seen).toBeGreaterThan(500)
})

function tokensOf(answer: string): readonly (readonly [start: number, name: string, text: string])[] {
  const escaped = answer.replace(
    /[\x00-\x1f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  const { tokens } = JSON.parse(escaped) as { tokens: { start: number; text: string; tokenName: string }[] }
  return tokens.map(({ start, tokenName, text }) => [start, tokenName, text] as const)
}

test('the reader takes them out of what it reads', async () => {
  const reader = await PostgresReader.create({ catalogRows: () => undefined })
  const text = "select 'a' where 1 = 2"
  const reading = reader.read(Buffer.from(text), 0, text.length, sampleEnvironment())
  if (reading.kind !== 'read') throw new Error(reading.message)
  expect(reader.withoutLiterals(text, reading.facts)).toBe("select '[redacted]' where [redacted] = [redacted]")
  await reader.close()
})

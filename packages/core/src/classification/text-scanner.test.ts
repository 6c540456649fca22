import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DETECTORS, type Detector } from './detector.ts'
import { TextScanner } from './text-scanner.ts'

const all = new TextScanner(DETECTORS)

function found(text: string, scanner: TextScanner = all): [Detector | undefined, string][] {
  const bytes = Buffer.from(text)
  const count = scanner.scan(bytes, 0, bytes.length)
  const { starts, ends, detectors } = scanner.spans
  return Array.from({ length: count }, (_, index) => [
    DETECTORS[detectors[index] ?? 0],
    bytes.subarray(starts[index], ends[index]).toString(),
  ])
}

const card = '4111111111111111'

test.each([
  ['4111 1111 1111 1111', '4111 1111 1111 1111'],
  ['4111-1111-1111-1111', '4111-1111-1111-1111'],
  ['4111\u00a01111\u202f1111\u00a01111', '4111\u00a01111\u202f1111\u00a01111'],
  ['4111\u20111111\u20111111\u20111111', '4111\u20111111\u20111111\u20111111'],
  ['4\u200b111111111111111', '4\u200b111111111111111'],
  ['４１１１１１１１１１１１１１１１', '４１１１１１１１１１１１１１１１'],
  ['٤١١١١١١١١١١١١١١١', '٤١١١١١١١١١١١١١١١'],
  ['12/27 4111 1111 1111 1111 123', '4111 1111 1111 1111'],
  [`{"pan":${card}}`, card],
  [`pan\\n${card}`, card],
  [`${card}.`, card],
  ['3714 496353 98431', '3714 496353 98431'],
  ['0- 4111 1111 1111 1111 -0', '4111 1111 1111 1111'],
  ['4111 - 1111 - 1111 - 1111', '4111 - 1111 - 1111 - 1111'],
  ['41 11 11 11 11 11 11 11', '41 11 11 11 11 11 11 11'],
])('a card number is found in %j', (text, number) => {
  expect(found(text)).toEqual([['credit_card', number]])
})

test.each([
  `x${card}`,
  `${card}x`,
  `${card}0000`,
  `0.${card}`,
  `${card}.5`,
  '4111111111111112',
  `a7-${card}`,
  '4111 11111 111 1111 1111 111',
  '4111,1111,1111,1111',
  '4111\n1111\n1111\n1111',
])('no card number is found in %j', (text) => {
  expect(found(text)).toEqual([])
})

test('a number behind many others is found, wherever a stretch of the run ends', () => {
  for (let before = 0; before < 80; before++) {
    const text = `${'7 '.repeat(before)}${card.replace(/(\d{4})(?=\d)/g, '$1 ')}${' 7'.repeat(before)}`
    expect(found(text).map(([detector]) => detector)).toEqual(['credit_card'])
  }
})

test.each([
  ['lena@example.com-1', 'lena@example.com'],
  ['lena@example.com.', 'lena@example.com'],
  ['lena@example.com.1', 'lena@example.com'],
  ['lena@my-host.example.org-old', 'lena@my-host.example.org'],
  ['<lena@example.com>,', 'lena@example.com'],
  ['le\u200bna@exam\u200bple.com', 'le\u200bna@exam\u200bple.com'],
])('an address is found in %j', (text, address) => {
  expect(found(text)).toEqual([['email', address]])
})

test('what overlaps is one span, under the name of the detector that stands first', () => {
  expect(found('postgres://app:s3cret@db.example.com/x')).toEqual([['secret_key', 's3cret@db.example.com']])
})

test('a key whose prefix stands between digits is found', () => {
  expect(found(`sk-or-v1-15${'0a'.repeat(31)}`)).toEqual([['secret_key', `sk-or-v1-15${'0a'.repeat(31)}`]])
  expect(found(`----------glpat-${'a1'.repeat(10)}`).map(([detector]) => detector)).toEqual(['secret_key'])
})

test('only the chosen detectors report', () => {
  const text = `mail a@example.com, card ${card}, SSN 123-45-6789, +4915112345678`
  for (const detector of DETECTORS) {
    for (const [name] of found(text, new TextScanner([detector]))) expect(name).toBe(detector)
  }
  expect(found(text).map(([detector]) => detector)).toEqual(['email', 'credit_card', 'us_ssn', 'phone'])
  expect(found(text, new TextScanner([]))).toEqual([])
})

test('nothing outside the bounds is read as part of a value', () => {
  const bytes = Buffer.from(`${card}0`)
  expect(all.scan(bytes, 0, card.length)).toBe(1)
  expect(all.scan(bytes, 1, card.length)).toBe(0)
})

const pieces = [
  card, '4111 1111', '-----BEGIN RSA PRIVATE KEY-----', '-----END RSA PRIVATE KEY-----', 'a@example.com', '@', '＠', 'eyJhbGciOiJIUzI1NiJ9.', 'eyJ',
  'GB82WEST12345698765432', 'DE89 3704 0044 0532 0130 00', '+49 (0)30 1234567', '(415) 555-2671', 'AKIAIOSFODNN7EXAMPLE', 'pwd=', 'password: ',
  'postgres://u:p@h', '://', ':', '=', '.', '-', ' ', '\u200b', '\u00a0', '１２３', 'ssn', '123-45-6789', '123456789:AA', 'sk-', 'SG.', '\\', '"', '\n',
  'PuTTY-User-Key-File-2: ', 'Private-MAC: 00', '\u{1d7d0}', 'é', '漢', '00',
] // prettier-ignore

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((some) => Buffer.from(some.join(''))),
  fc
    .tuple(fc.array(fc.constantFrom(...pieces), { maxLength: 12 }), fc.uint8Array({ maxLength: 6 }))
    .map(([some, bytes]) => Buffer.concat([Buffer.from(some.join('')), bytes, Buffer.from(some.join(' '))])),
)

test('any bytes at all: no throw, spans in order, inside the text, apart from each other', () => {
  fc.assert(
    fc.property(anyBytes, fc.nat(40), fc.nat(40), (bytes, skip, cut) => {
      const start = Math.min(skip, bytes.length)
      const end = Math.max(start, bytes.length - cut)
      const count = all.scan(bytes, start, end)
      let last = start
      for (let index = 0; index < count; index++) {
        const from = all.spans.starts[index] ?? -1
        const to = all.spans.ends[index] ?? -1
        expect(from).toBeGreaterThanOrEqual(last)
        expect(to).toBeGreaterThan(from)
        expect(to).toBeLessThanOrEqual(end)
        last = to
      }
    }),
    { numRuns: 3000 },
  )
})

test('text that is cut at spans is still UTF-8', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (some) => {
      const bytes = Buffer.from(some.join(''))
      const count = all.scan(bytes, 0, bytes.length)
      for (let index = 0; index < count; index++) {
        for (const edge of [all.spans.starts[index] ?? 0, all.spans.ends[index] ?? 0]) {
          // No byte that continues a character begins a piece.
          expect(edge === bytes.length || ((bytes[edge] ?? 0) & 0xc0) !== 0x80).toBe(true)
        }
      }
    }),
    { numRuns: 3000 },
  )
})

test('the same text gives the same spans again', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const text = bytes.toString('utf8')
      expect(found(text)).toEqual(found(text))
    }),
    { numRuns: 300 },
  )
})

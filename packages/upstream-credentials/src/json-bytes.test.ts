import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isObject, type JsonBytes, overwriteJson, readJsonBytes } from './json-bytes.ts'

function plain(value: JsonBytes): unknown {
  if (Buffer.isBuffer(value)) return value.toString()
  if (isObject(value)) return Object.fromEntries([...value].map(([name, member]) => [name, plain(member)]))
  return Array.isArray(value) ? value.map((member: JsonBytes) => plain(member)) : value
}

test('reads what JSON.parse reads', () => {
  const values = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'))
  fc.assert(
    fc.property(values, fc.constantFrom(0, 2), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces).replaceAll('é', String.raw`\u00e9`)
      expect(plain(readJsonBytes(Buffer.from(text)))).toEqual(JSON.parse(text))
    }),
  )
  const escaped = String.raw`{"a":"\u0041\ud83d\ude00\n\/\\\""}`
  expect(plain(readJsonBytes(Buffer.from(escaped)))).toEqual(JSON.parse(escaped))
})

const CHARACTERS = '{ } [ ] " : , \\ u 0 d 8 a 1 e - + . t n'.split(' ').concat(' ')

test('takes nothing that JSON.parse does not take, and never hangs', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...CHARACTERS) }), (text) => {
      let value: unknown
      try {
        value = plain(readJsonBytes(Buffer.from(text)))
      } catch {
        return
      }
      expect(value).toEqual(JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['a name twice', '{"a":1,"a":2}'],
  ['a name twice, once escaped', String.raw`{"a":1,"\u0061":2}`],
  ['half a character', String.raw`"\ud83d"`],
  ['too many levels', '['.repeat(40) + ']'.repeat(40)],
  ['no end', '{"a":"b'],
  ['an escape at the end', '"\\'],
])('refuses %s', (_what, text) => {
  expect(() => readJsonBytes(Buffer.from(text))).toThrow()
})

test('every text can be overwritten, but those that are kept', () => {
  const bytes = Buffer.from('{"a":"one","b":["two",{"c":"three"}]}')
  const value = readJsonBytes(bytes)
  const kept = isObject(value) ? value.get('a') : null
  if (!Buffer.isBuffer(kept)) throw new Error('no text')
  overwriteJson(value, kept)
  expect(plain(value)).toEqual({ a: 'one', b: ['\0\0\0', { c: '\0\0\0\0\0' }] })
  bytes.fill(0)
  expect(kept.toString()).toBe('one')
})

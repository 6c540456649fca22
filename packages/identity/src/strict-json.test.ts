import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_JSON_DEPTH, readStrictJson } from './strict-json.ts'

const read = (text: string): ReturnType<typeof readStrictJson> => readStrictJson(Buffer.from(text))

describe('strict JSON', () => {
  test('reads whatever is JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), fc.constantFrom(0, 2, '\t', '\n'), (text, space) => {
        const value: unknown = JSON.parse(text)
        expect(read(JSON.stringify(value, null, space))).toEqual({ value })
      }),
      { numRuns: 500 },
    )
  })

  test('finds a name given twice, wherever it stands and however it is spelled', () => {
    const escape = (name: string): string =>
      name.replaceAll(/[\s\S]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    fc.assert(
      fc.property(
        fc.string(),
        fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 5 }),
        fc.nat(5),
        (name, values, depth) => {
          const between = values
            .map((value, index) => `${JSON.stringify(`${name}-${index}`)}: ${JSON.stringify(value)},`)
            .join(' ')
          const twice = `{${JSON.stringify(name)} :1, ${between} "${escape(name)}"\n: {}}`
          const text = '[{"x":'.repeat(depth) + twice + '}]'.repeat(depth)
          expect(() => JSON.parse(text)).not.toThrow()
          expect(read(text)).toEqual({ fault: 'duplicate-name' })
        },
      ),
      { numRuns: 500 },
    )
  })

  test.each([
    '{"a":1,"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":"a","b":["a","a"]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a\\\\":1,"a":"\\\\"}',
    '{"a":"\\":","b":"\\":"}',
  ])('does not see a name twice in %s', (text) => {
    expect(read(text)).toEqual({ value: JSON.parse(text) })
  })

  test('stops at its depth', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    expect(read(nested(MAX_JSON_DEPTH))).toHaveProperty('value')
    expect(read(nested(MAX_JSON_DEPTH + 1))).toEqual({ fault: 'too-deep' })
  })

  test('is strict UTF-8', () => {
    for (const bytes of [
      [0x22, 0xe9, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
    ]) {
      expect(readStrictJson(Buffer.from(bytes))).toEqual({ fault: 'not-json' })
    }
  })

  test('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const reading = readStrictJson(bytes)
        expect('value' in reading || 'fault' in reading).toBe(true)
      }),
    )
    for (const text of ['', '{', '"', '{"a"', '{"a":1,}', 'NaN', "{'a':1}", '\ufeff{}', '{}\0', '01']) {
      expect(read(text)).toEqual({ fault: 'not-json' })
    }
  })
})

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CellMask } from '../masking/cell-mask.ts'
import { GrowableOutput } from '../masking/cell-output.ts'
import type { CellFormat, ValueType } from '../masking/value-type.ts'
import { type ClassifiedType, compileClassifyMask, type Redactors } from './compile-classify-mask.ts'
import { DETECTORS, type Detector } from './detector.ts'
import { Finds, type Replacement, TextRedactor } from './text-redactor.ts'

const finds = new Finds()
const redact = new Map<Detector, Replacement>(DETECTORS.map((detector) => [detector, { kind: 'redact' }]))
const redactors: Redactors = { outer: new TextRedactor(redact, finds), inner: new TextRedactor(redact, finds) }

const oids: Readonly<Record<string, number>> = {
  text: 25, varchar: 1043, bpchar: 1042, name: 19, json: 114, jsonb: 3802, xml: 142, int4: 23, record: 2249, tsvector: 3614,
} // prettier-ignore

function typeNamed(name: string, modifier = -1): ClassifiedType {
  const type: ValueType = { name, oid: oids[name] ?? 90_000, element: null, enumLabels: null, modifier }
  return { type, composite: name === 'composite', element: null }
}

function arrayOf(element: ClassifiedType): ClassifiedType {
  const type: ValueType = { ...element.type, name: `_${element.type.name}`, oid: 90_100, element: element.type }
  return { type, composite: false, element: { oid: element.type.oid, type: element } }
}

const typeByOid = (oid: number): ClassifiedType =>
  typeNamed(Object.keys(oids).find((name) => oids[name] === oid) ?? 'unheard_of')

function maskOf(type: ClassifiedType, format: CellFormat): CellMask | null {
  return compileClassifyMask(type, format, redactors, typeByOid)
}

/** The cell as it leaves: as it is where the mask keeps it. */
function masked(type: ClassifiedType, format: CellFormat, cell: Buffer): Buffer | null {
  const mask = maskOf(type, format)
  const source = Buffer.concat([Buffer.from('"4111'), cell, Buffer.from('1111"')])
  if (mask === null || mask.keeps?.(source, 5, 5 + cell.length) === true) return cell
  const out = new GrowableOutput(1)
  return mask.apply(source, 5, 5 + cell.length, out) ? out.bytes.subarray(0, out.length) : null
}

const text = (type: ClassifiedType, value: string): string | undefined =>
  masked(type, 0, Buffer.from(value))?.toString()

const secrets = [
  '4111 1111 1111 1111',
  '4111111111111111',
  'lena@example.com',
  '123-45-6789',
  'DE89370400440532013000',
  '+49 30 12345678',
]
const filling = fc.string({ unit: fc.constantFrom(...Array.from(' ,.:;-é漢\n\t"\\{}[]()<>&=x0')), maxLength: 6 })
/** Text with and without what is looked for. */
const anyText = fc
  .array(fc.oneof(fc.constantFrom(...secrets), filling, filling, fc.string({ maxLength: 8 })), { maxLength: 6 })
  .map((parts) => parts.join(' ').replaceAll('\0', '').toWellFormed())
const anyJson = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    anyText,
    fc.constantFrom(4111111111111111, 12, -1.5, true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(anyText, tie('value'), { maxKeys: 3 }),
  ),
})).value

const holds = (found: string): boolean =>
  secrets.some((secret) => new RegExp(`(^|[^\\w.+-])${secret.replace('+', '\\+')}($|[^\\w.@-])`).test(found))

/** JSON as it may also be written: any character as an escape. */
function escapedJson(value: unknown, every: number): string {
  let seen = 0
  return JSON.stringify(value).replaceAll(/"(?:[^"\\]|\\.)*"/g, (string) => {
    const plain = JSON.parse(string) as string
    let written = ''
    for (let index = 0; index < plain.length; index++) {
      written +=
        seen++ % every === 0
          ? `\\u${plain.charCodeAt(index).toString(16).padStart(4, '0')}`
          : JSON.stringify(plain.charAt(index)).slice(1, -1)
    }
    return `"${written}"`
  })
}

describe('classifying masks', () => {
  test('types without text have none', () => {
    expect(maskOf(typeNamed('int4'), 0)).toBeNull()
    expect(maskOf(arrayOf(typeNamed('int4')), 1)).toBeNull()
  })

  test('text that may not grow keeps its number of characters', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('varchar', 'bpchar', 'name'), (value, name) => {
        const out = text(typeNamed(name, 4 + 200), value) ?? ''
        expect(Array.from(out)).toHaveLength(Array.from(value).length)
        expect(holds(out)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('JSON stays JSON of the same form, and holds nothing that is looked for, however it is escaped', () => {
    fc.assert(
      fc.property(anyJson, fc.integer({ min: 1, max: 9 }), fc.boolean(), (value, every, escaped) => {
        const cell = escaped ? escapedJson(value, every) : JSON.stringify(value)
        const out: unknown = JSON.parse(text(typeNamed('json'), cell) ?? '')
        expect(Array.isArray(out)).toBe(Array.isArray(value))
        const said: string[] = []
        JSON.stringify(out, (key, inner: unknown) => {
          said.push(key, typeof inner === 'string' || typeof inner === 'number' ? String(inner) : '')
          return inner
        })
        expect(said.filter(holds)).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })

  test('jsonb in binary keeps its version byte', () => {
    const out = masked(typeNamed('jsonb'), 1, Buffer.from('\u0001{"a": "lena@example.com"}'))
    expect(out?.toString()).toBe('\u0001{"a": "[redacted email]"}')
  })

  test('a number in JSON that is a card number becomes a string', () => {
    expect(text(typeNamed('json'), '[4111111111111111,1]')).toBe('["[redacted credit_card]",1]')
  })

  test('a key across strings is replaced in each of them', () => {
    const lines = [
      '-----BEGIN PRIVATE KEY-----',
      'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
      '-----END PRIVATE KEY-----',
      'end',
    ]
    const out = text(typeNamed('json'), JSON.stringify(lines)) ?? ''
    expect(JSON.parse(out)).toEqual([...lines.slice(1).map(() => '[redacted private_key]'), 'end'])
  })

  test('arrays keep the number of their elements and their NULLs', () => {
    fc.assert(
      fc.property(fc.array(fc.option(anyText), { maxLength: 5 }), (elements) => {
        const quoted = elements.map((one) => (one === null ? 'NULL' : `"${one.replaceAll(/["\\]/g, String.raw`\$&`)}"`))
        const out = text(arrayOf(typeNamed('text')), `{${quoted.join(',')}}`) ?? ''
        const read = readArray(out)
        expect(read.map((one) => one === null)).toEqual(elements.map((one) => one === null))
        expect(read.filter((one) => one !== null && holds(one))).toEqual([])
        const binary = masked(arrayOf(typeNamed('text')), 1, binaryArray(elements)) ?? Buffer.alloc(0)
        expect(binary.readInt32BE(0)).toBe(elements.length === 0 ? 0 : 1)
        expect(holds(binary.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '\0'))).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('row values in binary keep their columns, at any depth', () => {
    const inner = record([
      [25, 'lena@example.com'],
      [23, '\0\0\0\u0001'],
      [25, null],
    ])
    const out = masked(
      typeNamed('record'),
      1,
      record([
        [2249, inner],
        [25, 'x'],
      ]),
    )
    expect(out).toEqual(
      record([
        [
          2249,
          record([
            [25, '[redacted email]'],
            [23, '\0\0\0\u0001'],
            [25, null],
          ]),
        ],
        [25, 'x'],
      ]),
    )
  })

  test('a type that is not known keeps its length in binary', () => {
    const cell = Buffer.from('\0\0\0\u0001lena@example.com\0\u0007')
    const out = masked(typeNamed('unheard_of'), 1, cell)
    expect(out).toHaveLength(cell.length)
    expect(out?.toString()).not.toContain('lena')
  })
})

describe('for any bytes of any type', () => {
  const scalars = [
    'text',
    'varchar',
    'bpchar',
    'name',
    'json',
    'jsonb',
    'xml',
    'record',
    'tsvector',
    'composite',
    'hstore',
    'unheard_of',
  ]
  const types = scalars.flatMap((name) => [typeNamed(name), typeNamed(name, 4 + 9), arrayOf(typeNamed(name))])
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
    anyText.map((value) => Buffer.from(value)),
    anyText.map((value) => Buffer.from(`{"${value}`)),
    fc.array(fc.option(anyText), { maxLength: 4 }).map(binaryArray),
    fc
      .tuple(fc.array(fc.option(anyText), { maxLength: 4 }), fc.nat(60), fc.nat(255))
      .map(([elements, at, byte]) => spoiled(binaryArray(elements), at, byte)),
  )

  test('masks never throw, touch nothing before them, and change nothing of what they keep', () => {
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.constantFrom<CellFormat>(0, 1), anyBytes, (type, format, cell) => {
        const mask = maskOf(type, format)
        if (mask === null) return
        const out = new GrowableOutput(1)
        out.ensure(3)
        out.length = out.bytes.write('abc')
        const kept = mask.keeps?.(cell, 0, cell.length) === true
        const present = mask.apply(cell, 0, cell.length, out)
        expect(out.bytes.toString('latin1', 0, 3)).toBe('abc')
        if (!present) expect(out.length).toBe(3)
        if (kept) expect(out.bytes.subarray(3, out.length)).toEqual(cell)
      }),
      { numRuns: 8000 },
    )
  })
})

function readArray(literal: string): (string | null)[] {
  const found = [...literal.slice(1, -1).matchAll(/"((?:[^"\\]|\\.)*)"|([^,"]+)/gs)]
  return found.map(([, quoted, bare]) =>
    quoted === undefined ? (bare === 'NULL' ? null : (bare ?? '')) : quoted.replaceAll(/\\(.)/gs, '$1'),
  )
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function binaryArray(elements: readonly (string | null)[]): Buffer {
  if (elements.length === 0) return Buffer.concat([0, 0, 25].map(int32))
  const header = [1, elements.includes(null) ? 1 : 0, 25, elements.length, 1].map(int32)
  return Buffer.concat([...header, ...elements.map(sized)])
}

function sized(value: string | Buffer | null): Buffer {
  if (value === null) return int32(-1)
  const bytes = Buffer.from(value)
  return Buffer.concat([int32(bytes.length), bytes])
}

function record(columns: readonly (readonly [oid: number, value: string | Buffer | null])[]): Buffer {
  return Buffer.concat([
    int32(columns.length),
    ...columns.map(([oid, value]) => Buffer.concat([int32(oid), sized(value)])),
  ])
}

function spoiled(bytes: Buffer, at: number, byte: number): Buffer {
  if (at < bytes.length) bytes[at] = byte
  return bytes
}

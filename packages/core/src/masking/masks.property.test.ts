import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../auth/secret.ts'
import { GrowableOutput } from './cell-output.ts'
import { checkMask, compileCellMask } from './compile-cell-mask.ts'
import type { MaskSpec } from './mask-spec.ts'
import { MaskingKeys } from './masking-keys.ts'
import { typeRows } from './type-table.ts'
import type { CellFormat, ValueType } from './value-type.ts'

const keys = MaskingKeys.single(new Secret('7'.repeat(32)))

const plainTypes: readonly ValueType[] = typeRows.map((row) => typeOf(row.name, row.oid ?? 99_999))
const someEnum: ValueType = { ...typeOf('mood', 90_001), enumLabels: ['sad', 'happy'] }
const scalars: readonly ValueType[] = [
  ...plainTypes,
  someEnum,
  typeOf('composite', 90_002),
  { ...typeOf('varchar', 1043), modifier: 4 + 5 },
  { ...typeOf('bpchar', 1042), modifier: 4 + 20 },
  { ...typeOf('bit', 1560), modifier: 9 },
  { ...typeOf('numeric', 1700), modifier: (10 << 16) + 4 + 2 },
]
const types = [...scalars, ...scalars.map((element) => ({ ...typeOf(`_${element.name}`, 90_100), element }))]

const specs: readonly MaskSpec[] = [
  { kind: 'redact' },
  { kind: 'null' },
  { kind: 'partial', keepFirst: 2, keepLast: 3 },
  { kind: 'email' },
  { kind: 'hash' },
  { kind: 'pseudonym', domain: 'd' },
  { kind: 'truncate', to: 'month' },
  { kind: 'truncate', to: 'hour' },
  { kind: 'truncate', to: 100 },
]

const anyType = fc.constantFrom(...types)
const anySpec = fc.constantFrom(...specs)
const anyFormat = fc.constantFrom<CellFormat>(0, 1)
const textTypes = fc.constantFrom(...['text', 'varchar', 'bpchar', 'citext'].map((name) => typeNamed(name)))

/** Bytes that look like the beginning of something: arrays, dates, numbers, addresses; and any bytes at all. */
const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  fc
    .string({ unit: fc.constantFrom(...Array.from('{},"\\[]:=NUL 0123456789-+.@abBCe\n;')), maxLength: 40 })
    .map((text) => Buffer.from(text)),
  fc
    .tuple(fc.integer({ min: -1, max: 7 }), fc.array(fc.integer({ min: -2, max: 9 }), { maxLength: 12 }))
    .map(([dimensions, numbers]) => int32s([dimensions, 0, 25, ...numbers])),
  fc
    .integer({ min: 0, max: 20 })
    .chain((length) => fc.constantFrom(Buffer.alloc(length, 0xff), Buffer.alloc(length, 0x80))),
)

/** Text that could not come out of a mask by itself. */
const secret = fc
  .string({ unit: 'grapheme', minLength: 4, maxLength: 40 })
  .filter((text) => !/[*\0]/.test(text) && Buffer.byteLength(text) >= 4 && !/^[ redacted[\]]*$/.test(text))

describe('masks, for any bytes of any type', () => {
  it('never throw, write nothing where the value becomes NULL, leave what was there, and stay within a bound', () => {
    fc.assert(
      fc.property(anyType, anySpec, anyFormat, anyBytes, (type, spec, format, cell) => {
        const out = new GrowableOutput(1)
        out.ensure(3)
        out.length = out.bytes.write('abc')
        const source = Buffer.concat([Buffer.from('{"x'), cell, Buffer.from('y"}')])
        const present = compileCellMask(spec, type, format, keys).apply(source, 3, 3 + cell.length, out)
        expect(out.bytes.toString('latin1', 0, 3)).toBe('abc')
        if (!present) expect(out.length).toBe(3)
        expect(out.length).toBeLessThanOrEqual(3 + 128 * (cell.length + 1))
      }),
      { numRuns: 20_000 },
    )
  })

  it('do not look outside the cell', () => {
    fc.assert(
      fc.property(anyType, anySpec, anyFormat, anyBytes, anyBytes, (type, spec, format, cell, around) => {
        const alone = masked(spec, type, format, cell)
        const source = Buffer.concat([around, cell, around])
        const out = new GrowableOutput()
        const present = compileCellMask(spec, type, format, keys).apply(
          source,
          around.length,
          around.length + cell.length,
          out,
        )
        expect(present ? out.bytes.subarray(0, out.length) : null).toEqual(alone)
      }),
      { numRuns: 5000 },
    )
  })

  it('give the redacted value for a binary cell of the wrong length', () => {
    const sizes = new Map(typeRows.map((row) => [row.name, Buffer.from(row.binary, 'hex').length]))
    const fixed = plainTypes.filter((type) => /^(?:int|uuid|float|date|timestamp|oid|numeric)/.test(type.name))
    fc.assert(
      fc.property(fc.constantFrom(...fixed), anySpec, anyBytes, (type, spec, cell) => {
        if (spec.kind === 'null' || cell.length === sizes.get(type.name)) return
        if (type.name === 'numeric' && cell.length >= 8) return
        expect(masked(spec, type, 1, cell)).toEqual(masked({ kind: 'redact' }, type, 1, cell))
      }),
      { numRuns: 5000 },
    )
  })
})

describe('masks on text', () => {
  it('never let the value out, in either format, as a scalar or in an array', () => {
    const textSpecs = specs.filter((spec) => spec.kind !== 'hash')
    fc.assert(
      fc.property(textTypes, fc.constantFrom(...textSpecs), anyFormat, secret, (type, spec, format, text) => {
        const cell = Buffer.from(text)
        expect(masked(spec, type, format, cell)?.includes(cell)).not.toBe(true)
        const array = { ...typeOf('_text', 1009), element: type }
        const arrayCell = format === 0 ? Buffer.from(`{${quoted(text)},NULL}`) : binaryArray(type.oid, [cell, null])
        const plain = format === 0 ? Buffer.from(quoted(text).slice(1, -1)) : cell
        expect(masked(spec, array, format, arrayCell)?.includes(plain)).not.toBe(true)
      }),
      { numRuns: 5000 },
    )
  })

  it('hash to something that does not hold the value', () => {
    fc.assert(
      fc.property(textTypes, anyFormat, secret, (type, format, text) => {
        fc.pre(Buffer.byteLength(text) >= 10)
        expect(masked({ kind: 'hash' }, type, format, Buffer.from(text))?.includes(Buffer.from(text))).toBe(false)
      }),
    )
  })

  it('partial never cuts a character in two, and keeps the number of characters', () => {
    const units = fc.constantFrom('a', 'ü', '€', '😀', '\u0301', '中', '~')
    fc.assert(
      fc.property(fc.array(units, { maxLength: 30 }), fc.nat(8), fc.nat(8), (characters, keepFirst, keepLast) => {
        const result = masked(
          { kind: 'partial', keepFirst, keepLast },
          typeNamed('text'),
          0,
          Buffer.from(characters.join('')),
        )
        const shown = Array.from(new TextDecoder('utf-8', { fatal: true }).decode(result ?? Buffer.alloc(0)))
        const hidden = characters.length - keepFirst - keepLast
        const whole = hidden * 2 < keepFirst + keepLast
        expect(shown).toEqual(
          characters.map((character, index) =>
            !whole && (index < keepFirst || index >= characters.length - keepLast) ? character : '*',
          ),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('redact what is not UTF-8 under partial, exactly where a strict decoder refuses it', () => {
    const bytes = fc.array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff),
    )
    fc.assert(
      fc.property(bytes, (values) => {
        const cell = Buffer.from(values)
        const result = masked({ kind: 'partial', keepFirst: 0, keepLast: 0 }, typeNamed('text'), 0, cell)?.toString()
        expect(result === '[redacted]').toBe(!isUtf8(cell))
      }),
      { numRuns: 20_000 },
    )
  })

  it('stay within the length of varchar(n) and fill char(n)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 80 }),
        anySpec,
        fc.string({ unit: 'grapheme', maxLength: 80 }),
        (limit, spec, text) => {
          const value = Array.from(text.replaceAll('\0', '')).slice(0, limit).join('')
          const varchar = masked(spec, { ...typeNamed('varchar'), modifier: limit + 4 }, 0, Buffer.from(value))
          const char = masked(
            spec,
            { ...typeNamed('bpchar'), modifier: limit + 4 },
            0,
            Buffer.from(value.padEnd(limit)),
          )
          if (varchar !== null) expect(Array.from(varchar.toString()).length).toBeLessThanOrEqual(limit)
          if (char !== null) expect(Array.from(char.toString()).length).toBeLessThanOrEqual(limit)
          // Of these two the fill is the server's own.
          const kept = spec.kind === 'partial' || spec.kind === 'pseudonym'
          if (char !== null && !kept) expect(Array.from(char.toString())).toHaveLength(limit)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

describe('masks on arrays', () => {
  const elements = fc.array(
    fc.option(fc.string({ unit: fc.constantFrom(...Array.from('ab,"\\{} \nNULl;é')), maxLength: 6 })),
    {
      maxLength: 5,
    },
  )

  it('keep the number of elements and every NULL, and read any literal the server can write', () => {
    fc.assert(
      fc.property(elements, (values) => {
        const literal = `{${values.map((value) => (value === null ? 'NULL' : quoted(value))).join(',')}}`
        const text = { ...typeOf('_text', 1009), element: typeNamed('text') }
        const expected = `{${values.map((value) => (value === null ? 'NULL' : '[redacted]')).join(',')}}`
        expect(masked({ kind: 'redact' }, text, 0, Buffer.from(literal))?.toString()).toBe(expected)
        const cells = values.map((value) => (value === null ? null : Buffer.from(value)))
        const binary = masked({ kind: 'redact' }, text, 1, binaryArray(25, cells))
        expect(binary).toEqual(
          binaryArray(
            25,
            cells.map((cell) => (cell === null ? null : Buffer.from('[redacted]'))),
          ),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('write an element so that the literal reads back as that element', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('ab,"\\{} \nNULl;é\t')), maxLength: 6 }), (value) => {
        const text = { ...typeOf('_text', 1009), element: typeNamed('text') }
        const constant: MaskSpec = { kind: 'constant', value }
        expect(checkMask(constant, text)).toBeNull()
        const once = masked(constant, text, 0, Buffer.from('{x}'))
        // Masking nothing but the length shows how many characters the element has for a reader of the literal.
        const again = masked({ kind: 'partial', keepFirst: 0, keepLast: 0 }, text, 0, once ?? Buffer.alloc(0))
        expect(again?.toString()).toBe(value === '' ? '{""}' : `{${'*'.repeat(Array.from(value).length)}}`)
      }),
      { numRuns: 3000 },
    )
  })
})

function masked(spec: MaskSpec, type: ValueType, format: CellFormat, cell: Buffer): Buffer | null {
  const out = new GrowableOutput(1)
  const present = compileCellMask(spec, type, format, keys).apply(cell, 0, cell.length, out)
  return present ? out.bytes.subarray(0, out.length) : null
}

function typeOf(name: string, oid: number): ValueType {
  return { name, oid, element: null, enumLabels: null, modifier: -1 }
}

function typeNamed(name: string): ValueType {
  const row = typeRows.find((candidate) => candidate.name === name)
  return typeOf(name, row?.oid ?? 99_999)
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}

function int32s(values: readonly number[]): Buffer {
  return Buffer.concat(
    values.map((value) => {
      const bytes = Buffer.alloc(4)
      bytes.writeInt32BE(value)
      return bytes
    }),
  )
}

function binaryArray(oid: number, cells: readonly (Buffer | null)[]): Buffer {
  if (cells.length === 0) return int32s([0, 0, oid])
  const body = cells.map((cell) => (cell === null ? int32s([-1]) : Buffer.concat([int32s([cell.length]), cell])))
  return Buffer.concat([int32s([1, cells.includes(null) ? 1 : 0, oid, cells.length, 1]), ...body])
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

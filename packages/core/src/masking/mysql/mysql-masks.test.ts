import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../auth/secret.ts'
import { MaskNotApplicable } from '../cell-mask.ts'
import { GrowableOutput } from '../cell-output.ts'
import { compileCellMask } from '../compile-cell-mask.ts'
import type { MaskSpec } from '../mask-spec.ts'
import { MaskingKeys } from '../masking-keys.ts'
import type { ValueType } from '../value-type.ts'
import { MYSQL_TYPES } from './column-type.ts'
import type { MysqlCellFormat, MysqlColumnType } from './column-type.ts'
import { checkMysqlMask, compileMysqlCellMask, mysqlMaskEffect } from './compile-mysql-cell-mask.ts'
import { mysqlColumnTypeOf } from './declared-type.ts'
import { appendLengthEncodedCell } from './length-encoded-cell.ts'
import { redactedMysqlValue } from './redacted-mysql-value.ts'
import { TemporalValue } from './temporal-value.ts'

const keys = MaskingKeys.single(new Secret('7'.repeat(32)))
const pseudonym: MaskSpec = { kind: 'pseudonym', domain: 'd' }
const hash: MaskSpec = { kind: 'hash' }
const specs: readonly MaskSpec[] = [
  { kind: 'redact' },
  { kind: 'withhold' },
  { kind: 'null' },
  { kind: 'partial', keepFirst: 2, keepLast: 3 },
  { kind: 'email' },
  hash,
  pseudonym,
  ...(['year', 'month', 'day', 'hour', 1, 7, 1000] as const).map((to) => ({ kind: 'truncate', to }) as const),
]

/** Every type, as information_schema writes it. */
const declared = [
  'tinyint', 'tinyint unsigned', 'smallint', 'smallint unsigned', 'mediumint', 'mediumint unsigned', 'int', 'int unsigned', 'bigint',
  'bigint unsigned', 'int(7) unsigned zerofill', 'tinyint(1)', 'year', 'decimal(12,2)', 'decimal(5,5)', 'decimal(65,0) unsigned', 'float',
  'double', 'date', 'datetime', 'datetime(6)', 'timestamp', 'timestamp(3)', 'time', 'time(6)', 'char(20)', 'varchar(40)', 'varchar(5)',
  'tinytext', 'text', 'longtext', 'json', 'binary(16)', 'varbinary(20)', 'blob', 'bit(1)', 'bit(9)', 'bit(64)', 'uuid', 'inet4', 'inet6',
  "enum('a','b')", "set('a','b')", 'geometry', 'point', 'vector(3)',
] // prettier-ignore
const anyDeclared = fc.constantFrom(...declared)
const anySpec = fc.constantFrom(...specs)
const anyFormat = fc.constantFrom<MysqlCellFormat>('text', 'binary')

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc
    .string({ unit: fc.constantFrom(...Array.from('0123456789-+.:@ abE{}"')), maxLength: 30 })
    .map((text) => Buffer.from(text)),
)

function apply(spec: MaskSpec, type: MysqlColumnType, format: MysqlCellFormat, cell: Buffer): Buffer | null {
  const out = new GrowableOutput(1)
  const source = Buffer.concat([Buffer.from('99'), cell, Buffer.from('99')])
  const present = compileMysqlCellMask(spec, type, format, keys).apply(source, 2, 2 + cell.length, out)
  if (!present) expect(out.length).toBe(0)
  return present ? Buffer.from(out.bytes.subarray(0, out.length)) : null
}

const text = (spec: MaskSpec, columnType: string, value: string): string | undefined =>
  apply(spec, mysqlColumnTypeOf(columnType), 'text', Buffer.from(value))?.toString()

function postgres(spec: MaskSpec, name: string, oid: number, value: string): string {
  const type: ValueType = { name, oid, element: null, enumLabels: null, modifier: -1 }
  const out = new GrowableOutput(1)
  compileCellMask(spec, type, 0, keys).apply(Buffer.from(value), 0, Buffer.byteLength(value), out)
  return out.bytes.toString('utf8', 0, out.length)
}

describe('masks of MySQL columns, for any bytes of any type', () => {
  it('never throw, keep what was written before, and append nothing where the value becomes NULL', () => {
    fc.assert(
      fc.property(anyDeclared, anySpec, anyFormat, anyBytes, (columnType, spec, format, cell) => {
        const out = new GrowableOutput(1)
        out.ensure(3)
        out.length = out.bytes.write('abc')
        const mask = compileMysqlCellMask(spec, mysqlColumnTypeOf(columnType), format, keys)
        const present = mask.apply(cell, 0, cell.length, out)
        expect(out.bytes.toString('latin1', 0, 3)).toBe('abc')
        if (!present) expect(out.length).toBe(3)
      }),
      { numRuns: 4000 },
    )
  })

  it('write a value of the type, whatever came', () => {
    fc.assert(
      fc.property(anyDeclared, anySpec, anyFormat, anyBytes, (columnType, spec, format, bytes) => {
        const limit = /^(?:var)?char\((\d+)|^decimal\((\d+)/.exec(columnType)
        const cell = bytes.subarray(0, limit === null ? bytes.length : Number(limit[1] ?? limit[2]))
        const masked = apply(spec, mysqlColumnTypeOf(columnType), format, cell)
        if (masked !== null) expect(problemOf(masked, columnType, format)).toBeNull()
      }),
      { numRuns: 6000 },
    )
  })

  it('hide what cannot be read', () => {
    fc.assert(
      fc.property(anyDeclared, anySpec, anyFormat, (columnType, spec, format) => {
        const type = mysqlColumnTypeOf(columnType)
        const secret = Buffer.from('\xff\xfe 4111-1111-1111-1111 \xff', 'latin1')
        const masked = apply(spec, type, format, secret)
        expect(masked === null || !masked.includes('4111-1111')).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('text and binary format', () => {
  const integer = fc
    .tuple(
      fc.constantFrom('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'bigint unsigned', 'tinyint unsigned'),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    )
    .map(([columnType, value]) => {
      const bits = columnType.startsWith('bigint')
        ? 64
        : ({ tinyint: 8, smallint: 16, mediumint: 24, int: 32 }[columnType.split(' ')[0] ?? ''] ?? 8)
      const inRange = columnType.endsWith('unsigned') ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)
      return [columnType, inRange] as const
    })

  it('of the same integer are masked to the same integer', () => {
    fc.assert(
      fc.property(integer, anySpec, ([columnType, value], spec) => {
        const type = mysqlColumnTypeOf(columnType)
        const inText = apply(spec, type, 'text', Buffer.from(value.toString()))
        const inBinary = apply(spec, type, 'binary', integerCell(type, value))
        expect(inBinary === null ? null : integerOf(type, inBinary)).toBe(
          inText === null ? null : BigInt(inText.toString()),
        )
      }),
      { numRuns: 1500 },
    )
  })

  it('of the same date and time are masked to the same', () => {
    const moment = fc.record({
      form: fc.constantFrom('date', 'datetime(6)', 'timestamp(6)', 'time(6)'),
      negative: fc.boolean(),
      day: fc.integer({ min: -700_000, max: 2_900_000 }),
      zero: fc.constantFrom(false, false, false, true),
      microseconds: fc.oneof(
        fc.integer({ min: 0, max: 838 * 3600 }).map((seconds) => seconds * 1_000_000),
        fc.integer({ min: 0, max: 838 * 3_600_000_000 }),
      ),
    })
    fc.assert(
      fc.property(moment, anySpec, ({ form, negative, day, zero, microseconds }, spec) => {
        const type = mysqlColumnTypeOf(form)
        const value = temporal(form)
        if (form.startsWith('time(')) {
          value.setTime(microseconds)
          value.negative = negative && microseconds > 0
        } else {
          if (!zero) value.setDay(day)
          if (form !== 'date' && !zero) value.setTime(microseconds % 86_400_000_000)
        }
        value.fractionDigits = form === 'date' ? 0 : 6
        const inText = apply(spec, type, 'text', written(value, 'text'))
        const inBinary = apply(spec, type, 'binary', written(value, 'binary'))
        expect(inText === null).toBe(inBinary === null)
        if (inText === null || inBinary === null) return
        const back = temporal(form)
        expect(back.read(inBinary, 0, inBinary.length, 'binary')).toBe(true)
        back.fractionDigits = value.fractionDigits
        expect(written(back, 'text').toString()).toBe(inText.toString())
      }),
      { numRuns: 1500 },
    )
  })

  it.each(['double', 'float', 'year'])('of the same %s are masked to the same', (columnType) => {
    const type = mysqlColumnTypeOf(columnType)
    const value = columnType === 'year' ? 1987 : -1234.5
    const cell = Buffer.alloc(columnType === 'double' ? 8 : columnType === 'float' ? 4 : 2)
    if (columnType === 'double') cell.writeDoubleLE(value)
    else if (columnType === 'float') cell.writeFloatLE(value)
    else cell.writeUInt16LE(value)
    for (const spec of specs) {
      const inText = apply(spec, type, 'text', Buffer.from(String(value)))
      const inBinary = apply(spec, type, 'binary', cell)
      if (inBinary === null) expect(inText).toBeNull()
      else {
        const back =
          columnType === 'double'
            ? inBinary.readDoubleLE()
            : columnType === 'float'
              ? inBinary.readFloatLE()
              : inBinary.readUInt16LE()
        expect(back).toBe(Number(inText?.toString()))
      }
    }
  })
})

describe('the same value in PostgreSQL', () => {
  it.each([
    ['varchar(40)', 'varchar', 1043, 'ada@example.com'],
    ['text', 'text', 25, 'Ada Lovelace'],
    ['char(20)', 'text', 25, '987-65-4320'],
    ['int', 'int4', 23, '1234567'],
    ['bigint', 'int8', 20, '-42'],
    ['bigint', 'int8', 20, '9223372036854775807'],
    ['int unsigned', 'oid', 26, '4294967295'],
    ['smallint', 'int2', 21, '31000'],
    ['decimal(12,2)', 'numeric', 1700, '1234.50'],
    ['bigint unsigned', 'numeric', 1700, '9300000000000000000'],
    ['date', 'date', 1082, '1985-03-12'],
    ['datetime', 'timestamp', 1114, '2024-02-29 12:00:00'],
    ['timestamp', 'timestamp', 1114, '2019-02-28 12:00:00'],
    ['time', 'time', 1083, '12:34:56'],
    ['uuid', 'uuid', 2950, '6ba7b810-9dad-41d1-80b4-00c04fd430c8'],
    ['inet4', 'inet', 869, '10.1.2.3'],
    ['inet6', 'inet', 869, '2001:db8::7'],
  ])('of %s has the same pseudonym as %s', (columnType, name, oid, value) => {
    expect(text(pseudonym, columnType, value)).toBe(postgres(pseudonym, name, oid, value))
    expect(text(pseudonym, columnType, value)).not.toBe(value)
  })

  it.each([
    ['varchar(80)', 'varchar', 1043, 'ada@example.com'],
    ['int', 'int4', 23, '1234567'],
    ['int unsigned', 'oid', 26, '4294967295'],
    ['bigint', 'int8', 20, '-1'],
    ['uuid', 'uuid', 2950, '6ba7b810-9dad-41d1-80b4-00c04fd430c8'],
  ])('of %s has the same hash as %s', (columnType, name, oid, value) => {
    expect(text(hash, columnType, value)).toBe(postgres(hash, name, oid, value))
  })
})

describe('pseudonyms', () => {
  it.each([
    ['tinyint', -128, 127],
    ['tinyint unsigned', 0, 255],
    ['year', 1901, 2155],
  ])('exchange the values of %s among themselves', (columnType, least, greatest) => {
    const seen = new Set<number>()
    for (let value = least; value <= greatest; value++) {
      const masked = Number(text(pseudonym, columnType, String(value)))
      expect(masked).toBeGreaterThanOrEqual(least)
      expect(masked).toBeLessThanOrEqual(greatest)
      if (value !== 0) expect(masked).not.toBe(value)
      seen.add(masked)
    }
    expect(seen.size).toBe(greatest - least + 1)
  })

  it.each(['2037-12-31 23:59:59', '2025-01-01 00:00:00', '1970-01-02 00:00:00'])(
    'of a timestamp stay where every time zone has timestamps: %s',
    (value) => {
      const masked = text(pseudonym, 'timestamp', value) ?? ''
      expect(masked > '1970-01-02' && masked < '2038-01-18').toBe(true)
      expect(masked).not.toBe(value)
    },
  )

  it('of negative times and of more than a day stay such times', () => {
    expect(text(pseudonym, 'time', '-00:00:01')).toMatch(/^-\d\d:\d\d:\d\d$/)
    expect(text(pseudonym, 'time', '838:59:59')).toMatch(/^\d{2,3}:\d\d:\d\d$/)
    expect(text(pseudonym, 'time(2)', '-838:59:58.99')).toMatch(/^-\d{2,3}:\d\d:\d\d\.\d\d$/)
    expect(text(pseudonym, 'time', '00:00:00')).not.toBe('00:00:00')
  })

  it('leave the zero date as it is, and redact what is no day', () => {
    expect(text(pseudonym, 'date', '0000-00-00')).toBe('0000-00-00')
    expect(text(pseudonym, 'datetime', '0000-00-00 00:00:00')).toBe('0000-00-00 00:00:00')
    expect(text(pseudonym, 'date', '2024-02-00')).toBe('1970-01-01')
    expect(text(pseudonym, 'date', '2023-02-29')).toBe('1970-01-01')
  })
})

describe('limits of a column', () => {
  it('hold for redacted text, hashes and addresses', () => {
    expect(text({ kind: 'redact' }, 'varchar(5)', 'something')).toBe('[reda')
    expect(text(hash, 'varchar(5)', 'something')).toMatch(/^[0-9a-f]{5}$/)
    expect(text({ kind: 'email' }, 'varchar(12)', 'ad@e.example')).toBe('[redacted]')
    expect(apply(hash, mysqlColumnTypeOf('varbinary(5)'), 'text', Buffer.from('something'))).toHaveLength(5)
    expect(apply(hash, mysqlColumnTypeOf('binary(40)'), 'binary', Buffer.alloc(40))).toHaveLength(40)
    expect(text({ kind: 'redact' }, 'binary(4)', 'abcd')).toBe('\0\0\0\0')
    expect(text({ kind: 'redact' }, 'bit(9)', 'ab')).toBe('\0\0')
  })

  it('fill a ZEROFILL column with zeros', () => {
    expect(text({ kind: 'truncate', to: 100 }, 'int(7) unsigned zerofill', '0001234')).toBe('0001200')
    expect(text({ kind: 'redact' }, 'decimal(5,2) unsigned zerofill', '001.50')).toBe('000000')
  })

  it('count the bytes of the character set', () => {
    const ofThree: MysqlColumnType = { ...mysqlColumnTypeOf('varchar(5)'), characterSet: 33, columnLength: 15 }
    expect(apply({ kind: 'redact' }, ofThree, 'text', Buffer.from('x'))?.toString()).toBe('[reda')
    expect(checkMysqlMask({ kind: 'constant', value: '😀' }, ofThree)).toMatch(/not a value/)
    expect(checkMysqlMask({ kind: 'constant', value: '€' }, ofThree)).toBeNull()
  })

  it('keep masks from text in a character set that is not read', () => {
    const latin1: MysqlColumnType = { ...mysqlColumnTypeOf('varchar(20)'), characterSet: 8, columnLength: 80 }
    expect(
      apply({ kind: 'partial', keepFirst: 3, keepLast: 0 }, latin1, 'text', Buffer.from('abcdefgh'))?.toString(),
    ).toBe('[redacted]')
    const utf16: MysqlColumnType = { ...latin1, characterSet: 54 }
    expect(apply({ kind: 'redact' }, utf16, 'text', Buffer.from('abcd'))).toBeNull()
  })
})

describe('constants', () => {
  it.each([
    ['int', '42', '42'],
    ['tinyint unsigned', '255', '255'],
    ['decimal(5,2)', '123.45', '123.45'],
    ['float', '1.5', '1.5'],
    ['year', '1999', '1999'],
    ['date', '2024-02-29', '2024-02-29'],
    ['datetime(3)', '2024-02-29 12:00:00.5', '2024-02-29 12:00:00.5'],
    ['time', '-838:59:59', '-838:59:59'],
    ['varchar(6)', 'hidden', 'hidden'],
    ['json', '{"a":1}', '{"a":1}'],
    ['varbinary(4)', '0x61626364', 'abcd'],
    ['binary(4)', '\\x6162', 'ab\0\0'],
    ['bit(9)', '001100001', '\0a'],
    ['inet6', '::1', '::1'],
  ])('of %s may be %s', (columnType, value, expected) => {
    expect(text({ kind: 'constant', value }, columnType, 'x')).toBe(expected)
    expect(checkMysqlMask({ kind: 'constant', value }, mysqlColumnTypeOf(columnType))).toBeNull()
  })

  it.each([
    ['tinyint', '128'],
    ['int unsigned', '-1'],
    ['int', '1.5'],
    ['decimal(5,2)', '1234.5'],
    ['decimal(5,2)', 'NaN'],
    ['decimal(5,2) unsigned', '-1'],
    ['double unsigned', '-1'],
    ['float', '1e39'],
    ['double', 'Infinity'],
    ['year', '1900'],
    ['date', '2023-02-29'],
    ['date', '0044-03-15 BC'],
    ['datetime', '2024-02-29 12:00:00.5'],
    ['timestamp', '2039-01-01 00:00:00'],
    ['time', '839:00:00'],
    ['varchar(5)', 'hidden'],
    ['json', '{'],
    ['varbinary(3)', '0x61626364'],
    ['bit(9)', '1'],
    ['inet4', '::1'],
    ['inet4', '10.0.0.0/8'],
  ])('of %s may not be %s', (columnType, value) => {
    const spec: MaskSpec = { kind: 'constant', value }
    expect(checkMysqlMask(spec, mysqlColumnTypeOf(columnType))).toMatch(/is not a value/)
    expect(() => compileMysqlCellMask(spec, mysqlColumnTypeOf(columnType), 'text', keys)).toThrow(MaskNotApplicable)
  })
})

describe('what is withheld', () => {
  it('hides NULL as well', () => {
    const mask = compileMysqlCellMask({ kind: 'withhold' }, mysqlColumnTypeOf('varchar(20)'), 'text', keys)
    expect(mask.hidesNull).toBe(true)
    const filled = mysqlColumnTypeOf('int(7) unsigned zerofill')
    expect(compileMysqlCellMask({ kind: 'withhold' }, filled, 'text', keys).hidesNull).toBe(true)
  })

  it('is NULL where it would be read as the answer of a condition', () => {
    expect(text({ kind: 'withhold' }, 'tinyint(1)', '1')).toBeUndefined()
    expect(
      apply({ kind: 'withhold' }, { ...mysqlColumnTypeOf('bigint'), columnLength: 1 }, 'binary', Buffer.alloc(8)),
    ).toBeNull()
  })
})

describe('truncation', () => {
  it.each([
    ['date', 'year', '1985-03-12', '1985-01-01'],
    ['datetime(2)', 'hour', '2024-02-29 12:34:56.78', '2024-02-29 12:00:00.00'],
    ['timestamp', 'month', '2024-02-29 12:34:56', '2024-02-01 00:00:00'],
    ['timestamp', 'year', '1970-06-01 12:34:56', '1970-01-02 00:00:00'],
    ['date', 'day', '1985-03-12', '1970-01-01'],
    ['time', 'hour', '12:34:56', '00:00:00'],
  ] as const)('of %s to the %s', (columnType, to, value, expected) => {
    expect(text({ kind: 'truncate', to }, columnType, value)).toBe(expected)
  })

  it.each([
    ['int', 100, '-1234', '-1200'],
    ['decimal(12,2)', 100, '1234.50', '1200.00'],
    ['double', 10, '1234.5', '1230'],
    ['year', 10, '1987', '1980'],
    ['year', 100, '1987', '0000'],
    ['int', 1, '7', '0'],
    ['decimal(5,0)', 1, '7', '0'],
  ] as const)('of %s to multiples of %d', (columnType, to, value, expected) => {
    expect(text({ kind: 'truncate', to }, columnType, value)).toBe(expected)
  })
})

describe('what a mask comes to', () => {
  it.each([
    ['varchar(20)', pseudonym, 'as named'],
    ["enum('a')", pseudonym, 'becomes NULL'],
    ['geometry', { kind: 'redact' }, 'becomes NULL'],
    ['json', hash, 'redacts'],
    ['date', { kind: 'truncate', to: 'day' }, 'redacts'],
    ['date', { kind: 'truncate', to: 'year' }, 'as named'],
    ['point', { kind: 'null' }, 'as named'],
  ] as const)('of %s (%#)', (columnType, spec, effect) => {
    expect(mysqlMaskEffect(spec, mysqlColumnTypeOf(columnType))).toBe(effect)
  })

  it('is what docs/masks.md says of each type', () => {
    const docs = readFileSync(new URL('../../../../../docs/masks.md', import.meta.url), 'utf8')
    for (const columnType of [
      'int',
      'year',
      'decimal',
      'float',
      'date',
      'time',
      'datetime',
      'timestamp',
      'varchar',
      'varbinary',
      'bit',
      'json',
      'uuid',
      'inet4',
      'inet6',
    ]) {
      const type = mysqlColumnTypeOf(columnType === 'varchar' ? 'varchar(40)' : columnType)
      const own = (['partial', 'email', 'hash', 'pseudonym', 'truncate'] as const).filter((kind) => {
        const spec = {
          partial: { kind: 'partial', keepFirst: 1, keepLast: 1 },
          email: { kind: 'email' },
          hash,
          pseudonym,
          truncate: { kind: 'truncate', to: type.type === MYSQL_TYPES.date || /time/.test(columnType) ? 'year' : 10 },
        }[kind] as MaskSpec
        return mysqlMaskEffect(spec, type) === 'as named'
      })
      const row = docs
        .split('\n')
        .find((line) => line.startsWith('| MySQL ') && line.split('|')[1]?.includes(`\`${columnType}\``) === true)
      expect(row?.split('|')[3]?.trim(), columnType).toBe(own.join(', '))
      const redacted = redactedMysqlValue(type, 'text')?.toString()
      if (!/varbinary|bit/.test(columnType)) expect(row?.split('|')[2]).toContain(`\`${redacted}\``)
    }
  })
})

describe('a cell with its length', () => {
  it.each([0, 1, 250, 251, 65_535, 65_536, 70_000])('of %i bytes is a length-encoded string', (length) => {
    const out = new GrowableOutput(1)
    out.ensure(2)
    out.length = out.bytes.write('ab')
    const mask = compileMysqlCellMask(
      { kind: 'partial', keepFirst: 0, keepLast: 0 },
      mysqlColumnTypeOf('longtext'),
      'text',
      keys,
    )
    expect(appendLengthEncodedCell(mask, Buffer.alloc(length, 'x'), 0, length, out)).toBe(true)
    const first = out.bytes[2] ?? 0
    const more = first < 251 ? 0 : first === 0xfc ? 2 : 3
    expect(more === 0 ? first : out.bytes.readUIntLE(3, more)).toBe(length)
    expect(out.length).toBe(3 + more + length)
    expect(out.bytes.subarray(3 + more, out.length).equals(Buffer.alloc(length, '*'))).toBe(true)
    expect(out.bytes.toString('latin1', 0, 2)).toBe('ab')
  })

  it('is not there where the value becomes NULL', () => {
    const out = new GrowableOutput(4)
    const mask = compileMysqlCellMask({ kind: 'null' }, mysqlColumnTypeOf('text'), 'text', keys)
    expect(appendLengthEncodedCell(mask, Buffer.from('x'), 0, 1, out)).toBe(false)
    expect(out.length).toBe(0)
  })
})

function temporal(form: string): TemporalValue {
  return new TemporalValue(form === 'date' ? 'date' : form.startsWith('time(') || form === 'time' ? 'time' : 'datetime')
}

function written(value: TemporalValue, format: MysqlCellFormat): Buffer {
  const out = new GrowableOutput(32)
  value.write(out, format)
  return out.bytes.subarray(0, out.length)
}

const widths = new Map<number, number>([
  [MYSQL_TYPES.tiny, 1],
  [MYSQL_TYPES.short, 2],
  [MYSQL_TYPES.int24, 4],
  [MYSQL_TYPES.long, 4],
  [MYSQL_TYPES.longlong, 8],
])

function integerCell(type: MysqlColumnType, value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value))
  return bytes.subarray(0, widths.get(type.type))
}

function integerOf(type: MysqlColumnType, cell: Buffer): bigint {
  expect(cell.length).toBe(widths.get(type.type))
  const bytes = Buffer.alloc(8)
  cell.copy(bytes)
  const unsigned = bytes.readBigUInt64LE()
  return (type.flags & 0x20) === 0 ? BigInt.asIntN(cell.length * 8, unsigned) : unsigned
}

/** What is wrong with a value of a type; null: nothing. Says it by other means than the masks do. */
function problemOf(cell: Buffer, columnType: string, format: MysqlCellFormat): string | null {
  const type = mysqlColumnTypeOf(columnType)
  const shown = cell.toString()
  const name = /^[a-z0-9]+/.exec(columnType)?.[0] ?? ''
  const length = Number(/\((\d+)/.exec(columnType)?.[1] ?? 0)
  if (name.endsWith('int')) {
    const bits = { tinyint: 8, smallint: 16, mediumint: 24, int: 32, bigint: 64 }[name] ?? 0
    if (format === 'text' && !/^-?\d+$/.test(shown)) return 'no integer'
    const value = format === 'text' ? BigInt(shown) : integerOf(type, cell)
    const unsigned = columnType.includes('unsigned')
    return (unsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value)) === value ? null : 'out of range'
  }
  switch (name) {
    case 'year': {
      const year = format === 'text' ? Number(shown) : cell.readUInt16LE()
      return year === 0 || (year >= 1901 && year <= 2155) ? null : 'no year'
    }
    case 'decimal':
      return /^-?\d+(?:\.\d+)?$/.test(shown) ? null : 'no decimal'
    case 'float':
    case 'double':
      if (format === 'binary') return cell.length === (name === 'float' ? 4 : 8) ? null : 'wrong length'
      return Number.isFinite(Number(shown)) && shown !== '' ? null : 'no number'
    case 'date':
    case 'datetime':
    case 'timestamp':
    case 'time': {
      const value = temporal(name === 'time' ? 'time' : name === 'date' ? 'date' : 'datetime')
      if (!value.read(cell, 0, cell.length, format)) return 'not read'
      if (name === 'time' || value.isZeroDate()) return null
      if (!value.isDay()) return 'no day'
      return name === 'timestamp' && (value.dayNumber() < 1 || value.year > 2038) ? 'out of range' : null
    }
    case 'char':
    case 'varchar':
      return Array.from(shown).length <= length && Buffer.from(shown).equals(cell) ? null : 'too long, or no UTF-8'
    case 'json':
      JSON.parse(shown)
      return null
    case 'binary':
      return cell.length === length ? null : 'wrong length'
    case 'varbinary':
      return cell.length <= length ? null : 'too long'
    case 'bit':
      return cell.length === Math.ceil(length / 8) ? null : 'wrong length'
    case 'uuid':
      return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(shown) ? null : 'no uuid'
    case 'inet4':
      return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(shown) ? null : 'no address'
    case 'inet6':
      return /^[0-9a-f:.]+$/.test(shown) && shown.includes(':') ? null : 'no address'
    case 'tinytext':
    case 'text':
    case 'longtext':
      return Buffer.from(shown).equals(cell) ? null : 'no UTF-8'
    case 'blob':
      return null
    default:
      return 'must be NULL'
  }
}

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GrowableOutput } from '../masking/cell-output.ts'
import type { MysqlColumnType } from '../masking/mysql/column-type.ts'
import { mysqlColumnTypeOf } from '../masking/mysql/declared-type.ts'
import { compileMysqlClassifyMask } from './compile-mysql-classify-mask.ts'
import type { Redactors } from './compile-classify-mask.ts'
import { DETECTORS, type Detector } from './detector.ts'
import { Finds, type Replacement, TextRedactor } from './text-redactor.ts'

const finds = new Finds()
const redact = new Map<Detector, Replacement>(DETECTORS.map((detector) => [detector, { kind: 'redact' }]))
const redactors: Redactors = { outer: new TextRedactor(redact, finds), inner: new TextRedactor(redact, finds) }

/** The cell as it leaves: as it is where the mask keeps it; null where the type holds no text. */
function masked(type: MysqlColumnType, cell: Buffer): Buffer | null {
  const mask = compileMysqlClassifyMask(type, redactors)
  if (mask === null) return null
  const source = Buffer.concat([Buffer.from('4111'), cell, Buffer.from('1111')])
  if (mask.keeps?.(source, 4, 4 + cell.length) === true) return cell
  const out = new GrowableOutput(1)
  mask.apply(source, 4, 4 + cell.length, out)
  return out.bytes.subarray(0, out.length)
}

const text = (columnType: string, value: string): string | undefined =>
  masked(mysqlColumnTypeOf(columnType), Buffer.from(value))?.toString()

describe('text of MySQL columns', () => {
  test('says what was found where there is room, and has asterisks where there may be none', () => {
    expect(text('text', 'to lena@example.com.')).toBe('to [redacted email].')
    expect(text('varchar(20)', 'to lena@example.com.')).toBe('to ****************.')
    expect(text('tinytext', 'to lena@example.com.')).toBe('to ****************.')
    expect(text('json', '{"to":"lena@example.com","card":4111111111111111}')).toBe(
      '{"to":"[redacted email]","card":"[redacted credit_card]"}',
    )
  })

  test('is looked through as bytes as well, and keeps its length there', () => {
    expect(text('varbinary(40)', 'to lena@example.com.')).toBe('to ****************.')
    expect(text('blob', 'to lena@example.com.')).toBe('to ****************.')
    const latin1 = { ...mysqlColumnTypeOf('varchar(20)'), characterSet: 8 }
    expect(masked(latin1, Buffer.from('\xfc lena@example.com', 'latin1'))?.includes('lena')).toBe(false)
  })

  test.each(['int', 'decimal(20,0)', 'datetime', 'bit(8)', "enum('lena@example.com')", 'geometry', 'uuid', 'year'])(
    'there is none in %s',
    (columnType) => {
      expect(text(columnType, 'lena@example.com')).toBeUndefined()
    },
  )

  test('stays as it is, byte for byte, where nothing is found', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('text', 'varchar(60)', 'json', 'blob'),
        fc.uint8Array({ maxLength: 30 }).filter((bytes) => !bytes.some((byte) => byte === 0x40 || byte === 0x2e)),
        (columnType, bytes) => {
          const cell = Buffer.from(bytes)
          const before = finds.counts.reduce((sum, count) => sum + count, 0)
          const left = masked(mysqlColumnTypeOf(columnType), cell)
          const found = finds.counts.reduce((sum, count) => sum + count, 0) > before
          if (!found) expect(left?.equals(cell)).toBe(true)
        },
      ),
      { numRuns: 500 },
    )
  })
})

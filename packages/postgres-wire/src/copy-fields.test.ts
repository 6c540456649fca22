import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CopyBinaryFields } from './copy-binary.ts'
import { CopyCsvFields } from './copy-csv.ts'
import type { ByteOutput, CopyFields } from './copy-fields.ts'
import { CopyTextFields } from './copy-text.ts'
import { ProtocolError } from './protocol-error.ts'

class Output implements ByteOutput {
  bytes: Buffer = Buffer.alloc(1)
  length = 0
  ensure(extra: number): void {
    if (this.length + extra > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes.subarray(0, this.length), Buffer.alloc(extra)])
  }
  get written(): Buffer {
    return this.bytes.subarray(0, this.length)
  }
}

type Make = (columns: number, header?: boolean) => CopyFields

const text: Make = (columns, header = false) =>
  new CopyTextFields({ columns, header, delimiter: '|', nullString: '\\N' })
const csv: Make = (columns, header = false) =>
  new CopyCsvFields({
    columns,
    header,
    delimiter: ',',
    nullString: 'nil',
    quote: '"',
    escape: '\\',
    forceQuote: [true],
  })
const binary: Make = (columns) => new CopyBinaryFields(columns)
const FORMATS: Readonly<Record<string, Make>> = { text, csv, binary }

const BINARY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')

/** The fields of one message; null: NULL. */
function read(fields: CopyFields, message: Buffer): (string | null)[] {
  const padded = Buffer.concat([Buffer.from('xx'), message, Buffer.from('yy')])
  fields.reset(padded, 2, padded.length - 2)
  const values: (string | null)[] = []
  while (fields.next()) {
    if (fields.isNull) values.push(null)
    else {
      fields.decode()
      values.push(fields.source.toString('latin1', fields.start, fields.end))
    }
  }
  return values
}

function write(format: string, make: Make, values: readonly (string | null)[]): Buffer {
  const fields = make(values.length)
  const out = new Output()
  const put = (bytes: Buffer): void => {
    out.ensure(bytes.length)
    out.length += bytes.copy(out.bytes, out.length)
  }
  if (format === 'binary') put(Buffer.concat([BINARY_HEADER, Buffer.from([values.length >> 8, values.length])]))
  values.forEach((value, index) => {
    if (index > 0 && format !== 'binary') put(Buffer.from(format === 'text' ? '|' : ','))
    const source = Buffer.from(value ?? '', 'latin1')
    if (value === null) fields.appendNull(out)
    else fields.appendValue(out, index, source, 0, source.length)
  })
  if (format !== 'binary') put(Buffer.from('\n'))
  return Buffer.from(out.written)
}

const value = fc.option(
  fc.oneof(
    fc.string({ unit: fc.constantFrom('|', ',', '"', '\\', '\n', '\r', '\t', 'N', 'n', 'i', 'l', '.', 'b') }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  ),
)

/** What ends a COPY in binary: no row, and so no fields. */
const BINARY_TRAILER = Buffer.from([0xff, 0xff])

describe.each(Object.entries(FORMATS))('fields of COPY in %s', (format, make) => {
  it('read as what was written, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), (values) => {
        expect(read(make(values.length), write(format, make, values))).toEqual(values)
      }),
    )
  })

  it('any bytes at all are read to their end or are a fault', () => {
    const special = fc.constantFrom(...Buffer.from('|,"\\\n\rN\0\xff\x01a', 'latin1'))
    fc.assert(
      fc.property(
        fc.array(special, { maxLength: 30 }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        (bytes, columns, begun) => {
          const message = Buffer.from(bytes)
          try {
            const body = format === 'binary' && begun ? Buffer.concat([BINARY_HEADER, message]) : message
            const isTrailer = format === 'binary' && begun && message.equals(BINARY_TRAILER)
            expect(read(make(columns), body).length).toBe(isTrailer ? 0 : columns)
          } catch (error) {
            if (!(error instanceof ProtocolError)) throw error
          }
        },
      ),
      { numRuns: 2000, examples: [[[0xff, 0xff], 1, true]] },
    )
  })

  it('a row cut short anywhere is a fault', () => {
    const whole = write(format, make, ['one', null, 'th"ree'])
    for (let end = 0; end < whole.length; end++)
      expect(() => read(make(3), whole.subarray(0, end))).toThrow(ProtocolError)
    expect(() => read(make(2), whole)).toThrow(ProtocolError)
    expect(() => read(make(4), whole)).toThrow(ProtocolError)
  })
})

describe('a stream of COPY', () => {
  it('tells the names of the columns from rows', () => {
    for (const make of [text, csv]) {
      const fields = make(1, true)
      const line = Buffer.from('name\n')
      expect(fields.reset(line, 0, line.length)).toBe('header')
      expect(fields.reset(line, 0, line.length)).toBe('row')
    }
  })

  it('ends in binary once', () => {
    const fields = binary(1)
    const end = Buffer.concat([BINARY_HEADER, Buffer.from('ffff', 'hex')])
    expect(fields.reset(end, 0, end.length)).toBe('end')
    expect(fields.next()).toBe(false)
    expect(() => fields.reset(end, end.length - 2, end.length)).toThrow(ProtocolError)
  })

  it('takes for NULL in csv only what stands without quotes', () => {
    expect(read(csv(2), Buffer.from('nil,"nil"\n'))).toEqual([null, 'nil'])
  })
})

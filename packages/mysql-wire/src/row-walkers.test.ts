import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { type ColumnDefinition, decodeColumnDefinition, encodeColumnDefinition } from './result-column.ts'
import { BINARY_FORMS, BinaryForm, ColumnType } from './result-column-type.ts'
import { BinaryRowWalker, nullBitmapBit, nullBitmapByte, nullBitmapBytes } from './row-binary.ts'
import { TextRowWalker } from './row-text.ts'
import type { RowWalker } from './row-walker.ts'

interface Cell {
  readonly type: number
  readonly value: Buffer | null
}

function payloadOf(write: (writer: PacketWriter) => void): Buffer {
  const writer = new PacketWriter()
  writer.begin()
  write(writer)
  return writer.end().take().subarray(4)
}

function textRow(cells: readonly (Buffer | null)[]): Buffer {
  return payloadOf((writer) => {
    for (const cell of cells) {
      if (cell === null) writer.int1(0xfb)
      else writer.lenencBytes(cell)
    }
  })
}

function binaryRow(cells: readonly Cell[]): Buffer {
  const bitmap = Buffer.alloc(nullBitmapBytes(cells.length))
  for (const [index, { value }] of cells.entries()) {
    const at = nullBitmapByte(index)
    if (value === null) bitmap[at] = (bitmap[at] ?? 0) | nullBitmapBit(index)
  }
  return payloadOf((writer) => {
    writer.int1(0).bytes(bitmap)
    for (const { type, value } of cells) {
      if (value === null) continue
      const form = BINARY_FORMS[type]
      if (form === BinaryForm.LengthEncoded) writer.lenencBytes(value)
      else writer.bytes(value)
    }
  })
}

function cellsOf(walker: RowWalker, row: Buffer): (Buffer | null)[] {
  const padded = Buffer.concat([Buffer.from('before'), row, Buffer.from('behind')])
  walker.reset(padded, 6, 6 + row.length)
  const cells: (Buffer | null)[] = []
  while (walker.next()) {
    expect(walker.index).toBe(cells.length)
    cells.push(walker.isNull ? null : Buffer.from(padded.subarray(walker.start, walker.end)))
  }
  return cells
}

const value = fc.oneof(
  { weight: 20, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 5, arbitrary: fc.constantFrom(250, 251, 252, 260).map((length) => new Uint8Array(length).fill(6)) },
  { weight: 1, arbitrary: fc.constantFrom(65_535, 65_536, 70_000).map((length) => new Uint8Array(length).fill(7)) },
)
const text = fc.option(value.map((bytes) => Buffer.from(bytes)))

const TYPES = [...BINARY_FORMS.keys()].filter((type) => BINARY_FORMS[type] !== BinaryForm.Unknown)

function ofType(type: number): fc.Arbitrary<Cell> {
  const form = BINARY_FORMS[type] ?? 0
  const exactly = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length })
  const bytes = form === BinaryForm.LengthEncoded ? value : exactly(form)
  return fc.option(bytes.map((is) => Buffer.from(is))).map((is) => ({ type, value: is }))
}

describe('a text row', () => {
  it('gives the cells that were written', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (cells) => {
        expect(cellsOf(new TextRowWalker(cells.length), textRow(cells))).toEqual(cells)
      }),
    )
  })
})

describe('a binary row', () => {
  it('gives the cells that were written, of every column type', () => {
    const cell = fc.constantFrom(...TYPES).chain(ofType)
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 20 }), (cells) => {
        const walker = new BinaryRowWalker(cells.map(({ type }) => type))
        expect(cellsOf(walker, binaryRow(cells))).toEqual(cells.map(({ value }) => value))
      }),
      { numRuns: 300 },
    )
  })

  it('is refused for a type that binary rows do not have', () => {
    expect(() => new BinaryRowWalker([ColumnType.LONG, 99])).toThrow(ProtocolError)
  })
})

describe('a row that is not one', () => {
  it('ends in a ProtocolError, or leaves every cell inside it', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    const types = fc.array(fc.constantFrom(...TYPES), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(bytes, types, fc.boolean(), (row, columns, binary) => {
        const walker = binary ? new BinaryRowWalker(columns) : new TextRowWalker(columns.length)
        const start = binary ? [0, ...row] : row
        const buffer = Buffer.from(start)
        let at = 0
        try {
          walker.reset(buffer, 0, buffer.length)
          while (walker.next()) {
            expect(walker.cell).toBeGreaterThanOrEqual(at)
            expect(walker.start).toBeGreaterThanOrEqual(walker.cell)
            expect(walker.end).toBeGreaterThanOrEqual(walker.start)
            expect(walker.end).toBeLessThanOrEqual(buffer.length)
            at = walker.end
          }
          expect(at).toBe(buffer.length)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    ['a length of eight bytes beyond any row', Buffer.from([0xfe, 0, 0, 0, 0, 0, 0, 0, 0x80])],
    ['a length that ends early', Buffer.from([0xfc, 1])],
    ['a byte that begins no cell', Buffer.from([0xff])],
    ['a cell too few', Buffer.alloc(0)],
    ['bytes behind the last cell', Buffer.from([0, 0])],
  ])('%s', (_name, row) => {
    const walker = new TextRowWalker(1)
    walker.reset(row, 0, row.length)
    expect(() => {
      while (walker.next());
    }).toThrow(ProtocolError)
  })
})

describe('a column definition', () => {
  const definition: fc.Arbitrary<ColumnDefinition> = fc.record({
    schema: fc.string(),
    table: fc.string(),
    orgTable: fc.string(),
    name: fc.string({ maxLength: 300 }),
    orgName: fc.string(),
    characterSet: fc.nat(0xffff),
    columnLength: fc.nat(0xffff_ffff),
    type: fc.nat(255),
    flags: fc.nat(0xffff),
    decimals: fc.nat(255),
    typeName: fc.option(fc.constantFrom('json', 'uuid', 'inet6', 'point')),
    format: fc.option(fc.constant('json')),
  })

  it('is read as it was written', () => {
    fc.assert(
      fc.property(definition, fc.boolean(), (column, extended) => {
        const writer = new PacketWriter()
        encodeColumnDefinition(column, extended, writer)
        const payload = new PayloadReader(writer.take().subarray(4))
        const read = decodeColumnDefinition(payload, extended)
        payload.end()
        expect(read).toEqual(extended ? column : { ...column, typeName: null, format: null })
      }),
    )
  })

  it('leaves the default value of COM_FIELD_LIST to be read', () => {
    // MySQL 9.7: field s varchar(9) not null default 'secret' of table f
    const bytes = Buffer.from('03646566017401660166017301730c2d0024000000fd010000000006736563726574', 'hex')
    const payload = new PayloadReader(bytes)
    expect(decodeColumnDefinition(payload, false)).toMatchObject({ name: 's', type: ColumnType.VAR_STRING })
    expect(payload.lenencText()).toBe('secret')
    payload.end()
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Capability, MariadbCapability } from './capabilities.ts'
import { Command, commandName } from './command-kind.ts'
import { encodeBareCommand, encodeInitDb, encodePrepare, encodeQuery, encodeStatementClose } from './command-writer.ts'
import {
  type CommandCapabilities,
  type CommandMessage,
  CommandReader,
  CursorType,
  type StatementExecute,
} from './commands.ts'
import { BulkFlag, decodeBulkParameters, decodeParameters } from './execute-parameters.ts'
import { PacketWriter } from './packet-writer.ts'
import { ParameterList, type ParameterMemory } from './parameter-list.ts'
import { decodeParameterValue, UNSIGNED_FLAG } from './parameter-value.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { ColumnType } from './result-column-type.ts'

const PLAIN: CommandCapabilities = {
  capabilities: Capability.PROTOCOL_41 | Capability.SECURE_CONNECTION,
  mariadbCapabilities: 0,
}
const WITH_ATTRIBUTES: CommandCapabilities = {
  ...PLAIN,
  capabilities: PLAIN.capabilities | Capability.QUERY_ATTRIBUTES,
}
const MARIADB: CommandCapabilities = { ...PLAIN, mariadbCapabilities: MariadbCapability.STMT_BULK_OPERATIONS }

function read(hex: string, agreed: CommandCapabilities = PLAIN): CommandMessage {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  return new CommandReader(agreed).read(new PayloadReader(bytes), bytes)
}

function refused(code: string): Error {
  return expect.objectContaining({ code }) as Error
}

function freshMemory(): ParameterMemory {
  return { types: undefined, longData: undefined }
}

/** Reads the parameters of an execution, given what follows its statement id, for a statement with `count` of them. */
function execute(hex: string, count: number, memory: ParameterMemory, agreed: CommandCapabilities = PLAIN): unknown[] {
  const bytes = Buffer.from(`1701000000${hex}`.replaceAll(' ', ''), 'hex')
  const message = new CommandReader(agreed).read(new PayloadReader(bytes), bytes) as StatementExecute
  const list = new ParameterList()
  decodeParameters(message, bytes, bytes.length, count, memory, agreed, list)
  return Array.from({ length: list.count }, (_, index) => {
    const value = list.value(index)
    return list.name(index) === '' ? value : [list.name(index), value]
  })
}

describe('a command', () => {
  it('is told from every other by its first byte, and a byte that names none is refused', () => {
    for (let first = 0; first < 256; first++) {
      const name = commandName(first)
      if (name === undefined) expect(() => read(first.toString(16).padStart(2, '0'))).toThrow(refused('UNKNOWN_PACKET'))
      else expect(Command[name]).toBe(first)
    }
    expect(() => read('')).toThrow(refused('UNKNOWN_PACKET'))
  })

  it('is read field by field', () => {
    expect(read('03 73656c')).toEqual({ kind: 'COM_QUERY', text: Buffer.from('sel'), attributes: undefined })
    expect(read('16 73656c')).toEqual({ kind: 'COM_STMT_PREPARE', text: Buffer.from('sel') })
    expect(read('02 6162')).toEqual({ kind: 'COM_INIT_DB', schema: Buffer.from('ab') })
    expect(read('04 7400 25')).toEqual({ kind: 'COM_FIELD_LIST', table: Buffer.from('t'), wildcard: Buffer.from('%') })
    expect(read('0c 07000000')).toEqual({ kind: 'COM_PROCESS_KILL', threadId: 7 })
    expect(read('1b 0100')).toEqual({ kind: 'COM_SET_OPTION', option: 1 })
    expect(read('1b ffff')).toEqual({ kind: 'COM_SET_OPTION', option: 65_535 })
    expect(read('1c 02000000 ffffffff')).toEqual({ kind: 'COM_STMT_FETCH', statementId: 2, rows: 0xffff_ffff })
    expect(read('18 02000000 0100 6162')).toEqual({
      kind: 'COM_STMT_SEND_LONG_DATA',
      statementId: 2,
      parameter: 1,
      data: Buffer.from('ab'),
    })
    expect(read('0e')).toEqual({ kind: 'COM_PING' })
    expect(read('12 0400')).toEqual({ kind: 'COM_BINLOG_DUMP' })
    expect(read('20')).toEqual({ kind: 'COM_CLONE' })
  })

  it('that ends early or late, or has a value that does not exist, is refused', () => {
    for (const hex of [
      '0e01',
      '0101',
      '1f00',
      '1902',
      '1902000000ff',
      '1c02000000',
      '0c070000',
      '1b01',
      '0474',
      '180200',
      '170100',
    ])
      expect(() => read(hex)).toThrow(ProtocolError)
  })

  it("that is MariaDB's is refused where it was not agreed on", () => {
    const bulk = 'fa 01000000 8000'
    expect(() => read(bulk)).toThrow(refused('UNKNOWN_PACKET'))
    expect(read(bulk, MARIADB)).toMatchObject({ kind: 'COM_STMT_BULK_EXECUTE', statementId: 1, flags: 128 })
    expect(() => read('fe', MARIADB)).toThrow(refused('UNKNOWN_PACKET'))
  })

  it('that the gateway writes is read back', () => {
    const writer = new PacketWriter()
    encodeQuery('é', WITH_ATTRIBUTES.capabilities, writer)
    encodeQuery(Buffer.from('q'), WITH_ATTRIBUTES.capabilities, writer)
    encodePrepare('p', writer)
    encodeStatementClose(9, writer)
    encodeInitDb('d', writer)
    for (const name of ['QUIT', 'PING', 'STATISTICS', 'RESET_CONNECTION'] as const) encodeBareCommand(name, writer)
    const stream = writer.take()
    const seen: CommandMessage[] = []
    for (let at = 0; at < stream.length;) {
      const end = at + 4 + stream.readUIntLE(at, 3)
      expect(stream[at + 3]).toBe(0)
      seen.push(new CommandReader(WITH_ATTRIBUTES).read(new PayloadReader(stream, at + 4, end), stream))
      at = end
    }
    expect(seen).toEqual([
      { kind: 'COM_QUERY', text: Buffer.from('é'), attributes: undefined },
      { kind: 'COM_QUERY', text: Buffer.from('q'), attributes: undefined },
      { kind: 'COM_STMT_PREPARE', text: Buffer.from('p') },
      { kind: 'COM_STMT_CLOSE', statementId: 9 },
      { kind: 'COM_INIT_DB', schema: Buffer.from('d') },
      { kind: 'COM_QUIT' },
      { kind: 'COM_PING' },
      { kind: 'COM_STATISTICS' },
      { kind: 'COM_RESET_CONNECTION' },
    ])
  })
})

describe('query attributes', () => {
  it('stand before the text, which begins where they end', () => {
    const message = read('03 02 01 02 01 fe00 0161 0800 0162 0178 71', WITH_ATTRIBUTES)
    if (message.kind !== 'COM_QUERY') throw new Error('no query')
    expect(message.text.toString()).toBe('q')
    expect([message.attributes?.name(0), message.attributes?.value(0)]).toEqual(['a', 'x'])
    expect([message.attributes?.name(1), message.attributes?.value(1)]).toEqual(['b', null])
  })

  it('that could hide a text are refused: no set or two, no types, a count without values', () => {
    for (const hex of [
      '03 00 00 71',
      '03 01 02 00 01 fe00 0161 0178 71',
      '03 01 01 00 00 fe00 0161 0178 71',
      '03 fb 01',
      '03 fcffff 01 00',
    ])
      expect(() => read(hex, WITH_ATTRIBUTES)).toThrow(ProtocolError)
    expect(() => read('03 fd000001 01 00', WITH_ATTRIBUTES)).toThrow(refused('TOO_MANY'))
  })

  it('are text when they were not agreed on', () => {
    expect(read('03 00 01 71')).toMatchObject({ text: Buffer.from([0, 1, 0x71]) })
  })
})

// What is expected here was seen at MySQL 9.7 and MariaDB 10.11.
describe('the parameters of an execution', () => {
  it('have types that are sent once and remembered', () => {
    const memory = freshMemory()
    expect(() => execute('00 01000000 00 00 0161 0162', 2, memory)).toThrow(refused('BAD_VALUE'))
    expect(execute('00 01000000 00 01 fd00 0380 0161 ffffffff', 2, memory)).toEqual(['a', 4_294_967_295n])
    expect(execute('00 01000000 01 00 ffffffff', 2, memory)).toEqual([null, 4_294_967_295n])
    expect(() => execute('00 01000000 00 00 0161', 1, memory)).toThrow(refused('BAD_VALUE'))
  })

  it('that came as long data are not among the values, whatever the bitmap says', () => {
    const memory = { ...freshMemory(), longData: new Set([0]) }
    expect(execute('00 01000000 00 01 fc00 fd00 0162', 2, memory)).toEqual([undefined, 'b'])
    expect(execute('00 01000000 01 01 fc00 fd00 0162', 2, memory)).toEqual([undefined, 'b'])
    expect(() => execute('00 01000000 00 01 fc00 fd00 0161 0162', 2, memory)).toThrow(refused('TRAILING_BYTES'))
  })

  it('are counted where query attributes are agreed on, with the flag or without', () => {
    const count = CursorType.PARAMETER_COUNT_AVAILABLE
    expect(execute(`0${count} 01000000 01 00 01 0300 00 2a000000`, 1, freshMemory(), WITH_ATTRIBUTES)).toEqual([42n])
    expect(execute('00 01000000 01 00 01 0300 00 2a000000', 1, freshMemory(), WITH_ATTRIBUTES)).toEqual([42n])
    expect(execute('00 01000000', 0, freshMemory(), WITH_ATTRIBUTES)).toEqual([])
    const two = `0${count} 01000000 02 00 01 0300 00 fe00 0161 2a000000 0178`
    expect(execute(two, 1, freshMemory(), WITH_ATTRIBUTES)).toEqual([42n, ['a', 'x']])
    expect(() => execute(`0${count} 01000000 00`, 1, freshMemory(), WITH_ATTRIBUTES)).toThrow(refused('BAD_VALUE'))
  })

  it('of a type or with a flag that no server takes are refused', () => {
    for (const type of ['0600', 'f400', '1500', 'fc40', 'f300'])
      expect(() => execute(`00 01000000 00 01 ${type} 0161`, 1, freshMemory())).toThrow(refused('BAD_VALUE'))
    expect(() => execute('00 01000000 00 02 fd00 0161', 1, freshMemory())).toThrow(refused('BAD_VALUE'))
    expect(() => execute('00 01000000 00 01 0a00 05 d007010101', 1, freshMemory())).toThrow(refused('BAD_VALUE'))
  })

  it('are read as the client meant them, by type', () => {
    const cases: readonly (readonly [number, string, unknown])[] = [
      [ColumnType.TINY, 'ff', -1n],
      [ColumnType.TINY | UNSIGNED_FLAG, 'ff', 255n],
      [ColumnType.SHORT, '0080', -32_768n],
      [ColumnType.YEAR | UNSIGNED_FLAG, 'd007', 2000n],
      [ColumnType.LONG, 'ffffff7f', 2_147_483_647n],
      [ColumnType.LONGLONG | UNSIGNED_FLAG, 'ffffffffffffffff', 2n ** 64n - 1n],
      [ColumnType.LONGLONG, 'ffffffffffffffff', -1n],
      [ColumnType.FLOAT, '0000c03f', 1.5],
      [ColumnType.DOUBLE, '000000000000f83f', 1.5],
      [ColumnType.NEWDECIMAL, '312e30', '1.0'],
      [ColumnType.DATE, '', '0000-00-00'],
      [ColumnType.DATE, 'd0070102', '2000-01-02'],
      [ColumnType.DATETIME, 'd0070102', '2000-01-02 00:00:00'],
      [ColumnType.DATETIME, 'd0070102030405', '2000-01-02 03:04:05'],
      [ColumnType.TIMESTAMP, 'd007010203040506000000', '2000-01-02 03:04:05.000006'],
      [ColumnType.DATETIME, 'd007010101010100000000c4ff', '2000-01-01 01:01:01.000000-01:00'],
      [ColumnType.TIME, '', '00:00:00'],
      [ColumnType.TIME, '0101000000010203', '-25:02:03'],
      [ColumnType.TIME, '00000000000102030a000000', '01:02:03.000010'],
      [ColumnType.BLOB, 'ff00', Buffer.from([255, 0])],
      [ColumnType.JSON, '7b7d', '{}'],
    ]
    for (const [type, hex, value] of cases) expect(decodeParameterValue(type, Buffer.from(hex, 'hex'))).toEqual(value)
  })
})

describe('a bulk execution', () => {
  function bulk(hex: string, count: number, memory: ParameterMemory): readonly [number, unknown[]] {
    const bytes = Buffer.from(`fa01000000${hex}`.replaceAll(' ', ''), 'hex')
    const message = read(bytes.toString('hex'), MARIADB)
    if (message.kind !== 'COM_STMT_BULK_EXECUTE') throw new Error('no bulk')
    const values: unknown[] = []
    const rows = decodeBulkParameters(message, bytes, bytes.length, count, memory, (_, type, start, end) => {
      values.push(start < 0 ? start : decodeParameterValue(type, bytes.subarray(start, end)))
    })
    return [rows, values]
  }

  it('gives every value of every row, and remembers the types', () => {
    const memory = freshMemory()
    expect(bulk('8000 0300 fd00 00 01000000 00 0161 01 02', 2, memory)).toEqual([2, [1n, 'a', -1, -2]])
    expect(bulk('0000 03 00 0162', 2, memory)).toEqual([1, [-3, 'b']])
    expect(BulkFlag.SEND_TYPES).toBe(128)
  })

  it('that ends within a row, or has neither types nor parameters, is refused', () => {
    expect(() => bulk('8000 0300 fd00 00 01000000', 2, freshMemory())).toThrow(refused('SHORT_READ'))
    expect(() => bulk('8000 0300', 2, freshMemory())).toThrow(refused('SHORT_READ'))
    expect(() => bulk('8000 fd00 04', 1, freshMemory())).toThrow(refused('BAD_VALUE'))
    expect(() => bulk('0000 01', 1, freshMemory())).toThrow(refused('BAD_VALUE'))
    expect(() => bulk('8000', 0, freshMemory())).toThrow(refused('BAD_VALUE'))
  })
})

describe('an execution without parameters', () => {
  it('may say whether types follow, as MariaDB’s driver for Node does, and nothing more', () => {
    expect(execute('00 01000000', 0, freshMemory())).toEqual([])
    expect(execute('00 01000000 01', 0, freshMemory())).toEqual([])
    expect(() => execute('00 01000000 01 00', 0, freshMemory())).toThrow(refused('TRAILING_BYTES'))
  })
})

describe('any bytes', () => {
  it('read as a command and its parameters end in a value or a ProtocolError', () => {
    const agreed = fc.record({ capabilities: fc.nat(0xffff_ffff), mariadbCapabilities: fc.nat(63) })
    const first = fc.oneof(fc.constantFrom(0x03, 0x17, 0xfa, 0x11), fc.nat(255))
    const tail = fc.array(fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.nat(255)), { maxLength: 60 })
    fc.assert(
      fc.property(agreed, first, tail, fc.nat(5), fc.boolean(), (agreed, first, tail, count, known) => {
        const bytes = Buffer.from([first, ...tail])
        const memory = { ...freshMemory(), types: known ? new Uint16Array(count).fill(ColumnType.STRING) : undefined }
        try {
          const message = new CommandReader(agreed).read(new PayloadReader(bytes), bytes)
          const list = new ParameterList()
          if (message.kind === 'COM_STMT_EXECUTE')
            decodeParameters(message, bytes, bytes.length, count, memory, agreed, list)
          if (message.kind === 'COM_STMT_BULK_EXECUTE')
            decodeBulkParameters(message, bytes, bytes.length, count, memory, () => {})
          const shown = message.kind === 'COM_QUERY' ? message.attributes : list
          for (let index = 0; index < (shown?.count ?? 0); index++) shown?.value(index)
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

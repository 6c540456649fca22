import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Capability, MariadbCapability, ServerStatus } from './capabilities.ts'
import { encodeEof, encodeErr, encodeOk, ResponseHeader } from './generic-response.ts'
import { PacketCursor } from './packet-cursor.ts'
import { LARGEST_PACKET } from './packet-limits.ts'
import { PacketWriter } from './packet-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { ResponseKind, ResponsePart } from './response-kind.ts'
import { ResponseReader } from './response-reader.ts'
import { encodeColumnDefinition } from './result-column.ts'

const { Ok, Err, ColumnCount, ColumnDefinition, DefinitionsEnd, Row, ResultEnd } = ResponsePart
const { PrepareOk, PreparedDefinition, PreparedDefinitionsEnd, FieldDefinition } = ResponsePart

const BASE = Capability.PROTOCOL_41 | Capability.MULTI_RESULTS | Capability.PS_MULTI_RESULTS
const { MORE_RESULTS_EXISTS, CURSOR_EXISTS, LAST_ROW_SENT, SESSION_STATE_CHANGED } = ServerStatus

/** Writes responses as a server does under the capabilities, and notes what each packet is. */
class Script {
  readonly writer = new PacketWriter()
  readonly parts: ResponsePart[] = []
  readonly capabilities: number
  readonly mariadbCapabilities: number

  constructor(capabilities: number, mariadbCapabilities = 0) {
    this.capabilities = BASE | capabilities
    this.mariadbCapabilities = mariadbCapabilities
    this.writer.nextSequenceId = 1
  }

  get deprecateEof(): boolean {
    return (this.capabilities & Capability.DEPRECATE_EOF) !== 0
  }

  packet(part: ResponsePart, payload: Uint8Array): this {
    this.writer.begin().bytes(payload).end()
    this.parts.push(part)
    return this
  }

  ok(statusFlags = 0, info = '', part: ResponsePart = Ok, header: 0x00 | 0xfe = ResponseHeader.OK): this {
    const tracked = (this.capabilities & Capability.SESSION_TRACK) !== 0
    const stateChanges = tracked && info !== '' ? [{ kind: 'SCHEMA' as const, name: info }] : []
    const ok = { kind: 'OK' as const, affectedRows: 3n, lastInsertId: 7n, statusFlags, warnings: 2, info, stateChanges }
    encodeOk(ok, this.capabilities, this.writer, header)
    this.parts.push(part)
    return this
  }

  err(): this {
    const err = {
      kind: 'ERR' as const,
      errorCode: 1317,
      sqlState: '70100',
      errorMessage: 'Query execution was interrupted',
    }
    encodeErr(err, this.writer)
    this.parts.push(Err)
    return this
  }

  eof(part: ResponsePart, statusFlags = 0): this {
    encodeEof({ kind: 'EOF', warnings: 0, statusFlags }, this.writer)
    this.parts.push(part)
    return this
  }

  end(statusFlags = 0, info = ''): this {
    if (this.deprecateEof) return this.ok(statusFlags, info, ResultEnd, ResponseHeader.EOF)
    return this.eof(ResultEnd, statusFlags)
  }

  definition(part: ResponsePart): this {
    encodeColumnDefinition(COLUMN, false, this.writer)
    this.parts.push(part)
    return this
  }

  definitions(part: ResponsePart, count: number, end: ResponsePart): this {
    for (let index = 0; index < count; index++) this.definition(part)
    return count === 0 || this.deprecateEof ? this : this.eof(end)
  }

  header(columns: number): this {
    return this.packet(ColumnCount, Buffer.from([columns])).definitions(ColumnDefinition, columns, DefinitionsEnd)
  }

  /** A whole result set of text rows of one cell. */
  textResult(cells: readonly (string | null)[], statusFlags = 0): this {
    this.header(1)
    for (const cell of cells) {
      const writer = new PacketWriter()
      writer.begin()
      if (cell === null) writer.int1(0xfb)
      else writer.lenencText(cell)
      this.packet(Row, writer.end().take().subarray(4))
    }
    return this.end(statusFlags)
  }

  binaryRow(): this {
    return this.packet(Row, Buffer.from([0, 0, 1, 0x61]))
  }

  prepared(columns: number, parameters: number): this {
    this.packet(PrepareOk, Buffer.from([0, 9, 0, 0, 0, columns, 0, parameters, 0, 0, 4, 0]))
    this.definitions(PreparedDefinition, parameters, PreparedDefinitionsEnd)
    return this.definitions(PreparedDefinition, columns, PreparedDefinitionsEnd)
  }

  reader(): ResponseReader {
    return new ResponseReader(this)
  }
}

const COLUMN = {
  schema: 'shop',
  table: 'c',
  orgTable: 'customers',
  name: 'ssn',
  orgName: 'ssn',
  characterSet: 255,
  columnLength: 44,
  type: 253,
  flags: 0,
  decimals: 0,
  typeName: null,
  format: null,
}

/** Reads the whole script, cut at the places, and checks that the response is over with its last packet and not before. */
function read(script: Script, kind: ResponseKind, cuts: readonly number[] = []): ResponseReader {
  const reader = script.reader()
  reader.begin(kind)
  const cursor = new PacketCursor(1 << 26)
  cursor.nextSequenceId = 1
  const stream = script.writer.take()
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].sort((a, b) => a - b)
  const parts: ResponsePart[] = []
  for (const [index, from] of places.entries()) {
    const chunk = Buffer.from(stream.subarray(from, places[index + 1] ?? stream.length))
    cursor.feed(chunk, 0, chunk.length)
    while (cursor.next()) {
      if (cursor.continuation) continue
      expect(reader.over).toBe(false)
      parts.push(reader.packet(cursor.bytes, cursor.payload, cursor.end, cursor.payloadLength))
    }
    chunk.fill(0xee)
  }
  expect(parts).toEqual(script.parts)
  expect(reader.over).toBe(true)
  return reader
}

function code(what: () => unknown): string {
  try {
    what()
  } catch (error) {
    if (error instanceof ProtocolError) return error.code
    throw error
  }
  return 'nothing thrown'
}

const CAPABILITIES = [0, Capability.DEPRECATE_EOF, Capability.DEPRECATE_EOF | Capability.SESSION_TRACK]

describe.each(CAPABILITIES)('under capabilities 0x%x, the end of the response is known', (capabilities) => {
  it('of commands that are answered with OK, with an EOF in its place, or with ERR', () => {
    const reader = read(new Script(capabilities).ok(0, 'done'), ResponseKind.Status)
    expect(reader.status).toMatchObject({ affectedRows: 3, warnings: 2, isOk: true })
    read(new Script(capabilities).err(), ResponseKind.Status)
    const instead = new Script(capabilities)
    read(instead.deprecateEof ? instead.ok(0, '', Ok, ResponseHeader.EOF) : instead.eof(Ok), ResponseKind.Status)
  })

  it('of a text result, of no rows and of many', () => {
    read(new Script(capabilities).textResult([]), ResponseKind.Text)
    const reader = read(new Script(capabilities).textResult(['a', null, '', 'x'.repeat(300)]), ResponseKind.Text)
    expect(reader.columns).toBe(1)
    expect(reader.binary).toBe(false)
  })

  it('of several results, with what belongs to which', () => {
    const script = new Script(capabilities)
      .textResult(['a'], MORE_RESULTS_EXISTS)
      .ok(MORE_RESULTS_EXISTS, 'done')
      .textResult(['b'], MORE_RESULTS_EXISTS)
      .err()
    expect(read(script, ResponseKind.Text).resultIndex).toBe(3)
  })

  it('of an error in the middle of rows, and of one where a result would begin', () => {
    const script = new Script(capabilities)
      .header(2)
      .packet(Row, Buffer.from([1, 0x61, 0xfb]))
      .err()
    read(script, ResponseKind.Text)
    read(new Script(capabilities).header(1).binaryRow().err(), ResponseKind.Binary)
    read(new Script(capabilities).err(), ResponseKind.Text)
  })

  it('of a reply to COM_STMT_PREPARE, with and without parameters and columns', () => {
    for (const columns of [0, 3]) {
      for (const parameters of [0, 2]) {
        const reader = read(new Script(capabilities).prepared(columns, parameters), ResponseKind.Prepare)
        expect(reader.prepared).toMatchObject({ statementId: 9, columns, parameters, warnings: 4 })
      }
    }
    read(new Script(capabilities).err(), ResponseKind.Prepare)
  })

  it('of a reply to COM_STMT_PREPARE that defines fewer parameters than it counts, where an EOF ends them', () => {
    const script = new Script(capabilities)
    if (script.deprecateEof) return
    script.packet(PrepareOk, Buffer.from([0, 9, 0, 0, 0, 1, 0, 3, 0, 0, 4, 0]))
    script.definitions(PreparedDefinition, 2, PreparedDefinitionsEnd)
    read(script.definitions(PreparedDefinition, 1, PreparedDefinitionsEnd), ResponseKind.Prepare)
  })

  it('of binary results, and of one that CALL ends with out parameters and OK', () => {
    read(new Script(capabilities).header(1).binaryRow().binaryRow().end(), ResponseKind.Binary)
    const call = new Script(capabilities).header(1).binaryRow().end(MORE_RESULTS_EXISTS)
    call
      .header(1)
      .binaryRow()
      .end(MORE_RESULTS_EXISTS | ServerStatus.PS_OUT_PARAMS)
      .ok()
    expect(read(call, ResponseKind.Binary).resultIndex).toBe(2)
  })

  it('of out parameters whose last EOF does not say that more follows, as MySQL sends them', () => {
    const script = new Script(0).packet(ColumnCount, Buffer.from([1])).definition(ColumnDefinition)
    script
      .eof(DefinitionsEnd, MORE_RESULTS_EXISTS | ServerStatus.PS_OUT_PARAMS)
      .binaryRow()
      .eof(ResultEnd)
    read(script.ok(), ResponseKind.Binary)
  })

  it('of a cursor that was opened, and of each COM_STMT_FETCH', () => {
    const opened = new Script(capabilities).packet(ColumnCount, Buffer.from([2]))
    opened.definition(ColumnDefinition).definition(ColumnDefinition).end(CURSOR_EXISTS)
    expect(read(opened, ResponseKind.Binary).cursorOpened).toBe(true)
    read(new Script(capabilities).binaryRow().binaryRow().end(CURSOR_EXISTS), ResponseKind.Fetch)
    read(new Script(capabilities).end(LAST_ROW_SENT), ResponseKind.Fetch)
    read(new Script(capabilities).err(), ResponseKind.Fetch)
  })

  it('of COM_FIELD_LIST, COM_STATISTICS and an authentication exchange', () => {
    const fields = new Script(capabilities).definition(FieldDefinition).definition(FieldDefinition).end()
    read(fields, ResponseKind.FieldList)
    const text = Buffer.from('Uptime: 36  Threads: 2')
    read(new Script(capabilities).packet(ResponsePart.Statistics, text), ResponseKind.Statistics)
    const switching = Buffer.from('\xfemysql_native_password\0', 'latin1')
    const exchange = new Script(capabilities).packet(ResponsePart.Authentication, switching)
    read(exchange.packet(ResponsePart.Authentication, Buffer.from([1, 4])).ok(), ResponseKind.Authentication)
  })

  it('wherever the stream is cut', () => {
    const results = fc.array(
      fc.oneof(
        fc.record({ rows: fc.array(fc.option(fc.string({ maxLength: 300 })), { maxLength: 5 }) }),
        fc.record({ info: fc.string({ maxLength: 20 }) }),
      ),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(results, fc.boolean(), fc.array(fc.nat(), { maxLength: 30 }), (planned, fails, cuts) => {
        const script = new Script(capabilities)
        for (const [index, result] of planned.entries()) {
          const flags = fails || index < planned.length - 1 ? MORE_RESULTS_EXISTS : 0
          if ('rows' in result) script.textResult(result.rows, flags)
          else script.ok(flags, result.info)
        }
        if (fails) script.err()
        read(script, ResponseKind.Text, cuts)
      }),
    )
  })
})

describe('what OK says', () => {
  it('is found without CLIENT_SESSION_TRACK and with it, text and state apart', () => {
    const payload = (script: Script): Buffer => script.writer.take().subarray(4)
    const plain = new Script(0)
    const tracked = new Script(Capability.SESSION_TRACK)
    for (const script of [plain, tracked]) {
      const reader = script.reader()
      reader.begin(ResponseKind.Status)
      const bytes = payload(script.ok(ServerStatus.IN_TRANS, 'shop'))
      reader.packet(bytes, 0, bytes.length, bytes.length)
      const { status } = reader
      expect(bytes.toString('utf8', status.infoStart, status.infoEnd)).toBe('shop')
      expect(bytes.readUInt16LE(status.warningsAt)).toBe(2)
      expect(bytes.readUInt16LE(status.flagsAt)).toBe(status.flags)
      expect(bytes[status.lastInsertId]).toBe(7)
      const state = bytes.toString('utf8', status.stateStart, status.stateEnd)
      expect(state).toBe(script === tracked ? '\x01\x05\x04shop' : '')
      expect((status.flags & SESSION_STATE_CHANGED) !== 0).toBe(script === tracked)
    }
  })

  it('may be without text and state', () => {
    const bytes = Buffer.from('00000002000000', 'hex')
    const reader = new Script(Capability.SESSION_TRACK).reader()
    reader.begin(ResponseKind.Status)
    expect(reader.packet(bytes, 0, bytes.length, bytes.length)).toBe(Ok)
    expect(reader.status).toMatchObject({ infoStart: 7, infoEnd: 7, stateStart: 7, stateEnd: 7, flags: 2 })
  })
})

describe('rows that look like something else', () => {
  it('a row with a cell of 16 MiB begins as an OK does, and is a row', () => {
    const cell = Buffer.alloc(LARGEST_PACKET + 1, 0x61)
    for (const capabilities of CAPABILITIES) {
      const script = new Script(capabilities).header(1)
      const row = new PacketWriter().begin().lenencBytes(cell).end().take()
      script.packet(Row, Buffer.concat([row.subarray(4, 4 + LARGEST_PACKET), row.subarray(8 + LARGEST_PACKET)]))
      read(script.end(), ResponseKind.Text)
    }
  })

  it('a text row may begin with 0x00, and with NULL', () => {
    const script = new Script(Capability.DEPRECATE_EOF).header(1)
    read(
      script
        .packet(Row, Buffer.from([0]))
        .packet(Row, Buffer.from([0xfb]))
        .end(),
      ResponseKind.Text,
    )
  })

  it('a packet of a row that came in part is a row, one of an OK is not taken', () => {
    const reader = new Script(Capability.DEPRECATE_EOF).reader()
    reader.begin(ResponseKind.Fetch)
    expect(reader.packet(Buffer.from([0, 0]), 0, 2, 200_000)).toBe(Row)
    expect(code(() => reader.packet(Buffer.from([0xfe, 0]), 0, 2, 200_000))).toBe('UNEXPECTED_PACKET')
  })
})

describe('metadata that is left out', () => {
  it('ends with the column count, and with an EOF without DEPRECATE_EOF', () => {
    const optional = Capability.OPTIONAL_RESULTSET_METADATA
    const without = new Script(optional | Capability.DEPRECATE_EOF).packet(ColumnCount, Buffer.from([2, 0]))
    expect(read(without.packet(Row, Buffer.from([0xfb, 0xfb])).end(), ResponseKind.Text).definitionsFollow).toBe(false)
    const cached = new Script(0, MariadbCapability.CACHE_METADATA).packet(ColumnCount, Buffer.from([1, 0]))
    read(cached.eof(DefinitionsEnd).binaryRow().end(), ResponseKind.Binary)
    const given = new Script(optional)
      .packet(ColumnCount, Buffer.from([1, 1]))
      .definitions(ColumnDefinition, 1, DefinitionsEnd)
    expect(read(given.end(), ResponseKind.Text).definitionsFollow).toBe(true)
  })

  it('of a prepared statement ends its reply at once', () => {
    const script = new Script(Capability.OPTIONAL_RESULTSET_METADATA)
    read(script.packet(PrepareOk, Buffer.from([0, 9, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0])), ResponseKind.Prepare)
  })
})

describe('MariaDB', () => {
  it('reports progress with an ERR that ends nothing, where that was agreed', () => {
    const progress = Buffer.from([0xff, 0xff, 0xff, 1, 1, 1, 0, 0, 0, 0])
    const script = new Script(Capability.DEPRECATE_EOF, MariadbCapability.PROGRESS)
    const { Progress } = ResponsePart
    read(script.packet(Progress, progress).header(1).packet(Progress, progress).end(), ResponseKind.Text)
    read(new Script(0).packet(Err, progress), ResponseKind.Text)
  })
})

describe('what cannot come is refused', () => {
  it.each([
    ['a packet without a command', ResponseKind.None, '00'],
    ['an empty packet', ResponseKind.Text, ''],
    ['a result for a ping', ResponseKind.Status, '01'],
    ['rows for a prepare', ResponseKind.Prepare, '01'],
    ['a LOCAL INFILE request for a prepared statement', ResponseKind.Binary, 'fb2f'],
    ['a text row of a cursor', ResponseKind.Fetch, '0161'],
  ])('%s', (_name, kind, hex) => {
    const reader = new Script(0).reader()
    reader.begin(kind)
    const bytes = Buffer.from(hex, 'hex')
    expect(code(() => reader.packet(bytes, 0, bytes.length, bytes.length))).toBe('UNEXPECTED_PACKET')
  })

  it('more columns than a result can have', () => {
    const reader = new Script(0).reader()
    reader.begin(ResponseKind.Text)
    expect(code(() => reader.packet(Buffer.from([0xfd, 0, 0, 1]), 0, 4, 4))).toBe('TOO_MANY')
  })

  it('no bytes make it fail with anything but a ProtocolError, and no response goes on for ever on one packet', () => {
    const kinds = fc.constantFrom(...Object.values(ResponseKind))
    const packets = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
    fc.assert(
      fc.property(kinds, packets, fc.constantFrom(...CAPABILITIES), (kind, sent, capabilities) => {
        const reader = new Script(capabilities).reader()
        reader.begin(kind)
        for (const bytes of sent) {
          const result = code(() => reader.packet(Buffer.from(bytes), 0, bytes.length, bytes.length))
          if (result !== 'nothing thrown') return
        }
      }),
      { numRuns: 500 },
    )
  })
})

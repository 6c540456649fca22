import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Capability, ServerStatus } from './capabilities.ts'
import {
  decodeEof,
  decodeErr,
  decodeOk,
  encodeEof,
  encodeErr,
  encodeOk,
  isEof,
  type OkPacket,
  ResponseHeader,
} from './generic-response.ts'
import { PacketWriter } from './packet-writer.ts'
import { PayloadReader } from './payload-reader.ts'
import { ProtocolError } from './protocol-error.ts'
import { decodeSessionState, type SessionStateChange } from './session-state.ts'

const TRACKED = Capability.PROTOCOL_41 | Capability.SESSION_TRACK
const text = fc.string({ unit: 'binary', maxLength: 300 })
const change: fc.Arbitrary<SessionStateChange> = fc.oneof(
  fc.record({ kind: fc.constant('SYSTEM_VARIABLE'), name: text, value: fc.option(text) } as const),
  fc.record({ kind: fc.constant('SCHEMA'), name: text } as const),
  fc.record({ kind: fc.constant('STATE_CHANGE'), value: text } as const),
  fc.record({ kind: fc.constant('GTIDS'), gtids: text } as const),
  fc.record({ kind: fc.constant('TRANSACTION_CHARACTERISTICS'), statements: text } as const),
  fc.record({ kind: fc.constant('TRANSACTION_STATE'), state: text } as const),
)
const ok: fc.Arbitrary<OkPacket> = fc.record({
  kind: fc.constant('OK'),
  affectedRows: fc.bigInt(0n, 2n ** 64n - 1n),
  lastInsertId: fc.bigInt(0n, 2n ** 64n - 1n),
  statusFlags: fc.nat(0xffff).map((flags) => flags & ~ServerStatus.SESSION_STATE_CHANGED),
  warnings: fc.nat(0xffff),
  info: text,
  stateChanges: fc.array(change, { maxLength: 5 }),
} as const)

function reader(hex: string): PayloadReader {
  return new PayloadReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

describe('an OK packet', () => {
  it('survives being written and read, with and without session tracking', () => {
    fc.assert(
      fc.property(
        ok,
        fc.boolean(),
        fc.constantFrom(ResponseHeader.OK, ResponseHeader.EOF),
        (packet, tracked, header) => {
          const capabilities = tracked ? TRACKED : Capability.PROTOCOL_41
          const writer = new PacketWriter()
          encodeOk(packet, capabilities, writer, header)
          const stateChanges = tracked ? packet.stateChanges : []
          const statusFlags = packet.statusFlags | (stateChanges.length > 0 ? ServerStatus.SESSION_STATE_CHANGED : 0)
          expect(decodeOk(new PayloadReader(writer.take(), 4), capabilities)).toEqual({
            ...packet,
            stateChanges,
            statusFlags,
          })
        },
      ),
    )
  })

  it('is read as the manual gives it: a changed schema', () => {
    // Manual, "Session State Information": USE test.
    expect(decodeOk(reader('00 00 00 02 40 00 00 00 07 01 05 04 74 65 73 74'), TRACKED)).toEqual({
      kind: 'OK',
      affectedRows: 0n,
      lastInsertId: 0n,
      statusFlags: ServerStatus.AUTOCOMMIT | ServerStatus.SESSION_STATE_CHANGED,
      warnings: 0,
      info: '',
      stateChanges: [{ kind: 'SCHEMA', name: 'test' }],
    })
  })

  it('may have its info with a length or without, when session tracking is not agreed', () => {
    for (const info of ['03 61 62 63', '61 62 63'])
      expect(decodeOk(reader(`00 00 00 02 00 00 00 ${info}`), Capability.PROTOCOL_41).info).toBe('abc')
  })

  it('with state of a type that is not known keeps its bytes', () => {
    expect(decodeSessionState(Buffer.from('0902aabb', 'hex'))).toEqual([
      { kind: 'UNKNOWN', type: 9, data: Buffer.from('aabb', 'hex') },
    ])
  })

  it('with a state that goes on after its end is refused', () => {
    expect(() => decodeSessionState(Buffer.from('0105017461', 'hex'))).toThrow(ProtocolError)
    expect(() => decodeSessionState(Buffer.from('0103017461', 'hex'))).toThrow(ProtocolError)
  })
})

describe('an ERR packet', () => {
  it('has an SQLSTATE, or none before capabilities are agreed', () => {
    expect(decodeErr(reader('ff 48 04 23 48 59 30 30 30 4e 6f'))).toEqual({
      kind: 'ERR',
      errorCode: 1096,
      sqlState: 'HY000',
      errorMessage: 'No',
    })
    expect(decodeErr(reader('ff 10 04 54 6f 6f'))).toEqual({
      kind: 'ERR',
      errorCode: 1040,
      sqlState: '',
      errorMessage: 'Too',
    })
    const writer = new PacketWriter()
    encodeErr({ kind: 'ERR', errorCode: 1096, sqlState: 'HY000', errorMessage: 'No' }, writer)
    expect(writer.take().toString('hex')).toBe('0b000000ff48042348593030304e6f')
    expect(() => encodeErr({ kind: 'ERR', errorCode: 1, sqlState: 'nope!', errorMessage: '' }, writer)).toThrow(
      RangeError,
    )
  })
})

describe('an EOF packet', () => {
  it('is told from a row by its length', () => {
    expect(isEof(0xfe, 5)).toBe(true)
    expect(isEof(0xfe, 9)).toBe(false)
    const writer = new PacketWriter()
    encodeEof({ kind: 'EOF', warnings: 3, statusFlags: ServerStatus.AUTOCOMMIT }, writer)
    expect(decodeEof(new PayloadReader(writer.take(), 4), Capability.PROTOCOL_41)).toEqual({
      kind: 'EOF',
      warnings: 3,
      statusFlags: 2,
    })
  })
})

describe('any bytes', () => {
  it('read as a generic response end in a value or a ProtocolError', () => {
    const decoders = [decodeOk, decodeErr, decodeEof]
    const headers = fc.constantFrom(0x00, 0xfe, 0xff)
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 60 }), fc.nat(0xffff_ffff), (header, bytes, capabilities) => {
        for (const decode of decoders) {
          try {
            decode(new PayloadReader(Buffer.from([header, ...bytes])), capabilities)
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('length-encoded integers', () => {
  it('are written in the shortest form and read back exactly', () => {
    for (const [value, hex] of [
      [0n, '00'],
      [250n, 'fa'],
      [251n, 'fcfb00'],
      [65_535n, 'fcffff'],
      [65_536n, 'fd000001'],
      [16_777_215n, 'fdffffff'],
      [16_777_216n, 'fe0000000100000000'],
      [2n ** 64n - 1n, 'feffffffffffffffff'],
    ] as const) {
      const payload = new PacketWriter().begin().lenencInt(value).end().written().subarray(4)
      expect(payload.toString('hex')).toBe(hex)
      expect(new PayloadReader(payload).lenencBigInt()).toBe(value)
    }
  })

  it('that cannot be a length are refused', () => {
    for (const hex of ['fb', 'ff', 'feffffffffffffffff', 'fc00', ''])
      expect(() => reader(hex).lenencBytes()).toThrow(ProtocolError)
  })
})

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MessageWriter } from './message-writer.ts'
import { ProtocolError } from './protocol-error.ts'
import { StartupReader } from './startup-reader.ts'
import type { StartupPacket } from './startup.ts'
import { decodeStartupPacket, encodeStartupPacket } from './startup.ts'

const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0') && value.isWellFormed())
const key = fc.uint8Array({ minLength: 4, maxLength: 256 }).map((bytes) => Buffer.from(bytes))
const packets: fc.Arbitrary<StartupPacket> = fc.oneof(
  fc.constant<StartupPacket>({ kind: 'SSLRequest' }),
  fc.constant<StartupPacket>({ kind: 'GSSENCRequest' }),
  fc.record({ kind: fc.constant('CancelRequest' as const), processId: fc.integer(), secretKey: key }),
  fc.record({
    kind: fc.constant('StartupMessage' as const),
    minorVersion: fc.integer({ min: 0, max: 0xffff }),
    parameters: fc
      .array(
        fc.tuple(
          text.filter((name) => name !== ''),
          text,
        ),
      )
      .map((pairs) => new Map(pairs)),
  }),
)

function encoded(packet: StartupPacket): Buffer {
  const writer = new MessageWriter()
  encodeStartupPacket(packet, writer)
  return writer.take()
}

describe('packets before login', () => {
  it('are read back as they were written, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(packets, { maxLength: 4 }), fc.integer({ min: 1, max: 50 }), (sent, size) => {
        const bytes = Buffer.concat(sent.map(encoded))
        const reader = new StartupReader()
        const seen: StartupPacket[] = []
        for (let at = 0; at < bytes.length; at += size) {
          reader.feed(bytes, at, Math.min(bytes.length, at + size))
          while (reader.next() === 'packet') seen.push(decodeStartupPacket(reader.packet))
        }
        expect(seen).toEqual(sent)
      }),
    )
  })

  it('are told from a TLS ClientHello, of which nothing is consumed', () => {
    const hello = Buffer.from([0x16, 3, 1, 0, 200])
    const reader = new StartupReader()
    reader.feed(hello, 0, hello.length)
    expect(reader.next()).toBe('tls')
    expect(reader.rest()).toEqual(hello)
  })

  it('do not swallow bytes sent after an SSLRequest: the caller sees them and can refuse', () => {
    const bytes = Buffer.concat([encoded({ kind: 'SSLRequest' }), Buffer.from('smuggled')])
    const reader = new StartupReader()
    reader.feed(bytes, 0, bytes.length)
    expect(reader.next()).toBe('packet')
    expect(reader.rest().toString()).toBe('smuggled')
  })

  it.each([
    [0x7fff_ffff, 'MESSAGE_TOO_LARGE'],
    [10_005, 'MESSAGE_TOO_LARGE'],
    [7, 'BAD_LENGTH'],
    [-1, 'BAD_LENGTH'],
  ])('that announce %i bytes are refused before anything is buffered', (length, code) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(length)
    const reader = new StartupReader()
    reader.feed(bytes, 0, 4)
    expect(() => reader.next()).toThrow(expect.objectContaining({ code }) as Error)
  })

  it.each([
    ['a parameter twice', '\0\x03\0\0user\0a\0user\0b\0\0', 'BAD_VALUE'],
    ['no end mark', '\0\x03\0\0user\0a\0', 'SHORT_READ'],
    ['bytes after the end mark', '\0\x03\0\0user\0a\0\0x', 'TRAILING_BYTES'],
    ['a name without a value', '\0\x03\0\0user\0', 'SHORT_READ'],
    ['text that is not UTF-8', '\0\x03\0\0user\0\xff\0\0', 'BAD_TEXT'],
    ['protocol 2', '\0\x02\0\0user\0a\0\0', 'UNKNOWN_MESSAGE'],
    ['a cancel key of three bytes', '\x04\xd2\x16\x2e\0\0\0\x01abc', 'BAD_VALUE'],
    ['an SSLRequest that goes on', '\x04\xd2\x16\x2f\0', 'TRAILING_BYTES'],
  ])('with %s are refused', (_, packet, code) => {
    expect(() => decodeStartupPacket(Buffer.from(packet, 'latin1'))).toThrow(expect.objectContaining({ code }) as Error)
  })

  it('of any bytes at all are read or refused with a ProtocolError', () => {
    const opening = fc.constantFrom('\0\x03\0\0', '\0\x03\0\x02', '\x04\xd2\x16\x2e', '\x04\xd2\x16\x2f', '')
    fc.assert(
      fc.property(opening, fc.uint8Array({ maxLength: 400 }), (head, bytes) => {
        try {
          decodeStartupPacket(Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

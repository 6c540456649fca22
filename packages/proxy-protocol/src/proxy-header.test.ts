import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'
import type { ProxyHeader } from './header-reading.ts'
import { readProxyHeader } from './proxy-header.ts'
import { ProxyProtocolError } from './proxy-protocol-error.ts'
import {
  encodeLocal,
  encodeTypeLengthValue,
  encodeVersion1,
  encodeVersion2,
  type End,
  rawVersion2,
} from './testing/encode-proxy-header.ts'

const client: End = { address: '203.0.113.7', port: 40_000 }
const balancer: End = { address: '10.0.0.1', port: 5432 }
const client6: End = { address: '2001:db8::7', port: 65_535 }
const balancer6: End = { address: 'fd00::1', port: 5432 }

const headerOf = (bytes: Buffer): ProxyHeader => {
  const reading = readProxyHeader(bytes)
  if (reading.kind !== 'header') throw new Error(reading.kind)
  return reading.header
}
const codeOf = (bytes: Buffer): string => {
  try {
    return readProxyHeader(bytes).kind
  } catch (error) {
    if (error instanceof ProxyProtocolError) return error.code
    throw error
  }
}
const line = (text: string): Buffer => Buffer.from(`${text}\r\n`, 'latin1')

/** Every header that a balancer may send, and what it says. */
const good: readonly (readonly [string, Buffer, ProxyHeader])[] = [
  ['version 1, TCP4', encodeVersion1(client, balancer), { kind: 'client', ...client }],
  ['version 1, TCP6', encodeVersion1(client6, balancer6), { kind: 'client', ...client6 }],
  [
    'version 1, the longest',
    line(`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    { kind: 'client', address: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', port: 65_535 },
  ],
  ['version 1, UNKNOWN', line('PROXY UNKNOWN'), { kind: 'own' }],
  [
    'version 1, UNKNOWN with more',
    line(`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535`),
    { kind: 'own' },
  ],
  ['version 2, TCP4', encodeVersion2(client, balancer), { kind: 'client', ...client }],
  ['version 2, TCP6', encodeVersion2(client6, balancer6), { kind: 'client', ...client6 }],
  [
    'version 2, IPv4 in IPv6',
    encodeVersion2({ address: '::ffff:203.0.113.7', port: 1 }, balancer6),
    { kind: 'client', address: '203.0.113.7', port: 1 },
  ],
  [
    'version 2, as an NLB sends it',
    encodeVersion2(client, balancer, [{ type: 0xea, value: Buffer.from('\x01vpce-08d2bf15fac5001c9') }], true),
    { kind: 'client', ...client },
  ],
  ['version 2, a socket file', rawVersion2(0x21, 0x31, [Buffer.alloc(216)]), { kind: 'own' }],
  ['version 2, UNSPEC', rawVersion2(0x21, 0x00, [Buffer.from('whatever')]), { kind: 'own' }],
  ['version 2, LOCAL', encodeLocal(), { kind: 'own' }],
  ['version 2, LOCAL with addresses', rawVersion2(0x20, 0x11, [Buffer.alloc(12)]), { kind: 'own' }],
]

describe('a header', () => {
  test.each(good)('is read: %s', (_, bytes, header) => {
    expect(headerOf(bytes)).toEqual(header)
  })

  test.each(good)('is read wherever it is cut, and nothing behind it is touched: %s', (_, bytes, header) => {
    for (let length = 0; length < bytes.length; length++)
      expect(readProxyHeader(bytes.subarray(0, length)), String(length)).toEqual({ kind: 'incomplete' })
    const more = Buffer.concat([bytes, Buffer.from('\r\nPROXY what follows\r\n')])
    for (let length = bytes.length; length <= more.length; length++)
      expect(readProxyHeader(more.subarray(0, length))).toEqual({ kind: 'header', header, length: bytes.length })
  })

  test('with a checksum is read as long as no bit of it is another', () => {
    const bytes = encodeVersion2(client, balancer, [{ type: 4, value: Buffer.alloc(9) }], true)
    const typeOfChecksum = bytes.length - 7
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      if (bit >> 3 === typeOfChecksum) continue
      const other = Buffer.from(bytes)
      other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const code = codeOf(other)
      // A bit may make it LOCAL or UNSPEC, where nothing is looked at, or longer than what is there.
      if (code === 'header') expect(headerOf(other)).toEqual({ kind: 'own' })
      else expect(['CHECKSUM', 'MALFORMED', 'TOO_LONG', 'absent', 'incomplete']).toContain(code)
    }
  })

  test('says of every two ends what was put into it', () => {
    const port = fc.nat(65_535)
    const ends = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4(), port, port), fc.tuple(fc.ipV6(), fc.ipV6(), port, port))
    fc.assert(
      fc.property(
        ends,
        fc.array(fc.record({ type: fc.integer({ min: 4, max: 255 }), value: fc.uint8Array({ maxLength: 60 }) }), {
          maxLength: 5,
        }),
        fc.boolean(),
        ([source, destination, from, to], values, checksum) => {
          const typeLengthValues = values.map(({ type, value }) => ({ type, value: Buffer.from(value) }))
          const said = headerOf(
            encodeVersion2(
              { address: source, port: from },
              { address: destination, port: to },
              typeLengthValues,
              checksum,
            ),
          )
          expect(said).toMatchObject({ kind: 'client', port: from })
          expect(headerOf(encodeVersion1({ address: source, port: from }, { address: destination, port: to }))).toEqual(
            said,
          )
        },
      ),
    )
  })
})

describe('what is no header', () => {
  test.each([
    ['a start-up packet of PostgreSQL', Buffer.from('00000008 04d2162f'.replace(' ', ''), 'hex')],
    ['a ClientHello', Buffer.from('1603010200', 'hex')],
    ['an answer to a greeting of MySQL', Buffer.from('200000018da20a00', 'hex')],
    ['PROXY in small letters', Buffer.from('proxy TCP4 ')],
    ['an empty line', Buffer.from('\r\n\r\nQUIT')],
  ])('is seen to be none: %s', (_, bytes) => {
    expect(codeOf(bytes)).toBe('absent')
  })

  test.each([
    ['a line that does not end', Buffer.from(`PROXY ${'x'.repeat(101)}`), 'TOO_LONG'],
    ['a line that ends one byte too late', line(`PROXY UNKNOWN ${'x'.repeat(92)}`), 'TOO_LONG'],
    ['a line without addresses', line('PROXY TCP4'), 'MALFORMED'],
    ['an address of the other family', line('PROXY TCP4 ::1 ::1 1 2'), 'MALFORMED'],
    ['a family that is not the addresses’', line('PROXY TCP6 10.0.0.1 10.0.0.2 1 2'), 'MALFORMED'],
    ['an address that is none', line('PROXY TCP4 10.0.0.256 10.0.0.2 1 2'), 'MALFORMED'],
    ['a destination that is none', line('PROXY TCP4 10.0.0.1 10.0.0 1 2'), 'MALFORMED'],
    ['a port that is none', line('PROXY TCP4 10.0.0.1 10.0.0.2 65536 2'), 'MALFORMED'],
    ['a port with a zero before it', line('PROXY TCP4 10.0.0.1 10.0.0.2 01 2'), 'MALFORMED'],
    ['two blanks', line('PROXY TCP4  10.0.0.1 10.0.0.2 1 2'), 'MALFORMED'],
    ['a line feed within', line('PROXY TCP4 10.0.0.1\n10.0.0.2 1 2'), 'MALFORMED'],
    ['a zone', line('PROXY TCP6 fe80::1%lo fe80::2 1 2'), 'MALFORMED'],
    ['UDP', line('PROXY UDP4 10.0.0.1 10.0.0.2 1 2'), 'MALFORMED'],
    ['UNKNOWN with letters behind it', line('PROXY UNKNOWNS'), 'MALFORMED'],
    ['version 1 in binary', rawVersion2(0x11, 0x11, [Buffer.alloc(12)]), 'MALFORMED'],
    ['another command', rawVersion2(0x22, 0x11, [Buffer.alloc(12)]), 'MALFORMED'],
    ['datagrams', rawVersion2(0x21, 0x12, [Buffer.alloc(12)]), 'MALFORMED'],
    ['too few bytes for IPv4', rawVersion2(0x21, 0x11, [Buffer.alloc(11)]), 'MALFORMED'],
    ['too few bytes for IPv6', rawVersion2(0x21, 0x21, [Buffer.alloc(35)]), 'MALFORMED'],
    ['too few bytes for a socket file', rawVersion2(0x21, 0x31, [Buffer.alloc(215)]), 'MALFORMED'],
    ['half a TLV', rawVersion2(0x21, 0x11, [Buffer.alloc(12), Buffer.from([4, 0])]), 'MALFORMED'],
    ['a TLV longer than the header', rawVersion2(0x21, 0x11, [Buffer.alloc(12), Buffer.from([4, 0, 1])]), 'MALFORMED'],
    [
      'a checksum of three bytes',
      rawVersion2(0x21, 0x11, [Buffer.alloc(12), encodeTypeLengthValue({ type: 3, value: Buffer.alloc(3) })]),
      'MALFORMED',
    ],
    [
      'two checksums',
      rawVersion2(0x21, 0x11, [
        Buffer.alloc(12),
        ...[1, 2].map(() => encodeTypeLengthValue({ type: 3, value: Buffer.alloc(4) })),
      ]),
      'MALFORMED',
    ],
    [
      'a checksum that is not right',
      rawVersion2(0x21, 0x11, [Buffer.alloc(12), encodeTypeLengthValue({ type: 3, value: Buffer.alloc(4) })]),
      'CHECKSUM',
    ],
  ])('and begins as one is refused: %s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code)
  })

  test('and says that it is longer than 4 KiB is refused before it is there', () => {
    const announced = rawVersion2(0x21, 0x11, []).subarray(0, 14)
    expect(codeOf(Buffer.concat([announced, Buffer.from([0x0f, 0xf1])]))).toBe('TOO_LONG')
    expect(codeOf(Buffer.concat([announced, Buffer.from([0x0f, 0xf0])]))).toBe('incomplete')
  })

  test('is refused without any other error, whatever it is', () => {
    const beginnings = [
      Buffer.alloc(0),
      Buffer.from('PROXY '),
      Buffer.from('PROXY TCP4 '),
      rawVersion2(0x21, 0x11, []).subarray(0, 12),
      rawVersion2(0x21, 0x21, []).subarray(0, 14),
    ]
    fc.assert(
      fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 300 }), (beginning, garbage) => {
        const bytes = Buffer.concat([beginning, garbage])
        const codes = Array.from({ length: bytes.length + 1 }, (_, length) => codeOf(bytes.subarray(0, length)))
        // What is decided stays so, however much comes after it.
        const decided = codes.findIndex((code) => code !== 'incomplete')
        if (decided >= 0) expect(new Set(codes.slice(decided)).size).toBe(1)
      }),
    )
  })
})

describe('CRC-32C', () => {
  // RFC 3720, appendix B.4.
  test.each([
    [Buffer.alloc(32), 0x8a9136aa],
    [Buffer.alloc(32, 0xff), 0x62a8ab43],
    [Buffer.from(Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e],
    [Buffer.from('123456789'), 0xe3069283],
  ])('is what the RFC says', (bytes, sum) => {
    expect(crc32c(bytes)).toBe(sum)
  })
})

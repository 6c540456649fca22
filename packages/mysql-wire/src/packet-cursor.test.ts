import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ANY_SEQUENCE_ID, PacketCursor } from './packet-cursor.ts'
import { LARGEST_PACKET } from './packet-limits.ts'
import { PacketWriter } from './packet-writer.ts'
import { ProtocolError } from './protocol-error.ts'

const MEGABYTE = 1 << 20
const payloads: fc.Arbitrary<Buffer[]> = fc.array(
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 20 },
)

function encode(sent: readonly Buffer[], firstSequenceId: number = 0): Buffer {
  const writer = new PacketWriter()
  writer.nextSequenceId = firstSequenceId
  for (const payload of sent) writer.begin().bytes(payload).end()
  return writer.take()
}

function header(length: number, sequenceId: number): Buffer {
  return Buffer.from([length & 0xff, (length >> 8) & 0xff, length >> 16, sequenceId])
}

/** Cuts a stream at the given places, into chunks that are overwritten once used, as a reused read buffer is. */
function walk(cursor: PacketCursor, stream: Buffer, cuts: readonly number[], onPacket: () => void): void {
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].sort((a, b) => a - b)
  for (const [index, from] of places.entries()) {
    const to = places[index + 1] ?? stream.length
    const chunk = Buffer.concat([Buffer.from('pad'), stream.subarray(from, to), Buffer.from('pad')])
    cursor.feed(chunk, 3, 3 + to - from)
    while (cursor.next()) onPacket()
    chunk.fill(0xff)
  }
}

describe('a stream of packets', () => {
  it('gives the same packets wherever it is cut', () => {
    fc.assert(
      fc.property(payloads, fc.nat(255), fc.array(fc.nat()), fc.boolean(), (sent, firstId, cuts, joined) => {
        const cursor = new PacketCursor(MEGABYTE)
        cursor.nextSequenceId = firstId
        cursor.joined = joined
        const seen: Buffer[] = []
        walk(cursor, encode(sent, firstId), cuts, () => {
          expect(cursor.first && cursor.last).toBe(true)
          expect(cursor.continuation || cursor.continued).toBe(false)
          expect(cursor.packets).toBe(1)
          expect(cursor.payloadLength).toBe(cursor.end - cursor.payload)
          expect(cursor.bytes[cursor.start + 3]).toBe(cursor.sequenceId)
          expect(cursor.sequenceId).toBe((firstId + seen.length) & 0xff)
          seen.push(Buffer.from(cursor.bytes.subarray(cursor.payload, cursor.end)))
        })
        expect(seen).toEqual(sent)
        expect(cursor.betweenPayloads).toBe(true)
      }),
    )
  })

  it('gives the same bytes when packets are streamed in pieces, and a first piece tells what it is of', () => {
    fc.assert(
      fc.property(
        payloads,
        fc.array(fc.nat()),
        fc.infiniteStream(fc.constantFrom(0, 50, Infinity)),
        (sent, cuts, from) => {
          const cursor = new PacketCursor(MEGABYTE)
          cursor.streamedFrom = 0
          const seen: Buffer[] = []
          const forwarded: Buffer[] = []
          let pieces: Buffer[] = []
          walk(cursor, encode(sent), cuts, () => {
            if (cursor.first) {
              expect(pieces).toEqual([])
              expect(cursor.payload).toBe(cursor.start + 4)
              expect(cursor.end > cursor.payload || cursor.payloadLength === 0).toBe(true)
            } else expect(cursor.payload).toBe(cursor.start)
            pieces.push(Buffer.from(cursor.bytes.subarray(cursor.payload, cursor.end)))
            forwarded.push(Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
            if (!cursor.last) return
            seen.push(Buffer.concat(pieces))
            expect(seen.at(-1)?.length).toBe(cursor.payloadLength)
            pieces = []
            cursor.streamedFrom = from.next().value
          })
          expect(seen).toEqual(sent)
          expect(Buffer.concat(forwarded)).toEqual(encode(sent))
        },
      ),
    )
  })

  it('can be stopped after any packet and fed the rest again', () => {
    fc.assert(
      fc.property(payloads, fc.array(fc.nat()), fc.infiniteStream(fc.boolean()), (sent, cuts, stops) => {
        const cursor = new PacketCursor(MEGABYTE)
        cursor.streamedFrom = 100
        const forwarded: Buffer[] = []
        walk(cursor, encode(sent), cuts, () => {
          const rest = stops.next().value === true ? cursor.rest() : undefined
          forwarded.push(Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
          if (rest !== undefined) cursor.feed(rest, 0, rest.length)
        })
        expect(Buffer.concat(forwarded)).toEqual(encode(sent))
      }),
    )
  })

  it('hands over the chunk itself, not a copy, for a packet that lies whole in it', () => {
    const chunk = encode([Buffer.from('abc'), Buffer.from('d')])
    const cursor = new PacketCursor(MEGABYTE)
    cursor.feed(chunk, 0, chunk.length)
    let count = 0
    for (; cursor.next(); count++) expect(cursor.bytes).toBe(chunk)
    expect(count).toBe(2)
    expect(cursor.heldBytes).toBe(0)
  })
})

describe('a payload of several packets', () => {
  const long = Buffer.alloc(LARGEST_PACKET + 1000, 'x')
  long[LARGEST_PACKET] = 0xfe
  const exact = Buffer.alloc(2 * LARGEST_PACKET, 'y')

  it('is reported packet by packet, so that it can be forwarded as it is', () => {
    const stream = encode([long, Buffer.from('next')])
    const cursor = new PacketCursor(2 * LARGEST_PACKET)
    const seen: unknown[] = []
    walk(cursor, stream, [3, LARGEST_PACKET, LARGEST_PACKET + 5], () => {
      expect(cursor.first && cursor.last).toBe(true)
      seen.push([cursor.payloadLength, cursor.continuation, cursor.continued, cursor.sequenceId])
    })
    expect(seen).toEqual([
      [LARGEST_PACKET, false, true, 0],
      [1000, true, false, 1],
      [4, false, false, 2],
    ])
  })

  it('is joined wherever it is cut, also when its last packet is empty', () => {
    const second = LARGEST_PACKET + 4
    for (const [payload, packets, places] of [
      [long, 2, [1, 4, 5, 100, second - 1, second, second + 1, second + 3, second + 4, second + 5]],
      [exact, 3, [second + 2, 2 * second, 2 * second + 1, 2 * second + 4]],
    ] as const) {
      const stream = encode([payload, Buffer.from('next')], 254)
      for (const place of places) {
        const cursor = new PacketCursor(4 * LARGEST_PACKET)
        cursor.joined = true
        cursor.nextSequenceId = 254
        const seen: unknown[] = []
        let same = true
        // Not `walk`: its copies would be most of the test's time.
        for (const [from, to] of [
          [0, place],
          [place, stream.length],
        ] as const) {
          cursor.feed(stream, from, to)
          while (cursor.next()) {
            seen.push([cursor.payloadLength, cursor.packets, cursor.sequenceId, cursor.continued])
            const expected = seen.length === 1 ? payload : Buffer.from('next')
            same &&= expected.equals(cursor.bytes.subarray(cursor.payload, cursor.end))
          }
        }
        expect(seen).toEqual([
          [payload.length, packets, 254, false],
          [4, 1, (254 + packets) & 0xff, false],
        ])
        expect(same).toBe(true)
        expect(cursor.betweenPayloads).toBe(true)
        cursor.feed(stream, 0, 0)
        expect(cursor.heldBytes).toBeLessThanOrEqual(1024)
      }
    }
  })

  it('is refused on the header that makes it too long, before more is kept', () => {
    for (const joined of [false, true]) {
      const cursor = new PacketCursor(LARGEST_PACKET + 10)
      cursor.joined = joined
      cursor.streamedFrom = 0
      const stream = encode([long])
      cursor.feed(stream, 0, LARGEST_PACKET + 4)
      while (cursor.next()) expect(cursor.continued).toBe(true)
      cursor.feed(stream, LARGEST_PACKET + 4, stream.length)
      expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'PACKET_TOO_LARGE' }) as Error)
      expect(() => cursor.next()).toThrow(ProtocolError)
    }
  })

  it('has every part checked for its sequence id', () => {
    const stream = encode([long])
    stream[LARGEST_PACKET + 4 + 3] = 2
    for (const joined of [false, true]) {
      const cursor = new PacketCursor(4 * LARGEST_PACKET)
      cursor.joined = joined
      cursor.feed(stream, 0, stream.length)
      expect(() => {
        while (cursor.next());
      }).toThrow(expect.objectContaining({ code: 'BAD_SEQUENCE' }) as Error)
    }
  })
})

describe('a hostile header', () => {
  it('that announces more than the limit is refused before anything is buffered, cut or not', () => {
    for (const cut of [0, 1, 3]) {
      const cursor = new PacketCursor(1000)
      cursor.streamedFrom = 0
      const bytes = header(1001, 0)
      cursor.feed(bytes, 0, cut)
      expect(cursor.next()).toBe(false)
      cursor.feed(bytes, cut, 4)
      expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'PACKET_TOO_LARGE' }) as Error)
      expect(() => cursor.next()).toThrow(ProtocolError)
      expect(cursor.heldBytes).toBeLessThanOrEqual(64)
    }
  })

  it('with a sequence id out of order is refused, unless any is taken', () => {
    const cursor = new PacketCursor(1000)
    const bytes = Buffer.concat([header(1, 3), Buffer.from('a')])
    cursor.feed(bytes, 0, 5)
    expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'BAD_SEQUENCE' }) as Error)
    const lenient = new PacketCursor(1000)
    lenient.nextSequenceId = ANY_SEQUENCE_ID
    lenient.feed(bytes, 0, 5)
    expect(lenient.next()).toBe(true)
    expect(lenient.nextSequenceId).toBe(4)
  })

  it('that promises much and sends little costs only what was sent', () => {
    const cursor = new PacketCursor(1 << 30)
    cursor.joined = true
    const start = Buffer.concat([header(LARGEST_PACKET, 0), Buffer.alloc(100)])
    cursor.feed(start, 0, start.length)
    expect(cursor.next()).toBe(false)
    expect(cursor.heldBytes).toBeLessThan(512)
  })

  it('or any bytes at all end in packets or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.array(fc.nat()), fc.boolean(), (bytes, cuts, joined) => {
        const cursor = new PacketCursor(1000)
        cursor.joined = joined
        try {
          walk(cursor, Buffer.from(bytes), cuts, () => {
            expect(cursor.end).toBeLessThanOrEqual(cursor.bytes.length)
            cursor.nextSequenceId = ANY_SEQUENCE_ID
          })
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

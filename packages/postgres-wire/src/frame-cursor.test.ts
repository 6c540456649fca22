import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameCursor } from './frame-cursor.ts'
import { BACKEND_LIMITS, FRONTEND_LIMITS } from './frame-limits.ts'
import { ProtocolError } from './protocol-error.ts'

const MEGABYTE = 1 << 20
const TAGS = 'TDCEZ12dN'

interface Frame {
  readonly tag: string
  readonly body: Buffer
}

const frames: fc.Arbitrary<Frame[]> = fc.array(
  fc.record({
    tag: fc.constantFrom(...'TDdENA'.split('')),
    body: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 20 },
)

function encode(frame: Frame): Buffer {
  const head = Buffer.alloc(5)
  head.write(frame.tag, 'latin1')
  head.writeInt32BE(frame.body.length + 4, 1)
  return Buffer.concat([head, frame.body])
}

/** Cuts a stream at the given places, into chunks that are overwritten once used, as a reused read buffer is. */
function walk(cursor: FrameCursor, stream: Buffer, cuts: readonly number[], onFrame: () => void): void {
  const places = [...cuts.map((cut) => cut % (stream.length + 1)), 0, stream.length].sort((a, b) => a - b)
  for (const [index, from] of places.entries()) {
    const to = places[index + 1] ?? stream.length
    const chunk = Buffer.concat([Buffer.from('pad'), stream.subarray(from, to), Buffer.from('pad')])
    cursor.feed(chunk, 3, 3 + to - from)
    while (cursor.next()) onFrame()
    chunk.fill(0xff)
  }
}

function header(tag: string, length: number): Buffer {
  const head = Buffer.alloc(5)
  head.write(tag, 'latin1')
  head.writeInt32BE(length, 1)
  return head
}

describe('a stream of frames', () => {
  it('gives the same frames wherever it is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), (sent, cuts) => {
        const cursor = new FrameCursor(BACKEND_LIMITS(MEGABYTE))
        const seen: Frame[] = []
        walk(cursor, Buffer.concat(sent.map(encode)), cuts, () => {
          expect(cursor.first && cursor.last).toBe(true)
          expect(cursor.bodyLength).toBe(cursor.end - cursor.body)
          expect(cursor.bytes[cursor.start]).toBe(cursor.tag)
          const body = Buffer.from(cursor.bytes.subarray(cursor.body, cursor.end))
          seen.push({ tag: String.fromCharCode(cursor.tag), body })
        })
        expect(seen).toEqual(sent)
        expect(cursor.betweenFrames).toBe(true)
      }),
    )
  })

  it('gives the same bytes when frames are streamed in pieces, and when that is turned on and off', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), fc.infiniteStream(fc.boolean()), (sent, cuts, streaming) => {
        const cursor = new FrameCursor(BACKEND_LIMITS(MEGABYTE))
        const seen: Frame[] = []
        const forwarded: Buffer[] = []
        let pieces: Buffer[] = []
        walk(cursor, Buffer.concat(sent.map(encode)), cuts, () => {
          if (cursor.first) {
            expect(pieces).toEqual([])
            expect(cursor.body).toBe(cursor.start + 5)
          } else expect(cursor.body).toBe(cursor.start)
          pieces.push(Buffer.from(cursor.bytes.subarray(cursor.body, cursor.end)))
          forwarded.push(Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
          if (!cursor.last) return
          const body = Buffer.concat(pieces)
          expect(body.length).toBe(cursor.bodyLength)
          seen.push({ tag: String.fromCharCode(cursor.tag), body })
          pieces = []
          cursor.streamed.fill(streaming.next().value === true ? 1 : 0)
        })
        expect(seen).toEqual(sent)
        expect(Buffer.concat(forwarded)).toEqual(Buffer.concat(sent.map(encode)))
      }),
    )
  })

  it('can be stopped after any frame and fed the rest again', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat()), fc.infiniteStream(fc.boolean()), (sent, cuts, stops) => {
        const cursor = new FrameCursor(BACKEND_LIMITS(MEGABYTE))
        cursor.streamed['d'.charCodeAt(0)] = 1
        const forwarded: Buffer[] = []
        walk(cursor, Buffer.concat(sent.map(encode)), cuts, () => {
          if (stops.next().value === true) {
            const rest = cursor.rest()
            forwarded.push(Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
            cursor.feed(rest, 0, rest.length)
          } else forwarded.push(Buffer.from(cursor.bytes.subarray(cursor.start, cursor.end)))
        })
        expect(Buffer.concat(forwarded)).toEqual(Buffer.concat(sent.map(encode)))
      }),
    )
  })

  it('hands over the chunk itself, not a copy, for a frame that lies whole in it', () => {
    const chunk = Buffer.concat(TAGS.split('').map((tag) => encode({ tag, body: Buffer.alloc(tag === 'Z' ? 1 : 0) })))
    const cursor = new FrameCursor(BACKEND_LIMITS(MEGABYTE))
    cursor.feed(chunk, 0, chunk.length)
    let count = 0
    for (; cursor.next(); count++) expect(cursor.bytes).toBe(chunk)
    expect(count).toBe(TAGS.length)
    expect(cursor.heldBytes).toBe(0)
  })

  it('refuses to lose bytes of a chunk that was not used up', () => {
    const chunk = Buffer.concat([header('Z', 5), Buffer.from('I'), header('Z', 5), Buffer.from('I')])
    const cursor = new FrameCursor(BACKEND_LIMITS(MEGABYTE))
    cursor.feed(chunk, 0, chunk.length)
    expect(cursor.next()).toBe(true)
    expect(() => cursor.feed(chunk, 0, 1)).toThrow('not used up')
    expect(() => new FrameCursor(BACKEND_LIMITS(MEGABYTE)).feed(chunk, 0, chunk.length + 1)).toThrow(RangeError)
  })
})

describe('a hostile length field', () => {
  const announced: readonly [string, string, number, string][] = [
    ['2 GiB - 1', 'Q', 0x7fff_ffff, 'MESSAGE_TOO_LARGE'],
    ['one more than allowed', 'Q', MEGABYTE + 1, 'MESSAGE_TOO_LARGE'],
    ['a Sync with a body', 'S', 5, 'MESSAGE_TOO_LARGE'],
    ['a long Describe', 'D', 10_001, 'MESSAGE_TOO_LARGE'],
    ['less than itself', 'Q', 3, 'BAD_LENGTH'],
    ['nothing', 'Q', 0, 'BAD_LENGTH'],
    ['a negative number', 'Q', -1, 'BAD_LENGTH'],
    ['the most negative number', 'Q', -0x8000_0000, 'BAD_LENGTH'],
    ['a message of the other side', 'Z', 5, 'UNKNOWN_MESSAGE'],
    ['no message at all', '\0', 4, 'UNKNOWN_MESSAGE'],
  ]

  it.each(announced)('that announces %s is refused on the header, cut or not', (_, tag, length, code) => {
    for (const cut of [0, 1, 4]) {
      const cursor = new FrameCursor(FRONTEND_LIMITS(MEGABYTE))
      cursor.streamed.fill(1)
      const bytes = header(tag, length)
      cursor.feed(bytes, 0, cut)
      expect(cursor.next()).toBe(false)
      cursor.feed(bytes, cut, 5)
      expect(() => cursor.next()).toThrow(expect.objectContaining({ code }) as Error)
      expect(() => cursor.next()).toThrow(ProtocolError)
      expect(cursor.heldBytes).toBeLessThanOrEqual(64)
    }
  })

  it('that promises much and sends little costs only what was sent', () => {
    const cursor = new FrameCursor(FRONTEND_LIMITS(1 << 30))
    const start = Buffer.concat([header('Q', 1 << 30), Buffer.alloc(100)])
    cursor.feed(start, 0, start.length)
    expect(cursor.next()).toBe(false)
    expect(cursor.heldBytes).toBeLessThan(512)
    const chunk = Buffer.alloc(65_536)
    for (let index = 0; index < 16; index++) {
      cursor.feed(chunk, 0, chunk.length)
      expect(cursor.next()).toBe(false)
    }
    expect(cursor.heldBytes).toBeLessThanOrEqual(2 * cursor.carriedBytes)
  })

  it('leaves nothing behind once its frame is over', () => {
    const cursor = new FrameCursor(FRONTEND_LIMITS(MEGABYTE))
    const big = encode({ tag: 'Q', body: Buffer.alloc(500_000) })
    cursor.feed(big, 0, 100_000)
    expect(cursor.next()).toBe(false)
    cursor.feed(big, 100_000, big.length)
    expect(cursor.next()).toBe(true)
    expect(cursor.next()).toBe(false)
    expect(cursor.heldBytes).toBe(0)
  })

  it('or any bytes at all end in frames or a ProtocolError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.array(fc.nat()), fc.boolean(), (bytes, cuts, front) => {
        const cursor = new FrameCursor(front ? FRONTEND_LIMITS(1000) : BACKEND_LIMITS(1000))
        try {
          walk(cursor, Buffer.from(bytes), cuts, () => {
            expect(cursor.end).toBeLessThanOrEqual(cursor.bytes.length)
          })
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
    )
  })
})

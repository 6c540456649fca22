import { setImmediate as turnOver } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Segment, type Staging, Turn } from './turn.ts'

/** A connection whose peer takes nothing, or everything; it keeps what it wrote, as a socket's queue does. */
function peer(takes: boolean): Staging & { readonly written: Segment[] } {
  const written: Segment[] = []
  const segments: Segment[] = []
  return {
    segments,
    written,
    staged: false,
    flush: () => {
      written.push(...segments.map((segment) => ({ ...segment })))
      segments.length = 0
      return takes
    },
    unrecorded: () => undefined,
  }
}

test('bytes that a slow peer has not taken keep little more alive than themselves', async () => {
  const turn = new Turn({ commit: () => undefined })
  const slow = peer(false)
  for (let round = 0; round < 200; round++) {
    turn.stage(slow, Buffer.alloc(1024, round), 0, 1024)
    await turnOver()
  }
  const kept = new Set(slow.written.map(({ bytes }) => bytes)).size
  expect(slow.written).toHaveLength(200)
  expect(kept).toBe(1)
})

test('what a slow peer has not taken stays as it was, whatever others write after it', async () => {
  const turn = new Turn({ commit: () => undefined })
  const [slow, quick] = [peer(false), peer(true)]
  for (let round = 0; round < 600; round++) {
    const to = round % 3 === 0 ? slow : quick
    const length = 1 + ((round * 977) % 3000)
    turn.stage(to, Buffer.alloc(length, round % 251), 0, length)
    await turnOver()
  }
  const rounds = Array.from({ length: 200 }, (_, index) => index * 3)
  for (const [index, { bytes, start, end }] of slow.written.entries()) {
    const round = rounds[index] ?? 0
    expect(bytes.subarray(start, end).equals(Buffer.alloc(1 + ((round * 977) % 3000), round % 251))).toBe(true)
  }
  expect(slow.written).toHaveLength(200)
})

import { BACKEND_LIMITS, encodeDataRow, FrameCursor, MessageWriter } from '@gatehouse/postgres-wire'
import { expect, test } from 'vitest'
import { ClientOutput } from './client-output.ts'

test('frames pass byte for byte, wherever the stream is cut: also where a chunk ends one frame and begins the next', () => {
  const writer = new MessageWriter()
  for (const text of ['A', 'B', 'C']) encodeDataRow({ kind: 'DataRow', cells: [Buffer.from(text.repeat(6))] }, writer)
  const stream = writer.take()
  for (let first = 1; first < stream.length; first++) {
    for (let second = first + 1; second < stream.length; second++) {
      const staged: Buffer[] = []
      const output = new ClientOutput({
        recording: null,
        stage: (source, start, end) => void staged.push(Buffer.from(source.subarray(start, end))),
      })
      const cursor = new FrameCursor(BACKEND_LIMITS(1 << 20))
      for (const chunk of [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)].map(
        (part) => Buffer.from(part),
      )) {
        output.begin(chunk)
        cursor.feed(chunk, 0, chunk.length)
        while (cursor.next()) output.pass(cursor)
        output.flush()
        chunk.fill(0xee)
      }
      expect(Buffer.concat(staged).equals(stream)).toBe(true)
    }
  }
})

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

test('what is told waits for the end of a message, and of a COPY; the last word is not said in the middle of a message', () => {
  const writer = new MessageWriter()
  encodeDataRow({ kind: 'DataRow', cells: [Buffer.alloc(3_000)] }, writer)
  const row = writer.take()
  const staged: string[] = []
  const output = new ClientOutput({
    recording: null,
    stage: (source, start, end) => void staged.push(end - start < 10 ? source.toString('latin1', start, end) : 'row'),
  })
  const cursor = new FrameCursor(BACKEND_LIMITS(1 << 20))
  cursor.streamed[0x44] = 1
  const pass = (bytes: Buffer): void => {
    output.begin(bytes)
    cursor.feed(bytes, 0, bytes.length)
    while (cursor.next()) output.pass(cursor)
    output.flush()
  }
  pass(Buffer.from(row.subarray(0, 2_000)))
  output.tell(Buffer.from('notice'))
  output.lastWord(Buffer.from('farewell'))
  expect(staged).toEqual(['row'])
  pass(Buffer.from(row.subarray(2_000)))
  expect(staged).toEqual(['row', 'row', 'notice'])
  output.answers(undefined, 0x48 /* H */, false)
  output.tell(Buffer.from('later'))
  output.flush()
  expect(staged).toHaveLength(3)
  output.answers(undefined, 0x5a /* Z */, false)
  output.flush()
  output.lastWord(Buffer.from('farewell'))
  expect(staged.slice(3)).toEqual(['later', 'farewell'])
})

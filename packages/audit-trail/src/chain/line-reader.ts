import { open } from 'node:fs/promises'
import { MAX_LINE_BYTES } from './record-line.ts'

const NEWLINE = 10

/** Read at once; the buffer grows from here up to the longest line. */
const CHUNK_BYTES = 1024 * 1024

/**
 * Takes one line: `buffer[start, end)` without its newline, `offset` where it starts in the file. The bytes may be
 * changed; they are gone after the call. False stops the reading.
 */
export type TakeLine = (buffer: Buffer, start: number, end: number, offset: number) => boolean

/** How the reading of a file ended. */
export interface ReadEnd {
  /** Bytes after the last newline; 0 when the file ends with one, or when the reading was stopped. */
  readonly restBytes: number
  /** True when a line is longer than `MAX_LINE_BYTES`: nothing from it on was read. */
  readonly lineTooLong: boolean
}

/**
 * Reads a file line by line, in bounded memory. `onFilled` is told of the buffer before lines are taken out of it, each time there is
 * something new in it: its first so many bytes are the file's. Rejects when it cannot be read.
 */
export async function readLines(
  path: string,
  take: TakeLine,
  onFilled: (buffer: Buffer, filled: number) => void = () => {},
): Promise<ReadEnd> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    let buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, size + 1))
    let filled = 0
    let position = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position)
      if (bytesRead === 0) return { restBytes: filled, lineTooLong: false }
      const searchFrom = filled
      const bufferOffset = position - filled
      filled += bytesRead
      position += bytesRead
      onFilled(buffer, filled)
      let start = 0
      // `indexOf` looks past `filled` into old bytes: what it finds there does not count.
      let end = buffer.indexOf(NEWLINE, searchFrom)
      while (end !== -1 && end < filled) {
        if (!take(buffer, start, end, bufferOffset + start)) return { restBytes: 0, lineTooLong: false }
        start = end + 1
        end = buffer.indexOf(NEWLINE, start)
      }
      buffer.copyWithin(0, start, filled)
      filled -= start
      if (filled >= MAX_LINE_BYTES) return { restBytes: 0, lineTooLong: true }
      if (filled === buffer.length) {
        const grown = Buffer.allocUnsafeSlow(Math.min(buffer.length * 2, MAX_LINE_BYTES))
        buffer.copy(grown, 0, 0, filled)
        buffer = grown
      }
    }
  } finally {
    await file.close()
  }
}

import { appendAscii, appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import type { CellFormat } from './value-type.ts'

const uuidText = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The 16 bytes of a UUID; null where the text is none. */
export function parseUuid(text: string): Buffer | null {
  return uuidText.test(text) ? Buffer.from(text.replaceAll('-', ''), 'hex') : null
}

/** The 16 bytes of a cell of type `uuid`; null where it is none. */
export function readUuid(source: Buffer, start: number, end: number, format: CellFormat): Buffer | null {
  if (format === 0) return end - start === 36 ? parseUuid(source.toString('latin1', start, end)) : null
  return end - start === 16 && end <= source.length ? source.subarray(start, end) : null
}

/** Appends the UUID in the first 16 of `bytes`. */
export function writeUuid(out: CellOutput, bytes: Buffer, format: CellFormat): void {
  if (format === 1) {
    appendBytes(out, bytes, 0, 16)
    return
  }
  const hex = bytes.toString('hex', 0, 16)
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  appendAscii(out, groups.join('-'))
}

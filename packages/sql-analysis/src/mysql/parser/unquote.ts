import { Buffer } from 'node:buffer'

/** What a letter behind a backslash stands for. MySQL manual, "String Literals". */
const ESCAPES: Readonly<Record<number, number>> = { 0x30: 0, 0x62: 8, 0x6e: 10, 0x72: 13, 0x74: 9, 0x5a: 26 }

/** The value of a quoted string or name at start..end, quotes included: doubled quotes made one, and backslash escapes read if `escapes`. */
export function unquote(bytes: Uint8Array, start: number, end: number, escapes: boolean): string {
  const quote = bytes[start]
  const first = start + 1
  const last = end - 1
  let plain = true
  for (let at = first; at < last && plain; at++) if (bytes[at] === quote || bytes[at] === 0x5c) plain = false
  if (plain) return Buffer.from(bytes.buffer, bytes.byteOffset + first, last - first).toString('utf8')
  const value = new Uint8Array(last - first)
  let length = 0
  for (let at = first; at < last; at++) {
    let byte = bytes[at] ?? 0
    if (byte === quote) at++
    else if (byte === 0x5c && escapes) {
      const escaped = bytes[++at] ?? 0
      // In patterns \% and \_ keep their backslash.
      if (escaped === 0x25 || escaped === 0x5f) value[length++] = byte
      byte = ESCAPES[escaped] ?? escaped
    }
    value[length++] = byte
  }
  return Buffer.from(value.buffer, 0, length).toString('utf8')
}

const backslash = 0x5c
const letterX = 0x78

/**
 * The bytes in the text form of `bytea`, hex or escape format (PostgreSQL manual, "Binary Data Types"); null where it is
 * neither. The two cannot be mistaken: escape format doubles each backslash.
 */
export function decodeByteaText(source: Buffer, start: number, end: number): Buffer | null {
  if (end - start >= 2 && source[start] === backslash && source[start + 1] === letterX) {
    const bytes = Buffer.from(source.toString('latin1', start + 2, end), 'hex')
    // Decoding stops without a word at the first digit that is none.
    return bytes.length * 2 === end - start - 2 ? bytes : null
  }
  const bytes = Buffer.allocUnsafe(end - start)
  let length = 0
  for (let at = start; at < end; at++) {
    let byte = source[at] ?? 0
    if (byte === backslash) {
      if (source[at + 1] === backslash && at + 1 < end) {
        at++
      } else {
        const octal = source.toString('latin1', at + 1, Math.min(at + 4, end))
        if (!/^[0-3][0-7]{2}$/.test(octal)) return null
        byte = Number.parseInt(octal, 8)
        at += 3
      }
    }
    bytes[length++] = byte
  }
  return bytes.subarray(0, length)
}

import { byteIn, isBase64Url } from './characters.ts'

/** Bytes of a decoded header that are looked at. */
const headerReach = 1024
const fewestInPart = 4
const header = new Uint8Array(headerReach)
const algorithm = [...Buffer.from('"alg"')]

const values = new Int8Array(256).fill(-1)
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
for (let index = 0; index < alphabet.length; index++) values[alphabet.charCodeAt(index)] = index

/**
 * Where the JSON Web Token ends that begins at `at` with `eyJ` (RFC 7519; RFC 7516 has five parts): Base64url parts with
 * dots between, of which the first decodes to an object with a member `alg`. -1 where there is none. The signature may
 * be empty, as in unsecured tokens.
 */
export function jwtEnd(source: Buffer, at: number, start: number, end: number): number {
  if (at < start || isBase64Url(byteIn(source, at - 1, start, end))) return -1
  const headerEnd = partEnd(source, at, end)
  if (headerEnd === end || source[headerEnd] !== 0x2e || !isHeader(source, at, headerEnd)) return -1
  const payloadEnd = partEnd(source, headerEnd + 1, end)
  if (payloadEnd === end || source[payloadEnd] !== 0x2e) return -1
  let last = partEnd(source, payloadEnd + 1, end)
  // A JWE: the second part, its key, may be empty.
  for (let more = 0; more < 2 && last < end && source[last] === 0x2e && isBase64Url(source[last + 1] ?? 0); more++) {
    last = partEnd(source, last + 1, end)
  }
  return payloadEnd - headerEnd - 1 >= fewestInPart || last - payloadEnd - 1 >= fewestInPart ? last : -1
}

function partEnd(source: Buffer, at: number, end: number): number {
  while (at < end && isBase64Url(source[at] ?? 0)) at++
  return at
}

/** Whether [start, end) decodes to the text of an object with a member `alg`. */
function isHeader(source: Buffer, start: number, end: number): boolean {
  let length = 0
  let bits = 0
  let held = 0
  for (let at = start; at < end && length < headerReach; at++) {
    held = ((held << 6) | (values[source[at] ?? 0] ?? 0)) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      header[length++] = held >> bits
    }
  }
  if (header[0] !== 0x7b) return false
  for (let at = 1; at + algorithm.length < length; at++) {
    let index = 0
    while (index < algorithm.length && header[at + index] === algorithm[index]) index++
    if (index === algorithm.length) return true
  }
  return false
}

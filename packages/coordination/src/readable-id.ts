import { randomBytes } from 'node:crypto'

/** Crockford's base 32: no letter that is taken for another when read aloud. */
const LETTERS = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new identifier of 60 random bits in 12 letters: short enough to read out, too long to guess. */
export function newReadableId(): string {
  let id = ''
  for (const byte of randomBytes(12)) id += LETTERS.charAt(byte & 31)
  return id
}

import type { CellMask } from './cell-mask.ts'
import { appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { trimBlanks } from './partial-mask.ts'

/** RFC 5321 section 4.5.3.1. */
const maxLocalPartBytes = 64
const maxDomainBytes = 255

const hidden = Buffer.from('***')
const blanks = Buffer.alloc(64, ' ')
const at = 0x40
const dot = 0x2e
const hyphen = 0x2d

/**
 * Keeps the domain of an e-mail address and the first letter or digit of its local part: `a***@example.com`.
 * A local part of one character is hidden whole: `***@example.com`. What is not an address is redacted, and so is an
 * address whose masked form the type has no room for.
 */
export class EmailMask implements CellMask {
  /** In characters, which are bytes here: the masked form is ASCII. */
  readonly #limit: number
  readonly #fillTo: number
  readonly #ignoreTrailingBlanks: boolean
  readonly #redacted: CellMask

  constructor(limit: number, fillTo: number, ignoreTrailingBlanks: boolean, redacted: CellMask) {
    this.#limit = limit
    this.#fillTo = fillTo
    this.#ignoreTrailingBlanks = ignoreTrailingBlanks
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const valueEnd = this.#ignoreTrailingBlanks ? trimBlanks(source, start, end) : end
    const sign = emailSign(source, start, valueEnd)
    if (sign === -1) return this.#redacted.apply(source, start, end, out)
    const first = sign - start > 1 && isAlphanumeric(source[start] ?? 0) ? 1 : 0
    const length = first + hidden.length + valueEnd - sign
    if (length > this.#limit) return this.#redacted.apply(source, start, end, out)
    appendBytes(out, source, start, start + first)
    appendBytes(out, hidden, 0, hidden.length)
    appendBytes(out, source, sign, valueEnd)
    for (let missing = this.#fillTo - length; missing > 0; missing -= blanks.length) {
      appendBytes(out, blanks, 0, Math.min(missing, blanks.length))
    }
    return true
  }
}

/** Where the `@` of a plain e-mail address stands; -1 where the text is none. */
export function emailSign(source: Buffer, start: number, end: number): number {
  const sign = findSign(source, start, end)
  return sign !== -1 && isDomain(source, sign + 1, end) ? sign : -1
}

/** Where the only `@` behind a well-formed local part stands; -1 where there is none. Quoted local parts are not read. */
function findSign(source: Buffer, start: number, end: number): number {
  const stop = Math.min(end, start + maxLocalPartBytes + 1)
  for (let index = start; index < stop; index++) {
    const byte = source[index] ?? 0
    if (byte === at) return index > start ? index : -1
    if (localBytes[byte] !== 1) return -1
  }
  return -1
}

/** At least two labels of ASCII letters, digits and inner hyphens, the last of which is not a number. */
function isDomain(source: Buffer, start: number, end: number): boolean {
  if (end - start > maxDomainBytes) return false
  let labelStart = start
  let labels = 0
  let letters = false
  for (let index = start; index <= end; index++) {
    const byte = index === end ? dot : (source[index] ?? 0)
    const kind = domainBytes[byte]
    if (kind === LETTER) {
      letters = true
    } else if (kind === DOT) {
      if (index === labelStart || index - labelStart > 63) return false
      if (source[labelStart] === hyphen || source[index - 1] === hyphen) return false
      labels++
      labelStart = index + 1
      if (index < end) letters = false
    } else if (kind !== DIGIT_OR_HYPHEN) {
      return false
    }
  }
  return labels >= 2 && letters
}

const LETTER = 1
const DIGIT_OR_HYPHEN = 2
const DOT = 3
/** What a byte is to a domain; 0: no part of one. */
const domainBytes = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (isAlphanumeric(byte)) return byte > 0x39 ? LETTER : DIGIT_OR_HYPHEN
  return byte === hyphen ? DIGIT_OR_HYPHEN : byte === dot ? DOT : 0
})

/** 1 for `atext` or a dot (RFC 5322 section 3.2.3), or part of a character beyond ASCII (RFC 6531). */
const localBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~.".includes(String.fromCharCode(byte)) ? 1 : 0,
)

function isAlphanumeric(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)
}

import type { CellMask } from './cell-mask.ts'
import { appendBytes } from './cell-output.ts'
import type { CellOutput } from './cell-output.ts'
import { countCharacters, skipCharacters, skipCharactersBack } from './utf8.ts'

const asterisk = 0x2a
const blank = 0x20
/** Below this many bytes a plain loop is faster than a call into the runtime's fill. */
const shortFillBytes = 48

/**
 * Keeps the first and last characters of text and puts an asterisk for each one between. Counts code points.
 * Where what is hidden would be less than half of what is shown, the whole value is hidden: no more than two thirds of
 * a value are ever readable. Text that is not UTF-8 is redacted.
 */
export class PartialMask implements CellMask {
  readonly #keepFirst: number
  readonly #keepLast: number
  /** The blanks that fill up `char(n)` are not part of the value. */
  readonly #ignoreTrailingBlanks: boolean
  readonly #redacted: CellMask

  constructor(keepFirst: number, keepLast: number, ignoreTrailingBlanks: boolean, redacted: CellMask) {
    this.#keepFirst = keepFirst
    this.#keepLast = keepLast
    this.#ignoreTrailingBlanks = ignoreTrailingBlanks
    this.#redacted = redacted
  }

  apply(source: Buffer, start: number, end: number, out: CellOutput): boolean {
    const valueEnd = this.#ignoreTrailingBlanks ? trimBlanks(source, start, end) : end
    const characters = countCharacters(source, start, valueEnd)
    if (characters === -1) return this.#redacted.apply(source, start, end, out)
    const kept = this.#keepFirst + this.#keepLast
    if ((characters - kept) * 2 < kept) {
      appendAsterisks(out, characters)
    } else {
      const oneByteEach = characters === valueEnd - start
      const headEnd = oneByteEach ? start + this.#keepFirst : skipCharacters(source, start, this.#keepFirst)
      const tailStart = oneByteEach ? valueEnd - this.#keepLast : skipCharactersBack(source, valueEnd, this.#keepLast)
      appendBytes(out, source, start, headEnd)
      appendAsterisks(out, characters - kept)
      appendBytes(out, source, tailStart, valueEnd)
    }
    appendBytes(out, source, valueEnd, end)
    return true
  }
}

/** The end of `source[start,end)` without its trailing blanks. */
export function trimBlanks(source: Buffer, start: number, end: number): number {
  let at = end
  while (at > start && source[at - 1] === blank) at--
  return at
}

function appendAsterisks(out: CellOutput, count: number): void {
  out.ensure(count)
  const bytes = out.bytes
  const start = out.length
  if (count > shortFillBytes) bytes.fill(asterisk, start, start + count)
  else for (let at = start; at < start + count; at++) bytes[at] = asterisk
  out.length = start + count
}

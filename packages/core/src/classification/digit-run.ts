import {
  byteIn,
  codeBeginsAt,
  codeEndsAt,
  DASH,
  digitAt,
  DOT,
  isWord,
  separatorAt,
  separatorBefore,
  SPACED_DASH,
  UNSEEN,
  wordEndsAt,
  BLANK,
  OTHER,
} from './characters.ts'

/** Digits of one run that are looked at together; longer runs are looked at in stretches that overlap. */
const maxDigits = 128
/** The most digits that any detector takes for one number. */
const mostOfOne = 24
/** Longer groups are no number of anything here. */
const longestGroup = 32

/** Separators between two groups: what `separatorAt` says, or this where they are mixed with a dot or repeated. */
const NOTHING_BEFORE = 0

/** Digits in groups, `4111 1111-1111`, as they stand in a text; made again for every run. */
export class DigitRun {
  /** Value of each digit. */
  readonly digits: Uint8Array = new Uint8Array(maxDigits)
  /** Offset of each digit. */
  readonly at: Int32Array = new Int32Array(maxDigits)
  /** Offset behind each digit. */
  readonly after: Int32Array = new Int32Array(maxDigits)
  /** Index of the first digit of each group, and one more behind the last. */
  readonly firsts: Int32Array = new Int32Array(maxDigits + 1)
  /** What stands before each group: BLANK, DASH, SPACED_DASH, DOT, OTHER; 0 before the first. */
  readonly separators: Uint8Array = new Uint8Array(maxDigits + 1)
  count = 0
  groups = 0
  /** Where the scan goes on. */
  end = 0
  /** The run begins at the beginning of a word, not inside an identifier or a longer number. */
  #cleanStart = false
  #cleanEnd = false
  /** More digits stand before or behind, parted as groups are. */
  #continued = false
  #continues = false

  /** Number of digits of a group. */
  size(group: number): number {
    return (this.firsts[group + 1] ?? 0) - (this.firsts[group] ?? 0)
  }

  /** The value of the digit `index` of the whole run. */
  digit(index: number): number {
    return this.digits[index] ?? 0
  }

  /** A number may begin with this group. */
  mayStart(group: number): boolean {
    if (group === 0) return this.#cleanStart
    const separator = this.separators[group]
    return separator === BLANK || separator === OTHER || separator === SPACED_DASH
  }

  /** A number may end with this group. */
  mayEnd(group: number): boolean {
    if (group === this.groups - 1) return this.#cleanEnd && !this.#continues
    const separator = this.separators[group + 1]
    return separator === BLANK || separator === OTHER || separator === SPACED_DASH
  }

  /** No other digits beside the groups from `first` to `last`. */
  alone(first: number, last: number): boolean {
    return (
      first === 0 &&
      last === this.groups - 1 &&
      this.#cleanStart &&
      this.#cleanEnd &&
      !this.#continued &&
      !this.#continues
    )
  }

  /** The one separator that parts the groups from `first` to `last`; 0 where they differ, or there is one group. */
  separator(first: number, last: number): number {
    const kind = this.separators[first + 1] ?? 0
    for (let group = first + 1; group <= last; group++) if (this.separators[group] !== kind) return 0
    return last > first ? kind : 0
  }

  /** Reads the run that begins with the digit at `at`. */
  read(source: Buffer, at: number, start: number, end: number): void {
    this.count = 0
    this.groups = 0
    this.#lookBefore(source, at, start)
    let separator = NOTHING_BEFORE
    for (;;) {
      at = this.#readGroup(source, at, end, separator)
      this.firsts[this.groups] = this.count
      const next = nextGroup(source, at, end)
      if (next === -1) {
        this.end = at
        this.#continues = false
        this.#cleanEnd = cleanAfter(source, at, end)
        return
      }
      if (this.count > maxDigits - longestGroup - 1) {
        this.#cleanEnd = true
        this.#continues = true
        this.#goBack()
        return
      }
      separator = next & 7
      at = Math.floor(next / 8)
    }
  }

  /** The next stretch begins with groups of this one: a number may stand across the border. */
  #goBack(): void {
    let group = this.groups - 1
    while (group > 1 && this.count - (this.firsts[group] ?? 0) < mostOfOne) group--
    this.end = this.at[this.firsts[group] ?? 0] ?? 0
  }

  #readGroup(source: Buffer, at: number, end: number, separator: number): number {
    const first = this.count
    let size = 0
    for (;;) {
      const digit = digitAt(source, at, end)
      if (digit === -1) {
        // Something without width inside a group parts nothing.
        const unseen = separatorAt(source, at, end)
        if (unseen === -1 || unseen >> 3 !== UNSEEN || digitAt(source, at + (unseen & 7), end) === -1) break
        at += unseen & 7
        continue
      }
      if (size < longestGroup) {
        this.digits[first + size] = digit >> 3
        this.at[first + size] = at
        this.after[first + size] = at + (digit & 7)
      }
      size++
      at += digit & 7
    }
    this.firsts[this.groups] = first
    this.separators[this.groups] = separator
    this.groups++
    this.count = first + Math.min(size, longestGroup)
    return at
  }

  #lookBefore(source: Buffer, at: number, start: number): void {
    this.#continued = false
    this.#cleanStart = !wordEndsAt(source, at, start)
    const before = separatorBefore(source, at, start)
    if (before === -1) return
    const kind = before >> 3
    const beyond = at - (before & 7)
    if (kind === DASH && codeEndsAt(source, beyond, start)) this.#cleanStart = false
    const last = byteIn(source, beyond - 1, start, at)
    this.#continued = (kind === BLANK || kind === DASH) && last >= 0x30 && last <= 0x39
    if (kind === DOT && last >= 0x30 && last <= 0x39) this.#cleanStart = false
    if (kind === UNSEEN && isWord(last)) this.#cleanStart = false
  }
}

function cleanAfter(source: Buffer, at: number, end: number): boolean {
  const next = byteIn(source, at, at, end)
  if (isWord(next)) return false
  return next !== 0x2d || !codeBeginsAt(source, at + 1, end)
}

/**
 * Where the next group of the run begins, as `offset * 8 + kind`; -1 where the run ends. Up to three separators may
 * stand between groups: `(0) 30`, ` - `; a dot only alone, for behind `. ` there is a new sentence.
 */
function nextGroup(source: Buffer, at: number, end: number): number {
  let kind = 0
  let seen = 0
  while (seen < 3) {
    const found = separatorAt(source, at, end)
    if (found === -1) break
    at += found & 7
    const which = found >> 3
    if (which === UNSEEN) continue
    seen++
    if (kind === 0) kind = which
    else if (kind === DOT || which === DOT) return -1
    else if (kind === OTHER || which === OTHER) kind = OTHER
    else if (kind !== which) kind = SPACED_DASH
  }
  if (kind === 0 || digitAt(source, at, end) === -1) return -1
  return at * 8 + kind
}

import { BLANK, byteIn, DASH, DOT, isAlphanumeric, OTHER, SPACED_DASH } from './characters.ts'
import { contextWords, namedBefore } from './context-words.ts'
import type { DigitRun } from './digit-run.ts'
import type { Spans } from './spans.ts'

/** ITU-T E.164: country code and number together. */
const fewest = 8
const most = 15

/** Country codes in use (ITU-T E.164 Annex, Operational Bulletin 1291), by their number of digits. */
const shortCodes: ReadonlySet<number> = new Set([1, 7])
const middleCodes: ReadonlySet<number> = new Set([
  20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54, 55, 56, 57, 58, 60, 61, 62,
  63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98,
])
/** First two digits of the codes with three. */
const longCodes: ReadonlySet<number> = new Set([
  21, 22, 23, 24, 25, 26, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69, 80, 85, 87, 88, 96, 97, 99,
])

const wordReach = 16
const words = contextWords([
  'phone', 'tel', 'mobile', 'cell', 'fax', 'whatsapp', 'sms', 'telephone', 'mob', 'handy', 'telefon', 'call', 'callme',
  'dial', 'msisdn',
]) // prettier-ignore

/**
 * Adds the telephone numbers of a run: E.164 with `+`, or with `00` where it is parted; the North American layouts
 * (area and exchange begin with 2 to 9); and what follows a word such as phone.
 */
export function addPhones(run: DigitRun, source: Buffer, start: number, spans: Spans, detector: number): void {
  const plus = plusBefore(source, run.at[0] ?? 0, start)
  if (plus !== -1) {
    const digits = lastOfInternational(run, 0) + 1
    if (digits > 0) spans.add(plus, run.after[digits - 1] ?? 0, detector)
    return
  }
  for (let group = 0; group < run.groups; group++) {
    if (!run.mayStart(group) && !(group > 0 && run.separators[group] === OTHER)) continue
    const last = lastGroup(run, group, source, start)
    if (last === -1) continue
    const digit = run.firsts[group] ?? 0
    const at = run.at[digit] ?? 0
    const opened = byteIn(source, at - 1, start, at) === 0x28 ? 1 : 0
    spans.add(at - opened, run.after[(run.firsts[last + 1] ?? 1) - 1] ?? 0, detector)
    group = last
  }
}

/** How many digits at the beginning of a run are a telephone number with `+`. */
export function internationalDigits(run: DigitRun, source: Buffer, start: number): number {
  return plusBefore(source, run.at[0] ?? 0, start) === -1 ? 0 : lastOfInternational(run, 0) + 1
}

/** Where the `+` of a number that begins at `at` stands: before it, or before its parenthesis; -1 where there is none. */
function plusBefore(source: Buffer, at: number, start: number): number {
  let plus = at - 1
  if (byteIn(source, plus, start, at) === 0x28 || byteIn(source, plus, start, at) === 0x20) plus--
  if (plus - 2 >= start && source[plus] === 0x8b && source[plus - 1] === 0xbc && source[plus - 2] === 0xef)
    return plus - 2
  if (byteIn(source, plus, start, at) !== 0x2b) return -1
  const spaced = at - plus > 1 && source[at - 1] === 0x20
  const before = byteIn(source, plus - 1, start, at)
  // `a+4912345678` is a sum, and so is `1 + 4912345678`.
  return isAlphanumeric(before) || (spaced && before === 0x20) ? -1 : plus
}

/** The last digit of an international number whose country code begins at the digit `first`; -1 where it is none. */
function lastOfInternational(run: DigitRun, first: number): number {
  const code = countryCode(run, first)
  if (code === 0) return -1
  // Whole groups up to the most digits a number may have.
  let last = -1
  for (let group = 0; group < run.groups; group++) {
    const behind = run.firsts[group + 1] ?? 0
    const size = behind - first
    if (size > most || (group > 0 && run.separators[group] === DOT && run.size(group) > 8)) break
    if (size >= fewest) last = behind - 1
    if (code === 1 && size === 11) break
  }
  if (last === -1) return -1
  const size = last - first + 1
  if (code === 1) return size === 11 && run.digit(first + 1) > 1 && run.digit(first + 4) > 1 ? last : -1
  return code === 7 && size !== 11 ? -1 : last
}

/** The country code that begins at a digit; 0 where there is none in use. */
function countryCode(run: DigitRun, first: number): number {
  const one = run.digit(first)
  if (shortCodes.has(one)) return one
  const two = one * 10 + run.digit(first + 1)
  if (middleCodes.has(two)) return two
  return longCodes.has(two) ? two * 10 + run.digit(first + 2) : 0
}

/** The last group of a number in a national layout that begins with this one; -1 where there is none. */
function lastGroup(run: DigitRun, first: number, source: Buffer, start: number): number {
  const digit = run.firsts[first] ?? 0
  if (isNorthAmerican(run, first)) return first + 2
  if (run.size(first) === 1 && run.digit(digit) === 1 && isNorthAmerican(run, first + 1)) return first + 3
  if (first > 0) return -1
  const last = run.groups - 1
  const size = run.count
  if (size > most + 2 || isDate(run) || !run.alone(first, last) || hasDot(run)) return -1
  const international = run.digit(0) === 0 && run.digit(1) === 0 && run.digit(2) !== 0
  if (international && last > 0 && size >= fewest + 2 && countryCode(run, 2) !== 0) return last
  return size <= most && namedBefore(source, run.at[0] ?? 0, start, words, wordReach) ? last : -1
}

/** `(415) 555-2671`, `415-555-2671`, `415.555.2671`: three, three and four digits, parted alike. */
function isNorthAmerican(run: DigitRun, first: number): boolean {
  if (first + 2 >= run.groups || run.size(first) !== 3 || run.size(first + 1) !== 3 || run.size(first + 2) !== 4)
    return false
  if (!run.mayEnd(first + 2)) return false
  const digit = run.firsts[first] ?? 0
  if (run.digit(digit) < 2 || run.digit(digit + 3) < 2 || run.digit(digit + 1) === 9) return false
  if (run.digit(digit + 1) === 1 && run.digit(digit + 2) === 1) return false
  const second = run.separators[first + 1] ?? 0
  const third = run.separators[first + 2] ?? 0
  if (second === OTHER) return third === DASH || third === BLANK || third === DOT
  if (second === BLANK && third === BLANK) return run.alone(first, first + 2)
  return second === third && (second === DASH || second === DOT || second === SPACED_DASH)
}

/** `2026-01-31`. */
function isDate(run: DigitRun): boolean {
  return run.groups === 3 && run.size(0) === 4 && run.size(1) === 2 && run.size(2) === 2
}

function hasDot(run: DigitRun): boolean {
  for (let group = 1; group < run.groups; group++) if (run.separators[group] === DOT) return true
  return false
}

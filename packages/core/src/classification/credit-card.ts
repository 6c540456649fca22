import { OTHER } from './characters.ts'
import { contextWords, namedBefore } from './context-words.ts'
import type { DigitRun } from './digit-run.ts'
import { internationalDigits } from './phone.ts'
import type { Spans } from './spans.ts'

const fewest = 13
const most = 19

/**
 * First digits (a range of equal length), fewest and most digits of the number. From the issuers' published ranges as
 * gathered in ISO/IEC 7812 registers; ranges that are wholly inside another are left out.
 */
const issuers: readonly (readonly [from: number, to: number, fewest: number, most: number])[] = [
  [4, 4, 13, 13],
  [4, 4, 16, 16],
  [4, 4, 19, 19], // Visa
  [51, 55, 16, 16],
  [2221, 2720, 16, 16], // Mastercard
  [34, 34, 15, 15],
  [37, 37, 15, 15], // American Express
  [36, 36, 14, 19],
  [300, 305, 14, 19],
  [3095, 3095, 14, 19],
  [38, 39, 14, 19], // Diners Club
  [6011, 6011, 16, 19],
  [644, 649, 16, 19],
  [65, 65, 16, 19], // Discover, RuPay, Troy
  [3528, 3589, 16, 19], // JCB
  [62, 62, 16, 19], // UnionPay
  [5018, 5018, 13, 19],
  [5020, 5020, 13, 19],
  [5038, 5038, 13, 19],
  [5893, 5893, 13, 19],
  [6304, 6304, 13, 19],
  [6759, 6759, 13, 19],
  [6761, 6763, 13, 19], // Maestro
  [2200, 2205, 16, 19], // Mir
  [508, 508, 16, 16],
  [81, 82, 16, 16], // RuPay
  [5067, 5067, 16, 16],
  [509, 509, 16, 16],
  [636368, 636368, 16, 16], // Elo
  [506099, 506198, 16, 19], // Verve
  [9792, 9792, 16, 16], // Troy
  [637, 639, 16, 16], // InstaPayment
]

/** Bit `length - 13` is set where a number of that length may begin with these four digits. */
const lengthsByPrefix = new Uint8Array(10_000)
/** The same for prefixes of six digits. */
const lengthsByLongPrefix = new Map<number, number>()
for (const [from, to, least, longest] of issuers) {
  let bits = 0
  for (let length = least; length <= longest; length++) if (length >= fewest) bits |= 1 << (length - fewest)
  const width = String(from).length
  if (width > 4) {
    for (let prefix = from; prefix <= to; prefix++) lengthsByLongPrefix.set(prefix, bits)
    continue
  }
  const scale = 10 ** (4 - width)
  for (let prefix = from * scale; prefix < (to + 1) * scale; prefix++) {
    lengthsByPrefix[prefix] = (lengthsByPrefix[prefix] ?? 0) | bits
  }
}

const words = contextWords(['card', 'cardno', 'visa', 'cc', 'pan', 'cardnumber', 'maestro'])
const wordReach = 24

/** Adds the payment card numbers of a run: issuer, length, layout and Luhn digit (ISO/IEC 7812-1 annex B) must fit. */
export function addCreditCards(run: DigitRun, source: Buffer, start: number, spans: Spans, detector: number): void {
  if (run.count < fewest) return
  const others = internationalDigits(run, source, start)
  for (let first = 0; first < run.groups; first++) {
    const digit = run.firsts[first] ?? 0
    if (!run.mayStart(first) || digit < others) continue
    const last = lastOfCard(run, first, source, start)
    if (last === -1) continue
    spans.add(run.at[digit] ?? 0, run.after[(run.firsts[last + 1] ?? 1) - 1] ?? 0, detector)
    first = last
  }
}

/** The last group of the longest card number that begins with this one; -1 where there is none. */
function lastOfCard(run: DigitRun, first: number, source: Buffer, start: number): number {
  const digit = run.firsts[first] ?? 0
  if (run.count - digit < fewest) return -1
  const lengths = issuedLengths(run, digit)
  if (lengths === 0) return -1
  let found = -1
  let size = 0
  for (let last = first; last < run.groups; last++) {
    size += run.size(last)
    if (size > most) break
    if (size < fewest || (lengths & (1 << (size - fewest))) === 0 || !run.mayEnd(last)) continue
    if (!layoutFits(run, first, last, size) || !luhn(run, digit, size)) continue
    // Goods have numbers of 13 digits too (EAN-13), cards no longer.
    if (size > fewest || namedBefore(source, run.at[digit] ?? 0, start, words, wordReach)) found = last
  }
  return found
}

/** Bit `length - 13` is set where a number of that length may begin with the digits from `first`. */
function issuedLengths(run: DigitRun, first: number): number {
  const four = run.digit(first) * 1000 + run.digit(first + 1) * 100 + run.digit(first + 2) * 10 + run.digit(first + 3)
  const six = four * 100 + run.digit(first + 4) * 10 + run.digit(first + 5)
  return (lengthsByPrefix[four] ?? 0) | (lengthsByLongPrefix.get(six) ?? 0)
}

/** One group; groups of one size, of which the last may be shorter; or 4-6-5 and 4-6-4. One kind of separator. */
function layoutFits(run: DigitRun, first: number, last: number, size: number): boolean {
  if (first === last) return true
  const separator = run.separator(first, last)
  if (separator === 0 || separator === OTHER) return false
  const one = run.size(first)
  if (one === 4 && last === first + 2 && run.size(first + 1) === 6) return size === 15 || size === 14
  for (let group = first + 1; group < last; group++) if (run.size(group) !== one) return false
  return run.size(last) <= one
}

function luhn(run: DigitRun, first: number, size: number): boolean {
  let sum = 0
  for (let index = 0; index < size; index++) {
    const digit = run.digit(first + size - 1 - index)
    if ((index & 1) === 0) sum += digit
    else sum += digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

import { BLANK, DASH, DOT } from './characters.ts'
import { contextWords, namedBefore } from './context-words.ts'
import type { DigitRun } from './digit-run.ts'
import type { Spans } from './spans.ts'

const words = contextWords(['ssn', 'socialsecurity', 'socsec', 'ssno', 'socialsec'])

const wordReach = 32

/**
 * Adds the US social security numbers of a run: 3-2-4 digits of the ranges that the Social Security Administration gives
 * out (no area 000, 666 or 9xx, no group 00, no serial 0000). Parted by dashes they need nothing else; by blanks they
 * must stand alone; nine digits in one piece, or parted by dots, need a word such as SSN before them.
 */
export function addSocialSecurityNumbers(
  run: DigitRun,
  source: Buffer,
  start: number,
  spans: Spans,
  detector: number,
): void {
  if (run.count < 9) return
  for (let first = 0; first < run.groups; first++) {
    if (!run.mayStart(first)) continue
    const size = run.size(first)
    const last =
      size === 9 ? first : size === 3 && run.size(first + 1) === 2 && run.size(first + 2) === 4 ? first + 2 : -1
    if (last === -1 || last >= run.groups || !run.mayEnd(last)) continue
    const digit = run.firsts[first] ?? 0
    const at = run.at[digit] ?? 0
    if (!givenOut(run, digit) || !telling(run, first, last, source, at, start)) continue
    spans.add(at, run.after[digit + 8] ?? 0, detector)
    first = last
  }
}

function telling(run: DigitRun, first: number, last: number, source: Buffer, at: number, start: number): boolean {
  const separator = run.separator(first, last)
  if (separator === DASH) return true
  if (separator === BLANK && run.alone(first, last)) return true
  return (
    (first === last || separator === BLANK || separator === DOT) && namedBefore(source, at, start, words, wordReach)
  )
}

function givenOut(run: DigitRun, first: number): boolean {
  const area = run.digit(first) * 100 + run.digit(first + 1) * 10 + run.digit(first + 2)
  const group = run.digit(first + 3) * 10 + run.digit(first + 4)
  if (area === 0 || area === 666 || area >= 900 || group === 0) return false
  return run.digit(first + 5) + run.digit(first + 6) + run.digit(first + 7) + run.digit(first + 8) > 0
}

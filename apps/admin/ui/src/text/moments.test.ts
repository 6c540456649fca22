import { expect, test } from 'vitest'
import { agoText, clockText, lengthText } from './moments.ts'

const now = Date.parse('2030-01-01T12:00:00Z')
const at = (seconds: number): string => new Date(now + seconds * 1000).toISOString()

test('lengths are in one unit that a person would use', () => {
  expect([2, 42, 120, 3600, 7200, 200_000].map((seconds) => lengthText(seconds * 1000))).toEqual([
    'now',
    '42 s',
    '2 min',
    '60 min',
    '2 h',
    '2 d',
  ])
  expect(agoText(at(-1), now)).toBe('just now')
  expect(agoText(at(-600), now)).toBe('10 min ago')
})

test('clocks count down to 0:00 and stay there', () => {
  expect([at(249), at(3750), at(0.2), at(-5)].map((moment) => clockText(moment, now))).toEqual([
    '4:09',
    '1:02:30',
    '0:01',
    '0:00',
  ])
})

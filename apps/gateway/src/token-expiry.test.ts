import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { TokenExpiry } from './token-expiry.ts'

const DAY = 86_400_000
const said: string[] = []

beforeEach(() => {
  said.length = 0
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

function watched(expiresAt: number, warningSeconds: number): TokenExpiry {
  const principal = { issuer: 'i', subject: 's', actor: null, groups: [], claims: {}, expiresAt }
  const expiry = new TokenExpiry(principal, {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    warningSeconds,
    soon: (seconds) => said.push(`${seconds} seconds are left`),
    expired: () => said.push('expired'),
  })
  expiry.watch()
  return expiry
}

test.each([
  ['in an hour', 3_600_000],
  ['in a hundred days, for which no timer is long enough', 100 * DAY],
])('a token that expires %s is warned of once, and expires once', (_, life) => {
  watched(life, 60)
  vi.advanceTimersByTime(life - 60_001)
  expect(said).toEqual([])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['60 seconds are left'])
  vi.advanceTimersByTime(59_999)
  expect(said).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['60 seconds are left', 'expired'])
  vi.advanceTimersByTime(DAY)
  expect(said).toHaveLength(2)
})

test('a session that begins with less left is warned at once; one whose token is over ends', () => {
  watched(2_500, 60)
  expect(said).toEqual(['3 seconds are left'])
  vi.advanceTimersByTime(2_500)
  said.length = 0
  watched(0, 60)
  expect(said).toEqual([])
  vi.advanceTimersByTime(0)
  expect(said).toEqual(['expired'])
})

test('nobody is warned where no time is set, and nothing comes once it is forgotten', () => {
  watched(100_000, 0)
  vi.advanceTimersByTime(99_999)
  expect(said).toEqual([])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['expired'])
  watched(200_000, 60).forget()
  vi.advanceTimersByTime(DAY)
  expect(said).toEqual(['expired'])
})

test('a clock that is set ahead ends it as soon as that is seen, and warns before where it is not over yet', () => {
  const expiry = watched(3_600_000, 60)
  expiry.check()
  expect(said).toEqual([])
  vi.setSystemTime(3_590_000)
  expiry.check()
  expiry.check()
  expect(said).toEqual(['10 seconds are left'])
  vi.setSystemTime(7_200_000)
  expiry.check()
  expiry.check()
  expect(said).toEqual(['10 seconds are left', 'expired'])
  vi.advanceTimersByTime(DAY)
  expect(said).toHaveLength(2)
})

test('a clock that is set back gives no more than what was left', () => {
  vi.setSystemTime(7_200_000)
  watched(7_200_000 + 3_600_000, 60)
  vi.advanceTimersByTime(1_800_000)
  vi.setSystemTime(0)
  vi.advanceTimersByTime(1_740_000 - 1)
  expect(said).toEqual([])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['60 seconds are left'])
  vi.advanceTimersByTime(60_000)
  expect(said).toEqual(['60 seconds are left', 'expired'])
})

test('one that is forgotten is not looked at', () => {
  const expiry = watched(100, 0)
  expiry.forget()
  vi.setSystemTime(DAY)
  expiry.check()
  expect(said).toEqual([])
})

import { expect, test } from 'vitest'
import { RateLimiter } from './rate-limit.ts'

test('a principal has its limit in a minute, is told how long to wait, and has it whole again afterwards', () => {
  const window = new RateLimiter().window('alice', 1000)
  expect([1, 2, 3].map(() => window.spend(3, 1000))).toEqual([0, 0, 0])
  expect(window.spend(3, 1000)).toBe(60)
  expect(window.spend(3, 60_500)).toBe(1)
  expect(window.spend(3, 61_000)).toBe(0)
})

test('all sessions of a principal share one window, other principals have their own', () => {
  const limiter = new RateLimiter()
  expect(limiter.window('alice', 0).spend(1, 0)).toBe(0)
  expect(limiter.window('alice', 0).spend(1, 1)).toBe(60)
  expect(limiter.window('bob', 0).spend(1, 1)).toBe(0)
})

test('a clock that is set back gives no endless wait', () => {
  const window = new RateLimiter().window('alice', 0)
  window.spend(1, 1_000_000)
  expect(window.spend(1, 5)).toBe(0)
})

test('windows that are over are forgotten when there are many, and say so to who still holds them', () => {
  const limiter = new RateLimiter()
  const old = limiter.window('old', 0)
  old.spend(1, 0)
  for (let index = 0; index < 10_000; index++) limiter.window(`key ${index}`, 100_000).spend(1, 100_000)
  expect(old.forgotten).toBe(true)
  expect(limiter.window('old', 100_000)).not.toBe(old)
})

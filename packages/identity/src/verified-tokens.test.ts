import type { Principal } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { MAX_TRUST_MILLISECONDS, VerifiedTokens } from './verified-tokens.ts'

const NOW = 1_800_000_000_000

function principal(expiresAt: number): Principal {
  return { subject: 'alice', actor: null, groups: [], issuer: 'https://i.example', claims: {}, expiresAt }
}

test('a token is remembered for a minute at most, and never past the end of its right', () => {
  const remembered = new VerifiedTokens(10)
  remembered.remember('long', principal(NOW + 3_600_000), NOW)
  remembered.remember('short', principal(NOW + 5000), NOW)
  expect(remembered.find('long', NOW + MAX_TRUST_MILLISECONDS - 1)).not.toBeNull()
  expect(remembered.find('long', NOW + MAX_TRUST_MILLISECONDS)).toBeNull()
  expect(remembered.find('short', NOW + 4999)).not.toBeNull()
  expect(remembered.find('short', NOW + 5000)).toBeNull()
})

test('a clock that was set back finds nothing', () => {
  const remembered = new VerifiedTokens(10)
  remembered.remember('token', principal(NOW + 3_600_000), NOW)
  expect(remembered.find('token', NOW - 1)).toBeNull()
})

test('what is of no more use is not kept', () => {
  const remembered = new VerifiedTokens(1000)
  for (let n = 0; n < 100; n += 1) remembered.remember(`token-${n}`, principal(NOW + 3_600_000), NOW)
  expect(remembered.size).toBe(100)
  remembered.remember('later', principal(NOW + 3_600_000), NOW + MAX_TRUST_MILLISECONDS)
  expect(remembered.size).toBe(1)
})

test('only so many are remembered, the oldest forgotten first; none when the limit is 0', () => {
  const remembered = new VerifiedTokens(2)
  for (const token of ['a', 'b', 'c']) remembered.remember(token, principal(NOW + 60_000), NOW)
  expect(['a', 'b', 'c'].map((token) => remembered.find(token, NOW) !== null)).toEqual([false, true, true])
  const none = new VerifiedTokens(0)
  none.remember('a', principal(NOW + 60_000), NOW)
  expect(none.find('a', NOW)).toBeNull()
})

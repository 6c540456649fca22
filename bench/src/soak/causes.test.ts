import { expect, test } from 'vitest'
import { causeOf } from './causes.ts'

const failed = (at: number, subject: string): Parameters<typeof causeOf>[0] => ({
  at,
  subject,
  during: 'statement',
  what: 'it ended',
})
const disturbances = [
  { kind: 'killed', gateway: 1, from: 10_000, until: 14_000 },
  { kind: 'rolled', gateway: 2, from: 30_000, until: null },
] as const
const gatewayOf = new Map([
  ['on the killed', 1],
  ['on the rolled', 2],
  ['elsewhere', 0],
])

test('a failure has the cause that its replica has', () => {
  const cause = (at: number, subject: string) => causeOf(failed(at, subject), disturbances, gatewayOf)
  expect(cause(10_100, 'on the killed')).toBe('killed')
  expect(cause(10_100, 'elsewhere')).toBe('other')
  expect(cause(9_900, 'on the killed')).toBe('other')
  expect(cause(20_000, 'on the killed')).toBe('other')
  expect(cause(55_000, 'on the rolled')).toBe('rolled')
  expect(cause(10_100, 'logging in')).toBe('killed')
  expect(cause(20_000, 'logging in')).toBe('other')
})

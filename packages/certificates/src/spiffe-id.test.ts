import { expect, test } from 'vitest'
import { trustDomainOf } from './spiffe-id.ts'

test('a workload’s SPIFFE ID has a trust domain', () => {
  expect(trustDomainOf('spiffe://shop.example/agent/copilot')).toBe('shop.example')
  expect(trustDomainOf('spiffe://a_b-c.1/X.y_z-1')).toBe('a_b-c.1')
})

test.each([
  'spiffe://shop.example',
  'spiffe://shop.example/',
  'spiffe://shop.example/a/',
  'spiffe://shop.example//a',
  'spiffe://shop.example/./a',
  'spiffe://shop.example/a/..',
  'spiffe://Shop.example/a',
  'SPIFFE://shop.example/a',
  'spiffe://shop.example:443/a',
  'spiffe://alice@shop.example/a',
  'spiffe://shop.example/a?b',
  'spiffe://shop.example/a#b',
  'spiffe://shop.example/%61',
  'spiffe://shop.example/a\n',
  'https://shop.example/a',
  `spiffe://shop.example/${'a'.repeat(2048)}`,
])('this is none: %s', (text) => {
  expect(trustDomainOf(text)).toBeNull()
})

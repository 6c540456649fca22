import { expect, test } from 'vitest'
import { parseAddressRange } from './index.ts'

test.each([
  ['10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3', '::ffff:a01:203'], ['10.1.2.4', '::10.1.2.3', '']],
  ['10.1.2.0/24', ['10.1.2.0', '10.1.2.255', '::ffff:10.1.2.9'], ['10.1.3.0', 'fd00::1']],
  ['10.1.2.7/24', ['10.1.2.9'], ['10.1.3.9']],
  ['0.0.0.0/0', ['255.255.255.255'], ['fd00::1', 'unknown']],
  ['fd00::/8', ['fd00::1', 'fdff::'], ['fe00::', '10.1.2.3']],
  ['2001:db8::1', ['2001:db8:0:0::1'], ['2001:db8::2']],
])('%s holds what it says and nothing else', (text, inside, outside) => {
  const range = parseAddressRange(text)
  expect(inside.filter((address) => range?.has(address) !== true)).toEqual([])
  expect(outside.filter((address) => range?.has(address) !== false)).toEqual([])
})

test.each([
  '',
  'localhost',
  '10.1.2',
  '10.1.2.3/33',
  '10.1.2.3/',
  '10.1.2.3/-1',
  '10.1.2.3/08',
  '::1/129',
  '10.1.2.3/24/8',
])('%j is no range', (text) => expect(parseAddressRange(text)).toBe(null))

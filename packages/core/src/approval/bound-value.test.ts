import { expect, test } from 'vitest'
import { boundText } from './bound-value.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test.each([
  [16, '01', 'true'],
  [16, '00', 'false'],
  [21, 'fffe', '-2'],
  [23, '00000007', '7'],
  [20, '8000000000000000', '-9223372036854775808'],
  [701, '3fb999999999999a', '0.1'],
  [701, '8000000000000000', '-0'],
  [1700, '0002000000000001000c1388', '12.5'],
  [2950, '00112233445566778899aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
  [25, 'c3a4', 'ä'],
  [3802, '017b7d', '{}'],
])('of type %i the bytes %s stand for %s', (type, bytes, text) => {
  expect(boundText(type, hex(bytes))).toBe(text)
})

test.each([
  ['another type', 1114, '0000000000000000'],
  ['no type', 0, '00000007'],
  ['too many bytes', 23, '0000000007'],
  ['too few', 20, '00000007'],
  ['neither true nor false', 16, '02'],
  ['not UTF-8', 25, 'c3'],
  ['a version that is not known', 3802, '027b7d'],
  ['digits behind the scale, which the server cuts off', 1700, '0002000000000000000c1388'],
])('%s is not told as a text', (_, type, bytes) => {
  expect(boundText(type, hex(bytes))).toBe(null)
})

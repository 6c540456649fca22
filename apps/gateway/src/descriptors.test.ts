import { expect, test } from 'vitest'
import { mostDescriptors } from './descriptors.ts'

test('how many descriptors there may be is read from what the system says', () => {
  expect(
    mostDescriptors(
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 20000                files\n',
    ),
  ).toBe(1024)
  expect(mostDescriptors('Max open files            unlimited            unlimited            files\n')).toBeNull()
  expect(mostDescriptors('')).toBeNull()
})

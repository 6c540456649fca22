import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { between } from './readme.ts'

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')

test('results take the place of older ones and leave the rest of the README alone', () => {
  const once = between(readme, '| old |')
  const twice = between(once, '| new |')
  expect(twice).toContain('| new |')
  expect(twice).not.toContain('| old |')
  expect(between(twice, '| old |')).toBe(once)
})

test('a README without a place for results is left alone', () => {
  expect(() => between('# nothing here', '| new |')).toThrow('no place for results')
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { between } from './readme.ts'

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8')

test('results take the place of older ones and leave the rest of the README alone, those of other engines too', () => {
  const once = between(readme, 'mysql', '| old |')
  const twice = between(once, 'mysql', '| new |')
  expect(twice).toContain('| new |')
  expect(twice).not.toContain('| old |')
  expect(twice).toContain('<!-- results of postgres')
  expect(twice.slice(0, twice.indexOf('<!-- results of mysql'))).toBe(
    readme.slice(0, readme.indexOf('<!-- results of mysql')),
  )
  expect(between(twice, 'mysql', '| old |')).toBe(once)
})

test('a README without a place for results is left alone', () => {
  expect(() => between('# nothing here', 'postgres', '| new |')).toThrow('no place for results')
})

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { withParts, writtenParts } from './drivers-page.ts'

test('docs/drivers.md has the cells that are tested here, and the connections that are run', () => {
  const page = readFileSync(new URL('../../../docs/drivers.md', import.meta.url), 'utf8')
  const update = 'run `node test/drivers/matrix/write-drivers-page.ts` to bring it up to date'
  expect(page, update).toBe(withParts(page, writtenParts()))
})

test('a page without a place for a part is found out', () => {
  expect(() => withParts('# Drivers', writtenParts())).toThrow('the page has no place for PostgreSQL, ways in')
})

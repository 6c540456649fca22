import { expect, test } from 'vitest'
import { readPage, withTables } from './metrics-page.ts'

test('docs/monitoring.md lists the metrics that there are', async () => {
  expect(readPage()).toBe(await withTables(readPage()))
})

import { readFileSync } from 'node:fs'
import { settingsTable } from '@gatehouse/configuration'
import { expect, test } from 'vitest'
import { adminJsonSchema } from './published-schema.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')

test('the published schema and the manual are those of the code (run write-published-schema.ts)', () => {
  expect(JSON.parse(read('../../config.schema.json'))).toEqual(adminJsonSchema())
  // The formatter aligns nothing in tables, so that the text is the same.
  expect(read('../../../../docs/admin.md')).toContain(settingsTable(adminJsonSchema()))
})

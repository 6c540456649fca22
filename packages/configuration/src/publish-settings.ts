import { readFileSync, writeFileSync } from 'node:fs'
import type { JsonSchema } from './json-schema.ts'
import { settingsTable } from './settings-table.ts'

const BEGIN = '<!-- settings: written from the schema -->'
const END = '<!-- end of settings -->'

/**
 * Writes what is published about a service's configuration: the schema to one file, the table of its settings between its marks in
 * the manual. Throws when the manual has no place for it.
 */
export function publishSettings(schema: JsonSchema, schemaFile: URL, manualFile: URL): void {
  const manual = readFileSync(manualFile, 'utf8')
  const begin = manual.indexOf(BEGIN)
  const end = manual.indexOf(END)
  if (begin === -1 || end < begin) throw new Error('the manual has no place for the table of settings')
  writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`)
  writeFileSync(manualFile, `${manual.slice(0, begin)}${BEGIN}\n\n${settingsTable(schema)}\n\n${manual.slice(end)}`)
}

import { readFileSync, writeFileSync } from 'node:fs'
import { settingsTable } from '@gatehouse/configuration'
import { adminJsonSchema } from './published-schema.ts'

// Run by hand after a change of the schema: writes config.schema.json, and the table in docs/admin.md.
const schemaFile = new URL('../../config.schema.json', import.meta.url)
const manualFile = new URL('../../../../docs/admin.md', import.meta.url)
const schema = adminJsonSchema()
writeFileSync(schemaFile, `${JSON.stringify(schema, null, 2)}\n`)

const BEGIN = '<!-- settings: written from the schema -->'
const END = '<!-- end of settings -->'
const manual = readFileSync(manualFile, 'utf8')
const begin = manual.indexOf(BEGIN)
const end = manual.indexOf(END)
if (begin === -1 || end < begin) throw new Error('the manual has no place for the table of settings')
writeFileSync(manualFile, `${manual.slice(0, begin)}${BEGIN}\n\n${settingsTable(schema)}\n\n${manual.slice(end)}`)

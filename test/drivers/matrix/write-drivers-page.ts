import { readFileSync, writeFileSync } from 'node:fs'
import { withParts, writtenParts } from './drivers-page.ts'

// Run by hand after a change of the matrix or of its programs: writes the tables and connections of docs/drivers.md.
const page = new URL('../../../docs/drivers.md', import.meta.url)
writeFileSync(page, withParts(readFileSync(page, 'utf8'), writtenParts()))

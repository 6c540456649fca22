/** Writes the tables of metrics in docs/monitoring.md anew. */
import { writeFileSync } from 'node:fs'
import { PAGE, readPage, withTables } from './metrics-page.ts'

writeFileSync(PAGE, await withTables(readPage()))

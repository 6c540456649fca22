import type { Into } from '../../query-tree.ts'
import { foldName } from '../../name-case.ts'
import type { Column, Lineage } from '../lineage.ts'
import { NOTHING } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'

/** What goes into a user variable, or whatever else keeps a value outside of tables: no mask can stand there. */
export function writeVariable(reading: Reading, value: Lineage): void {
  reading.keepsValues = true
  if (value.sources.length === 0 && value.reason === null && value.through.length === 0) return
  reading.writes.push({
    target: null,
    sources: value.sources,
    through: value.through,
    complete: value.reason === null,
  })
}

/** INTO of a query: a file of the server, or variables. MySQL manual, "SELECT ... INTO Statement". */
export function readInto(reading: Reading, into: Into, columns: readonly Column[], scope: Scope): void {
  reading.returnsNothing = true
  if (into.kind !== 'variables') {
    reading.files.push(into.file)
    for (const { lineage } of columns) writeVariable(reading, lineage)
    return
  }
  into.targets.forEach((target, index) => {
    const value = columns[index]?.lineage ?? NOTHING
    if (target.kind === 'column' && target.table === null && reading.assign !== null) {
      if (scope.variables?.has(foldName(target.name)) === true) {
        reading.assign(target.name, value)
        return
      }
    }
    writeVariable(reading, value)
  })
}

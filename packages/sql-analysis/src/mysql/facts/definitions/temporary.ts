import type { TemporaryTable } from '@gatehouse/core'
import type { CatalogColumn } from '../../catalog.ts'
import type { Definition } from '../../statement-tree.ts'
import type { Reading } from '../reading.ts'
import { findTable, newRelationName } from '../relations.ts'

/** Notes the temporary tables that a definition makes or drops: only the session that made them has them. */
export function noteTemporary(reading: Reading, node: Definition): void {
  if (node.action === 'create_table' && node.temporary) noteMade(reading, node)
  if (node.action === 'drop_table' || node.action === 'drop_temporary_table') noteDropped(reading, node)
  if (node.action !== 'alter_table' && node.action !== 'rename_table') return
  for (const { name } of node.objects) {
    const table = findTable(reading, name)
    if (table !== undefined && reading.names.temporary.includes(table))
      reading.incomplete('a temporary table that changes cannot be followed: drop it and make another')
  }
}

function noteMade(reading: Reading, node: Definition): void {
  const [made] = node.objects
  if (made === undefined) return
  const { schema, name } = newRelationName(reading, made.name)
  const like = node.others.find(({ role }) => role === 'like')
  const source = like === undefined ? undefined : findTable(reading, like.name)
  const own = node.columns.map((column): Pick<CatalogColumn, 'name' | 'type'> => ({
    name: column.name,
    type: column.type ?? '',
  }))
  const listed = new Set(own.map((column) => column.name.toLowerCase()))
  const filled = reading.writes.flatMap(({ target }) =>
    node.query === null || target === null || listed.has(target.column.toLowerCase())
      ? []
      : [{ name: target.column, type: '' }],
  )
  const copied = (source?.columns ?? []).map((column) => ({ name: column.name, type: column.type }))
  const columns = [...copied, ...own, ...filled]
  if (schema === null || columns.length === 0 || (like !== undefined && source === undefined)) {
    reading.incomplete('the columns of the temporary table are not known')
    return
  }
  if (node.orReplace) reading.temporary.push({ schema, name, columns: null })
  reading.temporary.push({ schema, name, columns })
}

function noteDropped(reading: Reading, { objects }: Definition): void {
  for (const object of objects) {
    const table = findTable(reading, object.name)
    if (table === undefined || !reading.names.temporary.includes(table)) continue
    const dropped: TemporaryTable = { schema: table.schema, name: table.name, columns: null }
    reading.temporary.push(dropped)
  }
}

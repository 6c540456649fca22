import type { TextConnection } from '../../servers/mysql.ts'
import { TABLE_LIST } from './schema.ts'

/** Of tables and views that statements made. */
const MADE = `SELECT table_name, table_type FROM information_schema.tables
  WHERE table_schema = DATABASE() AND (table_name LIKE 'made\\_%' OR table_name LIKE 'seen\\_%') ORDER BY 1`

/** All that a database holds where no mask is: two that differ in masked values alone hold the same there, whatever was written. */
export async function storedOpenly(connection: TextConnection): Promise<string> {
  const lines: string[] = []
  for (const { name, columns } of TABLE_LIST) {
    const open = columns
      .filter(({ taint }) => taint === 'none')
      .map(({ name: column, type }) => (type === 'json' ? `CAST(${column} AS CHAR)` : column))
    const rows = await connection.rows(`SELECT ${open.join(', ')} FROM ${name}`)
    lines.push(...rows.map((cells) => `${name} ${JSON.stringify(cells)}`).toSorted())
  }
  for (const [name] of await connection.rows(MADE)) {
    const rows = await connection.rows(`SELECT * FROM \`${name ?? ''}\``).catch(() => [['it cannot be read']])
    lines.push(...rows.map((cells) => `${name ?? ''} ${JSON.stringify(cells)}`).toSorted())
  }
  return lines.join('\n')
}

/** Tables that triggers write to. */
const LAST = ['people_log', 'sink']

/** Empties every table and drops what statements made. */
export async function empty(connection: TextConnection): Promise<void> {
  for (const [name, kind] of await connection.rows(MADE))
    await connection.rows(`DROP ${kind === 'VIEW' ? 'VIEW' : 'TABLE'} \`${name ?? ''}\``)
  // Triggers write to what is emptied last.
  await connection.rows('BEGIN')
  const order = [...TABLE_LIST].sort((a, b) => LAST.indexOf(a.name) - LAST.indexOf(b.name))
  for (const { name } of order) await connection.rows(`DELETE FROM ${name}`)
  await connection.rows('DELETE FROM vault')
  await connection.rows('COMMIT')
}

import type { StatementFacts } from '@gatehouse/core'

const NAME = '`((?:[^`]|``)+)`'
const TABLE = new RegExp(`${NAME}\\.${NAME}(?: ${NAME})?(?![.\`])`, 'g')
const COLUMN = new RegExp(`${NAME}\\.${NAME}\\.${NAME}`, 'g')

/**
 * The columns that the server itself names in a statement: MySQL prints it with every name resolved, stars and views expanded,
 * in a note of EXPLAIN FORMAT=TRADITIONAL (MySQL manual, "Extended EXPLAIN Output Format"). As `table.column`.
 */
export function columnsNamed(note: string, schema: string): ReadonlySet<string> {
  const tables = new Map<string, string>()
  for (const [, database, table, alias] of note.replaceAll(COLUMN, '').matchAll(TABLE))
    if (database === schema && table !== undefined) tables.set(alias ?? table, table)
  const columns = new Set<string>()
  for (const [, database, alias, column] of note.matchAll(COLUMN)) {
    const table = database !== schema || alias === undefined ? undefined : tables.get(alias)
    if (table !== undefined) columns.add(`${table}.${column ?? ''}`)
  }
  return columns
}

/** The same, as the facts of the statement have it: read by itself, or beneath it. */
export function columnsRead({ accesses, beneath }: StatementFacts): ReadonlySet<string> {
  const columns = new Set<string>()
  for (const { relation, columns: read } of [...accesses, ...beneath.accesses])
    for (const column of read ?? []) columns.add(`${relation?.name ?? ''}.${column}`)
  return columns
}

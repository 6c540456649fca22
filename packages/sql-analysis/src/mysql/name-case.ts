/** `lower_case_table_names`: 0 as written and compared; 1 stored in lower case; 2 stored as written, compared in lower case. */
export type TableNameCase = 0 | 1 | 2

/** A name of a column, alias, routine, event, index or variable, as it compares. MySQL manual, "Identifier Case Sensitivity". */
export function foldName(name: string): string {
  return name.toLowerCase()
}

/** A name of a schema, table, view, trigger or alias of a table, as it compares. The server's own two schemas are found in any case. */
export function foldTableName(name: string, letters: TableNameCase): string {
  if (letters !== 0) return name.toLowerCase()
  const first = name.charCodeAt(0) | 0x20
  if (first !== 0x69 && first !== 0x70) return name
  const lower = name.toLowerCase()
  return lower === 'information_schema' || lower === 'performance_schema' ? lower : name
}

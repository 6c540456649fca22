import type { CatalogForeignKey } from './catalog.ts'
import { byNumber, textOf } from './catalog-cells.ts'
import type { CatalogRow } from './catalog-queries.ts'

/** The columns of each unique key of a table. */
export function readUniqueKeys(rows: readonly CatalogRow[]): string[][] {
  const keys = new Map<string, (string | null)[]>()
  for (const [, , index, , column] of byNumber(rows, 3)) {
    const name = textOf(index)
    const columns = keys.get(name)
    if (columns === undefined) keys.set(name, [column ?? null])
    else columns.push(column ?? null)
  }
  // A key over an expression has a part without a column: its columns alone are not unique.
  const whole = [...keys].filter((entry): entry is [string, string[]] => !entry[1].includes(null))
  return whole.toSorted(([a], [b]) => Number(b === 'PRIMARY') - Number(a === 'PRIMARY')).map(([, columns]) => columns)
}

/** The columns that each CHECK of a table looks at. That a text is JSON is part of a column's type. */
export function readChecks(rows: readonly CatalogRow[]): readonly (readonly string[])[] {
  return rows.flatMap((row) => {
    const clause = textOf(row[2])
    if (/^json_valid\(`(?:[^`]|``)+`\)$/.test(clause)) return []
    return [[...clause.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name = '']) => name.replaceAll('``', '`'))]
  })
}

/** The foreign keys that a table has; `rules`: theirs, by schema, table and name. */
export function readForeignKeys(
  rows: readonly CatalogRow[],
  rules: ReadonlyMap<string, CatalogRow>,
): readonly CatalogForeignKey[] {
  const keys = new Map<string, CatalogRow[]>()
  for (const row of byNumber(rows, 3)) {
    const name = textOf(row[2])
    const known = keys.get(name)
    if (known === undefined) keys.set(name, [row])
    else known.push(row)
  }
  return [...keys.values()].map((columns) => {
    const [first = []] = columns
    const rule = rules.get(first.slice(0, 3).join('\0'))
    return {
      columns: columns.map((row) => textOf(row[4])),
      references: { schema: textOf(first[5]), name: textOf(first[6]) },
      referencedColumns: columns.map((row) => textOf(row[7])),
      onDelete: ruleOf(rule?.[3]),
      onUpdate: ruleOf(rule?.[4]),
    }
  })
}

/** A rule that is not known may be any: the one that changes most. */
function ruleOf(rule: string | null | undefined): CatalogForeignKey['onDelete'] {
  switch (rule) {
    case 'RESTRICT':
    case 'NO ACTION':
      return 'restrict'
    case 'SET NULL':
      return 'set_null'
    case 'SET DEFAULT':
      return 'set_default'
    default:
      return 'cascade'
  }
}

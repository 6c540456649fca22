import type { ColumnName } from '../statement/facts.ts'

/** `schema.name`, or `name` where the schema is not known; `statement` for none. As shown in refusals. */
export function relationText(relation: { readonly schema: string | null; readonly name: string } | null): string {
  if (relation === null) return 'statement'
  return relation.schema === null ? relation.name : `${relation.schema}.${relation.name}`
}

/** `schema.relation.column`, as refusals and the audit trail name columns. */
export function columnText(column: ColumnName): string {
  return `${column.schema}.${column.relation}.${column.column}`
}

/** The same text for the same column, and for no other. */
export function columnKey({ schema, relation, column }: ColumnName): string {
  return JSON.stringify([schema, relation, column])
}

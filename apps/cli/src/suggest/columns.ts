import type { ColumnName, MaskSpec } from '@gatehouse/core'
import type { SuggestedType } from './suggested-type.ts'

/** One stored column of a target, as suggestions need it. */
export interface TargetColumn {
  readonly name: ColumnName
  readonly relationKind: 'table' | 'partitioned' | 'foreign'
  readonly type: SuggestedType
  /** As the server writes it: `varchar(20)`. */
  readonly typeText: string
  /** The name of its type where users made it: a domain `email_address` says what it is for. Null: PostgreSQL's own. */
  readonly ownTypeName: string | null
  /** The masks of the policy that name it already, joined; null: none does. */
  readonly masked: MaskedAlready | null
  /** What the policy looks for in it already, for everyone. */
  readonly detected: ReadonlySet<string>
}

/** What the policy says of a column already. */
export interface MaskedAlready {
  readonly rules: readonly string[]
  /** Null where several rules differ, or one is for some people only. */
  readonly spec: MaskSpec | null
  /** True when every rule of them is for some principals only. */
  readonly forSome: boolean
}

/** Two columns that hold the same values, by a foreign key. */
export interface ColumnLink {
  readonly from: ColumnName
  readonly to: ColumnName
}

/** A text that names the column, and no other. */
export function columnKey(column: ColumnName): string {
  return JSON.stringify([column.schema, column.relation, column.column])
}

/** For sorting by name, code unit by code unit: the same order on every machine. */
export function compareColumns(left: TargetColumn, right: TargetColumn): number {
  const one = columnKey(left.name)
  const other = columnKey(right.name)
  return one < other ? -1 : one > other ? 1 : 0
}

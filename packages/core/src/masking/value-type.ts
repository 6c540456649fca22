/** What a mask must know of a column's type, as the catalog (`pg_type`, `pg_enum`, `pg_attribute`) tells it. */
export interface ValueType {
  /** `pg_type.typname`: `int4`, `text`, `bpchar`, `_text`. Domains are given as their base type. */
  readonly name: string
  /** `pg_type.oid`. A built-in type is known by name and OID together, so a user's own type called `text` is not taken for it. */
  readonly oid: number
  /** The element's type where this is an array, else null. */
  readonly element: ValueType | null
  /** The labels in their order where this is an enum, else null. */
  readonly enumLabels: readonly string[] | null
  /** `pg_attribute.atttypmod` as it stands there; -1 where there is none. */
  readonly modifier: number
}

/** A format code of the PostgreSQL protocol (manual, "Formats and Format Codes"): 0 is text, 1 is binary. */
export type CellFormat = 0 | 1

import type { ColumnLink, TargetColumn } from './columns.ts'

/** A table and those of its columns that are its own: inherited ones are its parent's. */
export interface TargetTable {
  readonly schema: string
  readonly name: string
  readonly kind: TargetColumn['relationKind']
  /** Size as the server last counted it, in pages (PostgreSQL, children included) or rows (MySQL); 0 where it never did. */
  readonly size: number
  readonly columns: readonly ReadableColumn[]
}

export interface ReadableColumn extends TargetColumn {
  /** The gateway's own credential may read it. */
  readonly readable: boolean
}

/** Cells as text. */
export type SampledRows = readonly (readonly (string | null)[])[]

/** Why there are no rows where asking again, column by column, would be no better. */
export const TOO_SLOW = 'it took too long'
export const LOCKED = 'somebody holds a lock on it'

/** Reads samples of one target, each in a transaction that can change nothing. */
export interface Sampler {
  /**
   * At most `rows` rows of these columns, from all over the table where that can be had; of a longer value, its beginning. A
   * text: why there are none, without any word of the server's. Rejects with `UpstreamUnavailable` only when the connection
   * is lost.
   */
  sample(table: TargetTable, columns: readonly ReadableColumn[], rows: number): Promise<SampledRows | string>
  close(): void
}

/** What exists on a target, without the rows. */
export interface TargetContents {
  readonly tables: readonly TargetTable[]
  readonly systemColumns: readonly TargetColumn[]
  readonly links: readonly ColumnLink[]
  readonly materializedViews: readonly string[]
  readonly schemas: readonly string[]
  /** Open: the caller closes it. */
  readonly sampler: Sampler
}

/** For sorting by name, code unit by code unit: the same order on every machine. */
export function compareTables(left: TargetTable, right: TargetTable): number {
  const one = JSON.stringify([left.schema, left.name])
  const other = JSON.stringify([right.schema, right.name])
  return one < other ? -1 : one > other ? 1 : 0
}

import type { CatalogRow } from './catalog-queries.ts'

/** The rows in the order of the numbers that stand in one of their places. */
export function byNumber(rows: readonly CatalogRow[], position: number): readonly CatalogRow[] {
  return rows.length < 2 ? rows : rows.toSorted((a, b) => Number(a[position]) - Number(b[position]))
}

/** A name or text that a row must have. Throws TypeError when it has none. */
export function textOf(value: string | null | undefined): string {
  if (typeof value !== 'string') throw new TypeError('a row of the catalog lacks a name')
  return value
}

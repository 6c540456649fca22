import { hash } from 'node:crypto'
import { BadCursor, type PageWish, type TrailQuery } from './trail-index.ts'

/** More is no cursor of ours: a hundred trails need a fifth of it. */
const MAX_CURSOR_UNITS = 8_192

/** Where a page begins in each trail; null: at its beginning. */
export type Positions = readonly (number | null)[]

/** Names a search: what is asked, whatever order its members are in, in which order, and of which trails where they may change. */
export function searchDigest(query: TrailQuery, order: PageWish['order'], trails: readonly string[] = []): string {
  const asked = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
  return hash('sha256', JSON.stringify([order, asked, trails])).slice(0, 16)
}

/** A cursor: JSON in base64url. */
export function encodeCursor(search: string, positions: Positions): string {
  return Buffer.from(JSON.stringify({ search, positions })).toString('base64url')
}

/** Where a cursor says that a page begins in each of so many trails. Throws `BadCursor`. */
export function decodeCursor(cursor: string, search: string, trails: number): Positions {
  const { search: of, positions } = read(cursor)
  if (typeof of !== 'string' || !Array.isArray(positions)) throw notOurs()
  if (of !== search)
    throw new BadCursor(
      'this cursor is of another search: a page goes on with the query and the order of the one before',
    )
  if (positions.length !== trails || !positions.every(isPosition)) throw notOurs()
  return positions
}

function read(cursor: string): { readonly search?: unknown; readonly positions?: unknown } {
  if (cursor.length > MAX_CURSOR_UNITS || !/^[\w-]+$/.test(cursor)) throw notOurs()
  try {
    const parsed: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return typeof parsed === 'object' && parsed !== null ? parsed : {}
  } catch {
    throw notOurs()
  }
}

function isPosition(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && Number(value) >= 0)
}

function notOurs(): BadCursor {
  return new BadCursor(
    'this cursor is none that a page gave as its `next`; without one a search begins at its first page',
  )
}

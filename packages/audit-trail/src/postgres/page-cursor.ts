import { searchDigest } from '../search/cursor.ts'
import { BadCursor, type PageWish, type TrailQuery } from '../search/trail-index.ts'

/** Where a record stands among all: by time, then gateway and trail, then number. */
export interface Place {
  /** Milliseconds. */
  readonly time: number
  /** The trail's number in the database. */
  readonly trail: number
  readonly seq: number
}

/** Longest cursor that is looked at. */
const MAX_CURSOR_UNITS = 400

/** A cursor that goes on behind `place`. */
export function writeCursor({ time, trail, seq }: Place, query: TrailQuery, order: PageWish['order']): string {
  return Buffer.from(JSON.stringify([1, time, trail, seq, searchDigest(query, order)])).toString('base64url')
}

/** Throws `BadCursor` for what `writeCursor` did not write for this query and order. */
export function readCursor(cursor: string, query: TrailQuery, order: PageWish['order']): Place {
  const bytes = Buffer.from(cursor.length > MAX_CURSOR_UNITS ? '' : cursor, 'base64url')
  if (bytes.toString('base64url') !== cursor) throw new BadCursor('this is no cursor')
  let parts: unknown
  try {
    parts = JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new BadCursor('this is no cursor')
  }
  if (!Array.isArray(parts) || parts.length !== 5 || parts[0] !== 1) throw new BadCursor('this is no cursor')
  const [, time, trail, seq, asked] = parts as readonly unknown[]
  if (!isWhole(time, 8_640_000_000_000_000) || !isWhole(trail, 0x7fff_ffff) || !isWhole(seq, Number.MAX_SAFE_INTEGER))
    throw new BadCursor('this is no cursor')
  if (asked !== searchDigest(query, order)) throw new BadCursor('this cursor is of another query or order')
  return { time, trail, seq }
}

function isWhole(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= most
}

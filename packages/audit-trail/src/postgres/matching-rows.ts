import type { PoolClient } from 'pg'
import type { PageWish, TrailQuery } from '../search/trail-index.ts'
import type { Place } from './page-cursor.ts'
import { queryTerms, searchable } from './record-terms.ts'

/** Rows next to where a page begins that are read as they come: what many records match is found among them. */
const READ_ROWS = 3_000
/** Where as many more should hold what is missing, they are read as they come too: of what is not rare an index has long lists. */
const MOST_ROWS_READ_ON = 15_000
/** Behind them, stretches of time are searched by index. Where nothing was found yet, the first is this many times as long as what was looked through before … */
const FIRST_STRETCH = 31
/** … and each behind it this many times. */
const STRETCH_GROWTH = 7
/** Where something was found: as much as should hold this many times what is missing. */
const SPARE = 1.5
/** Where rows have all one time. */
const LEAST_STRETCH_MILLISECONDS = 1_000
/** Bytes of lines that one page holds at most; its first record it holds in any case. */
const MAX_PAGE_BYTES = 32 * 1024 * 1024

/** A row that matches. */
export interface Match extends Place {
  readonly gateway: string
  readonly line: string
  readonly outcome: string | null
}

/** Some of the rows that match, in order. */
export interface Matches {
  readonly rows: readonly Match[]
  /** There are more behind the last of them. */
  readonly more: boolean
}

/** A trail, as the database has it. */
export interface StoredTrail {
  readonly id: number
  readonly gateway: string
}

/**
 * The rows that match a query, in one order. It does not trust the planner with what values are frequent: that changes with every
 * pair of them. What is frequent is found among the nearest rows, read in order; what is not has few rows in a stretch, which an index finds.
 */
export class MatchingRows {
  readonly #client: PoolClient
  readonly #order: PageWish['order']
  readonly #trails: readonly StoredTrail[]
  /** Null: nothing can match. */
  readonly #terms: readonly string[] | null
  readonly #query: TrailQuery
  readonly #wanted: readonly number[]
  readonly #columns: Columns

  /** `trails`: all there are, by gateway. */
  constructor(client: PoolClient, trails: readonly StoredTrail[], query: TrailQuery, order: PageWish['order']) {
    this.#client = client
    this.#order = order
    this.#trails = trails
    this.#query = query
    this.#terms = queryTerms(query)
    this.#wanted = trails.filter(({ gateway }) => (query.gateway ?? gateway) === gateway).map(({ id }) => id)
    this.#columns = query.kind === 'outcome' ? OUTCOMES : RECORDS
  }

  /** The first `limit` behind `after`, or of all. */
  async first(limit: number, after: Place | null): Promise<Matches> {
    if (this.#terms === null || this.#wanted.length === 0) return { rows: [], more: false }
    const bounds = await this.#bounds()
    if (bounds === null) return { rows: [], more: false }
    const everything =
      this.#terms.length === 0 && this.#query.text === undefined && this.#wanted.length === this.#trails.length
    if (everything) return cut(await this.#read(bounds, after, limit + 1, null), limit)
    let near = await this.#read(bounds, after, limit + 1, READ_ROWS)
    if (near.length > limit) return cut(near, limit)
    let last = await this.#placeOf(bounds, after, READ_ROWS)
    if (last === null) return cut(near, limit)
    const missing = limit + 1 - near.length
    const onward = near.length === 0 ? Infinity : Math.ceil((READ_ROWS * SPARE * missing) / near.length)
    if (onward <= MOST_ROWS_READ_ON) {
      near = [...near, ...(await this.#read(bounds, last, missing, onward))]
      if (near.length > limit) return cut(near, limit)
      last = await this.#placeOf(bounds, last, onward)
      if (last === null) return cut(near, limit)
    }
    return cut([...near, ...(await this.#search(bounds, after, last, near.length, limit + 1 - near.length))], limit)
  }

  /** Stretch by stretch, until there are `limit` or no more. `near`: how many were found up to `last`. */
  async #search(
    bounds: Bounds,
    after: Place | null,
    last: Place,
    near: number,
    limit: number,
  ): Promise<readonly FoundRow[]> {
    const forward = this.#order === 'oldest'
    const begun = after?.time ?? (forward ? bounds.from : bounds.until)
    const found: FoundRow[] = []
    let growth = FIRST_STRETCH
    let place: Place | null = last
    let { from, until } = bounds
    if (forward) from = last.time
    else until = Math.min(until, last.time + 1)
    while (found.length < limit && from < until) {
      const looked = Math.max(Math.abs((forward ? from : until) - begun), LEAST_STRETCH_MILLISECONDS)
      const hits = near + found.length
      const times = hits === 0 ? growth : Math.min(growth, (SPARE * (limit - found.length)) / hits)
      const length = Math.ceil(looked * times) + 1
      const edge = forward ? Math.min(from + length, until) : Math.max(until - length, from)
      const stretch = forward ? { from, until: edge } : { from: edge, until }
      found.push(...(await this.#read(stretch, place, limit - found.length, 'by index')))
      if (forward) from = edge
      else until = edge
      place = null
      growth = STRETCH_GROWTH
    }
    return found
  }

  /** Between which places in time rows can match, in whole milliseconds; null: there are none. */
  async #bounds(): Promise<Bounds | null> {
    const { time } = this.#columns
    const { since, until } = this.#query
    const found = await this.#client.query<{ from: string | null; until: string | null }>(
      `SELECT extract(epoch FROM greatest($1::timestamptz, (SELECT min(${time}) FROM gatehouse_audit.record))) * 1000 AS from,
        extract(epoch FROM least($2::timestamptz ${time === 'time' ? '+ (SELECT max(clock_back) FROM gatehouse_audit.trail)' : ''},
          (SELECT max(${time}) FROM gatehouse_audit.record) + interval '1 millisecond')) * 1000 AS until`,
      [since ?? null, until ?? null],
    )
    const [row] = found.rows
    if (row === undefined || row.from === null || row.until === null) return null
    return { from: Math.floor(Number(row.from)), until: Math.ceil(Number(row.until)) }
  }

  /** The place of row number `rows` behind `after`, whatever it is; null: there are not so many. */
  async #placeOf(bounds: Bounds, after: Place | null, rows: number): Promise<Place | null> {
    const bound = new Bound()
    const found = await this.#client.query<FoundPlace>(
      `SELECT ${this.#place()} FROM gatehouse_audit.record WHERE ${this.#behind(bound, bounds, after)} ${this.#ordered(bound)} OFFSET ${rows - 1} LIMIT 1`,
      bound.values,
    )
    const [row] = found.rows
    return row === undefined ? null : placeOf(row)
  }

  /** `how`: all that match; those among so many rows; or those that an index finds. */
  async #read(
    bounds: Bounds,
    after: Place | null,
    limit: number,
    how: number | 'by index' | null,
  ): Promise<readonly FoundRow[]> {
    const bound = new Bound()
    const { line, outcome } = this.#columns
    const columns = `${this.#place()}, ${line} AS line, ${outcome} AS outcome`
    const behind = this.#behind(bound, bounds, after)
    const matching = this.#matching(bound)
    const ordered = this.#ordered(bound)
    const from =
      typeof how === 'number'
        ? `(SELECT * FROM gatehouse_audit.record WHERE ${behind} ${ordered} LIMIT ${how}) AS near WHERE ${matching} ${ordered}`
        : how === 'by index'
          ? `(SELECT * FROM gatehouse_audit.record WHERE ${behind} AND ${matching} OFFSET 0) AS indexed ${ordered}`
          : `gatehouse_audit.record WHERE ${behind} AND ${matching} ${ordered}`
    const bytes = 'octet_length(line) + coalesce(octet_length(outcome), 0)'
    const text = `SELECT milliseconds, number, trail, CASE WHEN before + 1 <= ${MAX_PAGE_BYTES} THEN line END AS line, CASE WHEN before + 1 <= ${MAX_PAGE_BYTES} THEN outcome END AS outcome
      FROM (SELECT *, coalesce(sum(${bytes}) OVER (ORDER BY nth ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
        FROM (SELECT *, row_number() OVER () AS nth FROM (SELECT ${columns} FROM ${from} LIMIT ${bound.add(limit)}) AS page) AS numbered) AS summed ORDER BY nth`
    const found =
      how === 'by index'
        ? await byContent(this.#client, () => this.#client.query<FoundRow>(text, bound.values))
        : await this.#client.query<FoundRow>(text, bound.values)
    return found.rows.map((row) => ({
      ...row,
      gateway: this.#trails.find(({ id }) => id === row.trail)?.gateway ?? '',
    }))
  }

  #place(): string {
    const { time, seq } = this.#columns
    // Not under the column's own name: what is sorted by is the column, by its index.
    return `extract(epoch FROM ${time}) * 1000 AS milliseconds, ${seq} AS number, trail`
  }

  #ordered(bound: Bound): string {
    const { time, seq } = this.#columns
    const way = this.#order === 'oldest' ? 'ASC' : 'DESC'
    return `ORDER BY ${time} ${way}, ${this.#rank(bound)} ${way}, ${seq} ${way}`
  }

  /** A trail's rank by its gateway's name, which the database's collation would see otherwise. */
  #rank(bound: Bound): string {
    return `array_position(${bound.add(this.#trails.map(({ id }) => id))}::int[], trail)`
  }

  #behind(bound: Bound, { from, until }: Bounds, after: Place | null): string {
    const { time, seq, is } = this.#columns
    const at = (milliseconds: number): string => `${bound.add(new Date(milliseconds).toISOString())}::timestamptz`
    const conditions = [is, `${time} >= ${at(from)}`, `${time} < ${at(until)}`]
    if (after !== null) {
      const [towards, beyond] = this.#order === 'oldest' ? ['>=', '>'] : ['<=', '<']
      const rank = this.#trails.findIndex(({ id }) => id === after.trail) + 1
      conditions.push(
        `${time} ${towards} ${at(after.time)}`,
        `(${time}, ${this.#rank(bound)}, ${seq}) ${beyond} (${at(after.time)}, ${bound.add(rank)}::int, ${bound.add(after.seq)}::bigint)`,
      )
    }
    return conditions.join(' AND ')
  }

  #matching(bound: Bound): string {
    const { since, until, text, gateway } = this.#query
    const conditions = ['true']
    if (this.#terms !== null && this.#terms.length > 0)
      conditions.push(`terms @> ${bound.add(`{${this.#terms.join(',')}}`)}::bigint[]`)
    if (gateway !== undefined) conditions.push(`trail = ANY (${bound.add(this.#wanted)}::int[])`)
    if (text !== undefined) {
      const told = tellingPart(text)
      if (told === null) conditions.push(`statement LIKE ${bound.add(containing(text))}`)
      else
        conditions.push(
          `statement LIKE ${bound.add(containing(told))}`,
          // Not as it stands in the index, which would look for every part of it.
          `statement || '' LIKE ${bound.add(containing(text))}`,
        )
    }
    const { clock } = this.#columns
    if (since !== undefined) conditions.push(`${clock} >= ${bound.add(since)}::timestamptz`)
    if (until !== undefined) conditions.push(`${clock} < ${bound.add(until)}::timestamptz`)
    return conditions.join(' AND ')
  }
}

/**
 * How statements of a search find rows, whatever the planner thinks of them (of today's rows it knows nothing yet): along the index of times, which
 * ends as soon as there are enough.
 */
export const ALONG_TIME =
  'SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_indexscan = on'
const BY_CONTENT = 'SET LOCAL enable_bitmapscan = on; SET LOCAL enable_sort = on; SET LOCAL enable_indexscan = off'

/** Has a statement find its rows by the indexes of what is in them instead. */
export async function byContent<Answer>(client: PoolClient, read: () => Promise<Answer>): Promise<Answer> {
  await client.query(BY_CONTENT)
  const answer = await read()
  await client.query(ALONG_TIME)
  return answer
}

/** Stretch of places in time, in milliseconds: from, and before. */
interface Bounds {
  readonly from: number
  readonly until: number
}

/** Which columns say what of what is looked for. */
interface Columns {
  readonly time: string
  readonly seq: string
  readonly clock: string
  readonly line: string
  readonly outcome: string
  readonly is: string
}

const RECORDS: Columns = {
  time: 'time',
  seq: 'seq',
  clock: 'coalesce(clock, time)',
  line: 'line',
  outcome: 'outcome',
  is: 'line IS NOT NULL',
}
const OUTCOMES: Columns = {
  time: 'outcome_time',
  seq: 'outcome_seq',
  clock: 'outcome_time',
  line: 'outcome',
  outcome: 'NULL::text',
  is: 'outcome_time IS NOT NULL',
}

interface FoundPlace {
  readonly milliseconds: string
  readonly number: string
  readonly trail: number
}

interface FoundRow extends FoundPlace {
  readonly gateway: string
  /** Null: the page is full before it. */
  readonly line: string | null
  readonly outcome: string | null
}

/** Values that stand in a statement as `$1`, `$2` … */
class Bound {
  readonly values: unknown[] = []

  add(value: unknown): string {
    return `$${this.values.push(value)}`
  }
}

function placeOf({ milliseconds, number, trail }: FoundPlace): Place {
  return { time: Math.round(Number(milliseconds)), seq: Number(number), trail }
}

function cut(found: readonly FoundRow[], limit: number): Matches {
  const rows: Match[] = []
  let bytes = 0
  for (const row of found.slice(0, limit)) {
    // Several readings make a page: each begins to count anew.
    if (row.line === null || (rows.length > 0 && bytes > MAX_PAGE_BYTES)) break
    bytes += row.line.length
    rows.push({ ...placeOf(row), gateway: row.gateway, line: row.line, outcome: row.outcome })
  }
  return { rows, more: rows.length < found.length }
}

/**
 * The part of a text that is in few others: a number or an identifier of some length, where words stand beside it. Null: there is none, or nothing
 * beside it. An index of trigrams reads long lists for the words.
 */
function tellingPart(text: string): string | null {
  const parts = searchable(text).match(/[a-z0-9]{5,}/g) ?? []
  const told = parts
    .filter((part) => /\d.*\d/.test(part))
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '')
  return told === '' || told.length === text.length ? null : told
}

/** A pattern of LIKE for texts that contain this one. */
function containing(text: string): string {
  return `%${searchable(text).replaceAll(/[\\%_]/g, '\\$&')}%`
}

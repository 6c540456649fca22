import type { AuditRecord } from '@gatehouse/core'
import type { PoolClient } from 'pg'
import type { TrailQuery, TrailSummary } from '../search/trail-index.ts'
import { fingerprintOf, textOf } from '../search/record-facts.ts'
import { SummaryTally } from '../search/summary-tally.ts'
import { byContent, MatchingRows, type StoredTrail } from './matching-rows.ts'
import { queryTerms } from './record-terms.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Rows that are counted one by one where tallies do not help. */
const MOST_ROWS = 3_000
/** Rows that are read at a time. */
const ROWS_AT_ONCE = 3_000
/** Rows that texts of shapes are taken from before any is looked for. */
const NEWEST_TEXTS = 300
/** Values of one facet that are taken out of the tallies. */
const MOST_TALLIED = 2_000

/** Counts what matches: whole hours by the tallies where only times are asked for, else the newest rows one by one. */
export async function summarizeRows(
  client: PoolClient,
  trails: readonly StoredTrail[],
  query: TrailQuery,
): Promise<TrailSummary> {
  const { since, until, ...others } = query
  if (Object.values(others).every((value) => value === undefined))
    return await summarizeTimes(client, trails, { since, until })
  const counting = new SummaryTally<string>()
  const whole = await countRows(client, trails, query, counting, MOST_ROWS)
  return { ...counting.summary(), complete: whole, shapes: shapesOf(counting) }
}

/** Adds the newest rows that match. False: there are more than `most`. */
async function countRows(
  client: PoolClient,
  trails: readonly StoredTrail[],
  query: TrailQuery,
  counting: SummaryTally<string>,
  most: number,
): Promise<boolean> {
  const rows = new MatchingRows(client, trails, query, 'newest')
  let counted = 0
  let after = null
  let more = true
  while (more && counted < most) {
    const found = await rows.first(Math.min(ROWS_AT_ONCE, most - counted), after)
    for (const { line, outcome } of found.rows) {
      const record = JSON.parse(line) as AuditRecord
      counting.add({ record, outcome: outcome === null ? null : (JSON.parse(outcome) as AuditRecord) }, textOf(record))
    }
    counted += found.rows.length
    after = found.rows.at(-1) ?? null
    more = found.more
  }
  return !more
}

interface Times {
  readonly since: string | undefined
  readonly until: string | undefined
}

async function summarizeTimes(
  client: PoolClient,
  trails: readonly StoredTrail[],
  { since, until }: Times,
): Promise<TrailSummary> {
  const asked: TrailQuery = { ...(since === undefined ? {} : { since }), ...(until === undefined ? {} : { until }) }
  const span = await tallied(client, asked)
  const counting = new SummaryTally<string>()
  if (span === null) {
    const whole = await countRows(client, trails, asked, counting, MOST_ROWS)
    return { ...counting.summary(), complete: whole, shapes: shapesOf(counting) }
  }
  const text = (milliseconds: number): string => new Date(milliseconds).toISOString()
  const ends = time(until, Number.POSITIVE_INFINITY)
  if (ends > span.until) {
    const newest = { since: text(span.until), ...(until === undefined ? {} : { until }) }
    await countRows(client, trails, newest, counting, Number.POSITIVE_INFINITY)
  }
  // What was removed is not in the tallies, nor is what was kept of that time. And what is too much is left out as a whole.
  const aligned = time(since, Number.NEGATIVE_INFINITY) === span.from
  const whole = span.complete && (aligned || (await isFew(client, asked, span.from)))
  if (whole && !aligned)
    await countRows(
      client,
      trails,
      { ...(since === undefined ? {} : { since }), until: text(span.from) },
      counting,
      MOST_ROWS,
    )
  await addTallies(client, counting, span)
  await addTexts(client, trails, counting, span)
  const first = await new MatchingRows(
    client,
    trails,
    whole ? asked : { ...asked, since: text(span.from) },
    'oldest',
  ).first(1, null)
  const line = first.rows[0]?.line
  const counted = counting.summary(HOUR / 1_000)
  const countedFrom = line === undefined ? counted.countedFrom : (JSON.parse(line) as AuditRecord).time
  return { ...counted, countedFrom, complete: whole, shapes: shapesOf(counting) }
}

function shapesOf(counting: SummaryTally<string>): TrailSummary['shapes'] {
  return counting.shapes().map(({ example, ...shape }) => ({ ...shape, text: example ?? '' }))
}

/** Whether the rows before the first whole hour can be counted one by one. */
async function isFew(client: PoolClient, { since }: TrailQuery, before: number): Promise<boolean> {
  const found = await client.query<{ few: boolean }>(
    `SELECT count(*) < ${MOST_ROWS} AS few FROM (SELECT FROM gatehouse_audit.record WHERE time >= coalesce($1::timestamptz, '-infinity')
      AND time < $2::timestamptz + (SELECT max(clock_back) FROM gatehouse_audit.trail) LIMIT ${MOST_ROWS}) AS rows`,
    [since ?? null, new Date(before).toISOString()],
  )
  return found.rows[0]?.few === true
}

/** Whole hours, in milliseconds. */
interface Span {
  readonly from: number
  readonly until: number
  /** False: before `from` there were records that were removed. */
  readonly complete: boolean
}

/** The whole hours that are asked for and tallied; null: none. */
async function tallied(client: PoolClient, { since, until }: TrailQuery): Promise<Span | null> {
  const found = await client.query<{ first: string | null; last: string | null; whole: string | null }>(
    `SELECT extract(epoch FROM min(begins)) * 1000 AS first, extract(epoch FROM max(begins)) * 1000 AS last,
      (SELECT extract(epoch FROM since) * 1000 FROM gatehouse_audit.tallied) AS whole
      FROM gatehouse_audit.tally WHERE hours = 1 AND facet = 'kind'`,
  )
  const [row] = found.rows
  if (row === undefined || row.first === null || row.last === null) return null
  const asked = { since: time(since, Number.NEGATIVE_INFINITY), until: time(until, Number.POSITIVE_INFINITY) }
  const kept = row.whole === null ? Number.NEGATIVE_INFINITY : Number(row.whole)
  const from = Math.max(Number(row.first), Math.ceil(Math.max(asked.since, kept) / HOUR) * HOUR)
  const end = Math.min(Number(row.last) + HOUR, Math.floor(asked.until / HOUR) * HOUR)
  return from < end ? { from, until: end, complete: asked.since >= kept } : null
}

function time(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : new Date(text).getTime()
}

async function addTallies(client: PoolClient, counting: SummaryTally<string>, { from, until }: Span): Promise<void> {
  const days = { from: Math.ceil(from / DAY) * DAY, until: Math.floor(until / DAY) * DAY }
  const bounds = days.from < days.until ? [from, days.from, days.until, until] : [from, from, from, until]
  const values = bounds.map((milliseconds) => new Date(milliseconds).toISOString())
  const within = `((hours = 24 AND begins >= $2 AND begins < $3) OR (hours = 1 AND begins >= $1 AND begins < $2) OR (hours = 1 AND begins >= $3 AND begins < $4))`
  type Tallied = { facet: string; value: string; other: string; count: string; refused: string }
  const found = await byContent(client, () =>
    client.query<Tallied>(
      `SELECT facet, value, other, count, refused FROM (
      SELECT *, row_number() OVER (PARTITION BY facet ORDER BY count DESC) AS nth FROM (
        SELECT facet, value, other, sum(count) AS count, sum(refused) AS refused FROM gatehouse_audit.tally
        WHERE ${within} GROUP BY facet, value, other) AS summed WHERE count > 0) AS ranked WHERE nth <= ${MOST_TALLIED}`,
      values,
    ),
  )
  for (const { facet, value, other, count, refused } of found.rows) {
    if (facet === 'shape') counting.addShape(value, null, Number(count), Number(refused))
    else if (facet === 'maskedBySubject') counting.addMasked(value, other, Number(count))
    else counting.addValue(facet, value, Number(count))
  }
  type TalliedHour = { begins: string; facet: string; count: string; refused: string }
  const moments = await byContent(client, () =>
    client.query<TalliedHour>(
      `SELECT extract(epoch FROM begins) * 1000 AS begins, facet, count, refused FROM gatehouse_audit.tally
        WHERE hours = 1 AND facet = ANY ('{kind,failed,held}') AND begins >= $1 AND begins < $2
        AND (facet <> 'kind' OR value = 'intent')`,
      [values[0], values[3]],
    ),
  )
  for (const { begins, facet, count, refused } of moments.rows) {
    const statements = facet === 'kind'
    counting.addMoment(Math.round(Number(begins)), {
      statements: statements ? Number(count) : 0,
      refused: statements ? Number(refused) : 0,
      failed: facet === 'failed' ? Number(count) : 0,
      held: facet === 'held' ? Number(count) : 0,
    })
  }
}

/** Gives the shapes that come first a text: of a record that is there now. */
async function addTexts(
  client: PoolClient,
  trails: readonly StoredTrail[],
  counting: SummaryTally<string>,
  { from, until }: Span,
): Promise<void> {
  // Most are among the newest.
  const times = { since: new Date(from).toISOString(), until: new Date(until).toISOString() }
  for (const { line } of (await new MatchingRows(client, trails, times, 'newest').first(NEWEST_TEXTS, null)).rows) {
    const record = JSON.parse(line) as AuditRecord
    const fingerprint = fingerprintOf(record)
    if (record.kind === 'intent' && fingerprint !== null) counting.addShape(fingerprint, textOf(record), 0, 0)
  }
  const without = counting.shapes().filter(({ example }) => example === null)
  if (without.length === 0) return
  const seen = await client.query<{ fingerprint: string; last: string }>(
    `SELECT value AS fingerprint, extract(epoch FROM max(begins)) * 1000 AS last FROM gatehouse_audit.tally
      WHERE hours = 24 AND facet = 'shape' AND begins >= $1 AND begins < $2 AND value = ANY ($3::text[]) AND count > 0 GROUP BY value`,
    [new Date(from - DAY).toISOString(), new Date(until).toISOString(), without.map(({ fingerprint }) => fingerprint)],
  )
  for (const { fingerprint, last } of seen.rows) {
    const day = Math.round(Number(last))
    const found = await byContent(client, () =>
      client.query<{ line: string }>(
        'SELECT line FROM gatehouse_audit.record WHERE terms @> $1::bigint[] AND line IS NOT NULL AND time >= $2 AND time < $3 LIMIT 1',
        [
          `{${(queryTerms({ fingerprint }) ?? []).join(',')}}`,
          new Date(Math.max(day, from)).toISOString(),
          new Date(Math.min(day + DAY, until)).toISOString(),
        ],
      ),
    )
    const line = found.rows[0]?.line
    if (line !== undefined) counting.addShape(fingerprint, textOf(JSON.parse(line) as AuditRecord), 0, 0)
  }
}

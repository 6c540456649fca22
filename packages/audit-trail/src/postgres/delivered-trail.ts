import type { AuditRecord } from '@gatehouse/core'
import type { PoolClient } from 'pg'
import type { ShippedRecord, TrailIdentity } from '../shipping/destination.ts'
import { timeOf } from '../search/record-facts.ts'
import { columnsOf, fold, type Kept, type Row } from './parsed-row.ts'
import { recordTerms } from './record-terms.ts'
import { TallyChanges } from './tally.ts'

const DAY = 86_400_000
/** Characters of lines in one statement. */
const MAX_STATEMENT_UNITS = 8 * 1024 * 1024
/** Outcomes are looked for near their own time first: all days are asked only for those that are not there. */
const NEAR_MILLISECONDS = DAY

/** A row that is there already. */
interface There {
  readonly seq: number
  readonly time: number
  /** Null: the row is an outcome alone. */
  readonly line: string | null
  readonly outcome: string | null
}

/** One trail in the database, within a transaction that nobody else delivers to it in. */
export class DeliveredTrail {
  readonly #client: PoolClient
  readonly #id: number
  readonly #position: number
  readonly #newest: number
  readonly #tally = new TallyChanges()

  private constructor(client: PoolClient, id: number, position: number, newest: number) {
    this.#client = client
    this.#id = id
    this.#position = position
    this.#newest = newest
  }

  /** Waits until nobody else delivers to this trail. */
  static async lock(client: PoolClient, of: TrailIdentity): Promise<DeliveredTrail> {
    const names = [of.gateway, of.trail]
    const text =
      "SELECT id, position, CASE WHEN newest > '-infinity' THEN extract(epoch FROM newest) * 1000 END AS newest FROM gatehouse_audit.trail WHERE gateway = $1 AND trail = $2 FOR UPDATE"
    type Found = { id: number; position: string; newest: string | null }
    let found = await client.query<Found>(text, names)
    if (found.rows.length === 0) {
      await client.query(
        'INSERT INTO gatehouse_audit.trail (gateway, trail) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        names,
      )
      found = await client.query<Found>(text, names)
    }
    const [trail] = found.rows
    if (trail === undefined) throw new Error('a trail that was just entered in the database is not there')
    // Time of joins between a few rows and partitions of millions: never by reading all of them.
    await client.query('SET LOCAL enable_seqscan = off')
    return new DeliveredTrail(
      client,
      trail.id,
      Number(trail.position),
      trail.newest === null ? Number.NEGATIVE_INFINITY : Number(trail.newest),
    )
  }

  /** Keeps those that are not there yet. `days`: those known to have a partition; others are made, and put to it. */
  async keep(records: readonly ShippedRecord[], days: Set<number>): Promise<void> {
    const { own, outcomes } = fold(records)
    const seqs = records.map(({ record }) => record.seq)
    const first = seqs.reduce((least, seq) => Math.min(least, seq))
    // Beyond the position nothing can be there: the common case needs no look.
    const there = first > this.#position ? new Map<number, There>() : await this.#range(first, seqs)
    let floor = first > this.#position ? this.#newest : await this.#timeBefore(first)
    let clockBack = 0
    const rows: Row[] = []
    const early: There[] = []
    for (const kept of own) {
      const { seq } = kept.record
      const before = there.get(seq)
      const clock = timeOf(kept.record)
      floor = Math.max(floor, clock)
      clockBack = Math.max(clockBack, floor - clock)
      if (before !== undefined && before.line !== null) continue
      // Its outcome was here before it.
      if (before !== undefined) early.push(before)
      const outcome = outcomes.get(seq) ?? (before === undefined ? null : keptLine(before.outcome))
      rows.push({ seq, time: floor, own: kept, outcome })
    }
    await this.#remove(early)
    const inRows = new Set(rows.map(({ seq }) => seq))
    rows.push(...(await this.#tell([...outcomes].filter(([intent]) => !inRows.has(intent)))))
    await this.#makeDays(rows, days)
    await this.#insert(rows)
    for (const { own: kept, outcome } of rows)
      if (kept !== null) this.#tally.count(kept.record, outcome?.record ?? null, 1)
    await this.#client.query(
      "UPDATE gatehouse_audit.trail SET position = greatest(position, $2), newest = greatest(newest, $3), clock_back = greatest(clock_back, $4 * interval '1 millisecond') WHERE id = $1",
      [
        this.#id,
        seqs.reduce((most, seq) => Math.max(most, seq)),
        floor === Number.NEGATIVE_INFINITY ? '-infinity' : new Date(floor).toISOString(),
        clockBack,
      ],
    )
    await this.#tally.write(this.#client)
  }

  async #range(first: number, seqs: readonly number[]): Promise<Map<number, There>> {
    const found = await this.#client.query<FoundRow>({
      name: 'there',
      // Of a row that is whole only that it is there.
      text: `SELECT seq, extract(epoch FROM time) * 1000 AS time, CASE WHEN line IS NOT NULL THEN '' END AS line, CASE WHEN line IS NULL THEN outcome END AS outcome
        FROM gatehouse_audit.record WHERE trail = $1 AND seq BETWEEN $2 AND $3`,
      values: [this.#id, first, seqs.reduce((most, seq) => Math.max(most, seq))],
    })
    return new Map(found.rows.map((row) => [Number(row.seq), asThere(row)]))
  }

  /** The place in time of the row before; nothing of this trail may stand before it. */
  async #timeBefore(first: number): Promise<number> {
    const found = await this.#client.query<{ time: string | null }>(
      'SELECT extract(epoch FROM max(time)) * 1000 AS time FROM (SELECT time FROM gatehouse_audit.record WHERE trail = $1 AND seq < $2 AND line IS NOT NULL ORDER BY seq DESC LIMIT 1) AS before',
      [this.#id, first],
    )
    const time = found.rows[0]?.time ?? null
    return time === null ? Number.NEGATIVE_INFINITY : Number(time)
  }

  async #remove(early: readonly There[]): Promise<void> {
    for (const { seq, time } of early)
      await this.#client.query('DELETE FROM gatehouse_audit.record WHERE trail = $1 AND seq = $2 AND time = $3', [
        this.#id,
        seq,
        new Date(time).toISOString(),
      ])
  }

  /** Puts outcomes to intents that are there already. What it answers are those whose intent is not: rows of their own. */
  async #tell(outcomes: readonly (readonly [number, Kept])[]): Promise<Row[]> {
    if (outcomes.length === 0) return []
    const intents = outcomes.map(([intent]) => intent)
    const oldest = outcomes.reduce((least, [, { record }]) => Math.min(least, timeOf(record)), Number.POSITIVE_INFINITY)
    const there = await this.#find(intents, new Date(oldest - NEAR_MILLISECONDS).toISOString())
    const missing = intents.filter((intent) => !there.has(intent))
    if (missing.length > 0) for (const [seq, row] of await this.#find(missing, '-infinity')) there.set(seq, row)
    const alone: Row[] = []
    const told: Told[] = []
    for (const [intent, outcome] of outcomes) {
      const row = there.get(intent)
      if (row === undefined) alone.push({ seq: intent, time: timeOf(outcome.record), own: null, outcome })
      else if (row.line !== null && row.outcome === null)
        told.push({ row, record: JSON.parse(row.line) as AuditRecord, outcome })
    }
    await this.#update(told)
    return alone
  }

  async #find(intents: readonly number[], since: string): Promise<Map<number, There>> {
    const found = await this.#client.query<FoundRow>({
      name: 'intents',
      text: `SELECT seq, extract(epoch FROM time) * 1000 AS time, line, outcome
        FROM gatehouse_audit.record WHERE trail = $1 AND seq = ANY ($2::bigint[]) AND time >= $3`,
      values: [this.#id, intents, since],
    })
    return new Map(found.rows.map((row) => [Number(row.seq), asThere(row)]))
  }

  async #update(told: readonly Told[]): Promise<void> {
    const byDay = Map.groupBy(told, ({ row }) => Math.floor(row.time / DAY))
    for (const [day, ofDay] of byDay) {
      await this.#client.query(
        `UPDATE gatehouse_audit.record AS r
          SET outcome = u.outcome, outcome_time = u.outcome_time, outcome_seq = u.outcome_seq, terms = u.terms::bigint[]
          FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
            AS u (seq, time, outcome, outcome_time, outcome_seq, terms)
          WHERE r.trail = $1 AND r.seq = u.seq AND r.time = u.time AND r.time >= $8 AND r.time < $9`,
        [
          this.#id,
          ofDay.map(({ row }) => row.seq),
          ofDay.map(({ row }) => new Date(row.time).toISOString()),
          ofDay.map(({ outcome }) => outcome.line),
          ofDay.map(({ outcome }) => new Date(timeOf(outcome.record)).toISOString()),
          ofDay.map(({ outcome }) => outcome.record.seq),
          ofDay.map(({ record, outcome }) => `{${recordTerms(record, outcome.record).join(',')}}`),
          new Date(day * DAY).toISOString(),
          new Date((day + 1) * DAY).toISOString(),
        ],
      )
    }
    for (const { record, outcome } of told) {
      this.#tally.count(record, null, -1)
      this.#tally.count(record, outcome.record, 1)
    }
  }

  async #makeDays(rows: readonly Row[], days: Set<number>): Promise<void> {
    for (const day of new Set(rows.map(({ time }) => Math.floor(time / DAY)))) {
      if (days.has(day)) continue
      await this.#client.query('SELECT gatehouse_audit.make_day($1::date)', [
        new Date(day * DAY).toISOString().slice(0, 10),
      ])
      days.add(day)
    }
  }

  async #insert(rows: readonly Row[]): Promise<void> {
    for (const some of inStatements(rows)) {
      const columns = columnsOf(some)
      await this.#client.query({
        name: 'insert',
        text: `INSERT INTO gatehouse_audit.record (trail, time, seq, outcome_time, outcome_seq, clock, terms, statement, line, outcome)
          SELECT $1, time, seq, outcome_time, outcome_seq, clock, terms::bigint[], statement, line, outcome
          FROM unnest($2::timestamptz[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::timestamptz[], $7::text[], $8::text[], $9::text[], $10::text[])
            AS u (time, seq, outcome_time, outcome_seq, clock, terms, statement, line, outcome)`,
        values: [
          this.#id,
          columns.times,
          columns.seqs,
          columns.outcomeTimes,
          columns.outcomeSeqs,
          columns.clocks,
          columns.terms,
          columns.statements,
          columns.lines,
          columns.outcomes,
        ],
      })
    }
  }
}

/** An outcome, and the intent that it is put to. */
interface Told {
  readonly row: There
  readonly record: AuditRecord
  readonly outcome: Kept
}

interface FoundRow {
  readonly seq: string
  readonly time: string
  readonly line: string | null
  readonly outcome: string | null
}

function asThere({ seq, time, line, outcome }: FoundRow): There {
  return { seq: Number(seq), time: Number(time), line, outcome }
}

function keptLine(line: string | null): Kept | null {
  return line === null ? null : { line, record: JSON.parse(line) as AuditRecord }
}

/** Rows in runs that one statement takes. */
function* inStatements(rows: readonly Row[]): Generator<readonly Row[]> {
  let begin = 0
  let units = 0
  for (const [index, { own, outcome }] of rows.entries()) {
    const more = (own?.line.length ?? 0) + (outcome?.line.length ?? 0)
    if (index > begin && units + more > MAX_STATEMENT_UNITS) {
      yield rows.slice(begin, index)
      begin = index
      units = 0
    }
    units += more
  }
  if (begin < rows.length) yield rows.slice(begin)
}

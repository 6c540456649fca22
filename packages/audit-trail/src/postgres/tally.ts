import type { AuditRecord } from '@gatehouse/core'
import type { PoolClient } from 'pg'
import { fingerprintOf, isHeld, timeOf } from '../search/record-facts.ts'
import { eachFacetValue } from '../search/summary-tally.ts'

const HOUR = 3_600_000
/** Values are cut to as much here: a key of an index holds 2,704 bytes. */
const MAX_VALUE_UNITS = 300

/** How counts change: by stretch, facet and value. */
export class TallyChanges {
  readonly #counts = new Map<string, Count>()

  /** Counts a record `by` times: -1 takes it back, as it was with this outcome. */
  count(record: AuditRecord, outcome: AuditRecord | null, by: 1 | -1): void {
    const time = timeOf(record)
    const refused = record.decision?.effect === 'deny' ? by : 0
    const hour = Math.floor(time / HOUR) * HOUR
    const day = Math.floor(time / (24 * HOUR)) * 24 * HOUR
    for (const [facet, value, other] of tallied(record, outcome)) {
      this.#add(1, hour, facet, value, other, by, refused)
      this.#add(24, day, facet, value, other, by, refused)
    }
  }

  #add(hours: 1 | 24, begins: number, facet: string, value: string, other: string, by: number, refused: number): void {
    const key = `${hours} ${begins} ${facet} ${value.length} ${value}${other}`
    const before = this.#counts.get(key)
    if (before === undefined) this.#counts.set(key, { hours, begins, facet, value, other, count: by, refused })
    else {
      before.count += by
      before.refused += refused
    }
  }

  /** Writes them. The last statement of a transaction: other trails wait for these rows. In one order, or two would wait for each other. */
  async write(client: PoolClient): Promise<void> {
    const changed = [...this.#counts.values()].filter(({ count, refused }) => count !== 0 || refused !== 0)
    if (changed.length === 0) return
    await client.query({
      name: 'tally',
      text: `INSERT INTO gatehouse_audit.tally AS t (begins, hours, facet, value, other, count, refused)
        SELECT * FROM unnest($1::timestamptz[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[])
          AS u (begins, hours, facet, value, other, count, refused)
        ORDER BY hours, facet, begins, value, other
        ON CONFLICT (hours, facet, begins, value, other)
        DO UPDATE SET count = t.count + excluded.count, refused = t.refused + excluded.refused`,
      values: [
        changed.map(({ begins }) => new Date(begins).toISOString()),
        changed.map(({ hours }) => hours),
        changed.map(({ facet }) => facet),
        changed.map(({ value }) => value),
        changed.map(({ other }) => other),
        changed.map(({ count }) => count),
        changed.map(({ refused }) => refused),
      ],
    })
  }
}

interface Count {
  readonly hours: 1 | 24
  readonly begins: number
  readonly facet: string
  readonly value: string
  readonly other: string
  count: number
  refused: number
}

/** Under what a record is counted, each once: facet, value, and of `maskedBySubject` the column beside the subject. */
function tallied(record: AuditRecord, outcome: AuditRecord | null): readonly (readonly [string, string, string])[] {
  const { principal, kind, masked } = record
  const found: [string, string, string][] = []
  const add = (facet: string, value: string | null | undefined, other = ''): void => {
    if (typeof value === 'string') found.push([facet, storable(value), storable(other)])
  }
  eachFacetValue({ record, outcome }, add)
  if (kind !== 'intent') return found
  // An intent that is refused and has an outcome all the same counts in both.
  if ((outcome?.outcome?.error ?? null) !== null) add('failed', '')
  if (isHeld(record) === true) add('held', '')
  add('shape', fingerprintOf(record))
  for (const column of new Set(masked)) add('maskedBySubject', principal?.subject, column)
  return found
}

function storable(value: string): string {
  const cut = value.length > MAX_VALUE_UNITS ? `${value.slice(0, MAX_VALUE_UNITS)}…` : value
  return cut.replaceAll('\u0000', '\ufffd').toWellFormed()
}

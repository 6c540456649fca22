import { columnKey } from './columns.ts'
import { type Finding, SampleTally } from './sample-tally.ts'
import {
  LOCKED,
  type ReadableColumn,
  type SampledRows,
  type Sampler,
  type TargetTable,
  TOO_SLOW,
} from './target-contents.ts'

/** Finds what detectors know in one value. */
export type FindInValue = (value: Buffer) => readonly Finding[]

/** Columns read by one query: with the most rows, what is held at a time stays below 130 MB. */
const COLUMNS_PER_QUERY = 16
/** What came of sampling. */
export interface Samples {
  /** By `columnKey`; a column that could not be sampled has none. */
  readonly tallies: ReadonlyMap<string, SampleTally>
  readonly sampledTables: number
  readonly notSampled: readonly { readonly relation: string; readonly why: string }[]
}

/**
 * Looks at up to `rows` rows of each table, from all over it, read-only, a short transaction at a time. No value is kept: each is counted and
 * forgotten, and what the server says in an error goes nowhere but for its SQLSTATE. Rejects with `UpstreamUnavailable` only
 * when the connection is lost.
 */
export async function sampleTables(
  sampler: Sampler,
  tables: readonly TargetTable[],
  rows: number,
  find: FindInValue,
): Promise<Samples> {
  const tallies = new Map<string, SampleTally>()
  const notSampled: { relation: string; why: string }[] = []
  let sampledTables = 0
  for (const table of tables) {
    const columns = table.columns.filter(({ type, masked }) => masked === null && type.holdsText)
    const readable = columns.filter((column) => column.readable)
    const failures = new Set<string>()
    if (readable.length < columns.length) failures.add('permission denied for some of its columns')
    if (columns.length > 0 && readable.length === 0) {
      failures.clear()
      failures.add('permission denied')
    }
    let seen = false
    for (let at = 0; at < readable.length; at += COLUMNS_PER_QUERY) {
      const batch = readable.slice(at, at + COLUMNS_PER_QUERY)
      for (const [part, outcome] of await sampleBatch(sampler, table, batch, rows)) {
        if (typeof outcome === 'string') {
          failures.add(part.length === 1 && readable.length > 1 ? `some of its columns: ${outcome}` : outcome)
          continue
        }
        seen = true
        count(part, outcome, tallies, find)
      }
    }
    if (seen) sampledTables++
    if (failures.size > 0)
      notSampled.push({ relation: `${table.schema}.${table.name}`, why: [...failures].toSorted().join('; ') })
  }
  return { tallies, sampledTables, notSampled }
}

/** The rows of a batch of columns, or why there are none; where the batch fails as a whole, column by column. */
async function sampleBatch(
  sampler: Sampler,
  table: TargetTable,
  batch: readonly ReadableColumn[],
  rows: number,
): Promise<readonly (readonly [readonly ReadableColumn[], SampledRows | string])[]> {
  const outcome = await sampler.sample(table, batch, rows)
  // One column may spoil the rest: a computed one that fails. What is slow or forbidden is so for each of them.
  if (typeof outcome !== 'string' || batch.length === 1 || outcome === TOO_SLOW || outcome === LOCKED)
    return [[batch, outcome]]
  const alone: (readonly [readonly ReadableColumn[], SampledRows | string])[] = []
  for (const column of batch) alone.push([[column], await sampler.sample(table, [column], rows)])
  return alone
}

function count(
  columns: readonly ReadableColumn[],
  rows: SampledRows,
  tallies: Map<string, SampleTally>,
  find: FindInValue,
): void {
  columns.forEach((column, index) => {
    const tally = new SampleTally()
    for (const row of rows) {
      const cell = row[index]
      if (cell === null || cell === undefined) continue
      const value = Buffer.from(cell.trim())
      if (value.length > 0) tally.add(value.length, find(value))
    }
    tallies.set(columnKey(column.name), tally)
  })
}

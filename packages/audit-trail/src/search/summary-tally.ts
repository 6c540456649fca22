import { codeOf, fingerprintOf, isHeld, rulesOf, statementOutcome } from './record-facts.ts'
import type { Counted, CountedShape, Facet, FoundRecord, TimeBucket, TrailSummary } from './trail-index.ts'

const MAX_VALUES = 20
const MAX_SHAPES = 20
const MAX_MASKED = 100
const MAX_BUCKETS = 120

/** Different values of one thing that are kept in memory. */
const MAX_KEPT = 200_000

/** Lengths of buckets, in seconds, that people think in; longer ones are doubled. */
const BUCKET_SECONDS = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800]

const FACETS = {
  subject: ({ record }) => known(record.principal?.subject),
  actor: ({ record }) => known(record.principal?.actor),
  target: ({ record }) => known(record.target),
  kind: ({ record }) => [record.kind],
  action: ({ record }) => record.actions ?? [],
  relation: ({ record }) => record.relations ?? [],
  masked: ({ record }) => record.masked ?? [],
  rule: ({ record }) => rulesOf(record),
  outcome: ({ record, outcome }) => known(statementOutcome(record, outcome)),
  code: ({ record, outcome }) => known(codeOf(record, outcome)),
} as const satisfies Readonly<Record<Facet, (found: FoundRecord) => readonly string[]>>

interface ShapeCount<Example> {
  count: number
  refused: number
  readonly example: Example
}

type Counts = { -readonly [Member in 'statements' | 'refused' | 'failed' | 'held']: number }

/** Counts records, newest first. `Example`: what leads to the text of a shape. */
export class SummaryTally<Example> {
  #statements = 0
  #countedFrom: string | null = null
  readonly #values = new Map(keysOf(FACETS).map((facet) => [facet, new Map<string, number>()]))
  readonly #seconds = new Map<number, Counts>()
  readonly #shapes = new Map<string, ShapeCount<Example>>()
  readonly #masked = new Map<string, { subject: string; column: string; count: number }>()
  #kept = 0

  /** No more can be counted in bounded memory. */
  get full(): boolean {
    return this.#kept >= MAX_KEPT
  }

  /** Counts one record. `example` leads to it. */
  add(found: FoundRecord, example: Example): void {
    const { record, outcome } = found
    this.#countedFrom = record.time
    for (const [facet, counts] of this.#values)
      for (const value of new Set<string>(FACETS[facet](found))) this.#count(counts, value)
    const became = statementOutcome(record, outcome)
    if (became === null) return
    this.#statements++
    this.#addTime(record.time, became === 'refused', became === 'failed', isHeld(record) === true)
    const fingerprint = fingerprintOf(record)
    if (fingerprint !== null) {
      let shape = this.#shapes.get(fingerprint)
      if (shape === undefined) this.#shapes.set(fingerprint, (shape = { count: 0, refused: 0, example }))
      shape.count++
      if (became === 'refused') shape.refused++
    }
    const subject = record.principal?.subject
    if (subject !== undefined) for (const column of new Set(record.masked)) this.#addMasked(subject, column)
  }

  /** All but the shapes, and whether all was counted. */
  summary(): Omit<TrailSummary, 'complete' | 'shapes'> {
    const { overTime, bucketSeconds } = this.#overTime()
    return {
      statements: this.#statements,
      countedFrom: this.#countedFrom,
      facets: Object.fromEntries(
        [...this.#values].map(([facet, counts]) => [facet, mostFrequent(counts)]),
      ) as unknown as TrailSummary['facets'],
      overTime,
      bucketSeconds,
      maskedBySubject: [...this.#masked.values()]
        .sort(
          (one, other) =>
            other.count - one.count || compare(one.subject, other.subject) || compare(one.column, other.column),
        )
        .slice(0, MAX_MASKED),
    }
  }

  /** The shapes that came most, each with what leads to one of them. */
  shapes(): readonly (Omit<CountedShape, 'text'> & { readonly example: Example })[] {
    return [...this.#shapes]
      .map(([fingerprint, shape]) => ({ fingerprint, ...shape }))
      .sort((one, other) => other.count - one.count || compare(one.fingerprint, other.fingerprint))
      .slice(0, MAX_SHAPES)
  }

  #count(counts: Map<string, number>, value: string): void {
    const before = counts.get(value)
    if (before === undefined) this.#kept++
    counts.set(value, (before ?? 0) + 1)
  }

  #addTime(time: string, refused: boolean, failed: boolean, held: boolean): void {
    const second = Math.floor(Date.parse(time) / 1_000)
    if (Number.isNaN(second)) return
    let counts = this.#seconds.get(second)
    if (counts === undefined) this.#seconds.set(second, (counts = { statements: 0, refused: 0, failed: 0, held: 0 }))
    counts.statements++
    if (refused) counts.refused++
    if (failed) counts.failed++
    if (held) counts.held++
  }

  #addMasked(subject: string, column: string): void {
    const key = JSON.stringify([subject, column])
    const counted = this.#masked.get(key)
    if (counted !== undefined) counted.count++
    else {
      this.#kept++
      this.#masked.set(key, { subject, column, count: 1 })
    }
  }

  #overTime(): Pick<TrailSummary, 'overTime' | 'bucketSeconds'> {
    const seconds = [...this.#seconds.keys()].sort((one, other) => one - other)
    const [first = 0] = seconds
    const last = seconds.at(-1)
    if (last === undefined) return { overTime: [], bucketSeconds: 1 }
    const bucketSeconds = bucketLength(first, last)
    const begin = Math.floor(first / bucketSeconds)
    const buckets: (Pick<TimeBucket, 'from'> & Counts)[] = Array.from(
      { length: Math.floor(last / bucketSeconds) - begin + 1 },
      (_, at) => ({
        from: new Date((begin + at) * bucketSeconds * 1_000).toISOString(),
        statements: 0,
        refused: 0,
        failed: 0,
        held: 0,
      }),
    )
    for (const [second, counts] of this.#seconds) {
      const bucket = buckets[Math.floor(second / bucketSeconds) - begin]
      if (bucket === undefined) continue
      bucket.statements += counts.statements
      bucket.refused += counts.refused
      bucket.failed += counts.failed
      bucket.held += counts.held
    }
    return { overTime: buckets, bucketSeconds }
  }
}

/** The shortest buckets that are few enough from the first second to the last. */
function bucketLength(first: number, last: number): number {
  const enough = (seconds: number): boolean => Math.floor(last / seconds) - Math.floor(first / seconds) < MAX_BUCKETS
  let longest = 1
  for (const seconds of BUCKET_SECONDS) {
    if (enough(seconds)) return seconds
    longest = seconds
  }
  while (!enough(longest)) longest *= 2
  return longest
}

function mostFrequent(counts: ReadonlyMap<string, number>): readonly Counted[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || compare(one.value, other.value))
    .slice(0, MAX_VALUES)
}

function known(value: string | null | undefined): readonly string[] {
  return value === undefined || value === null ? [] : [value]
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

function keysOf<Key extends string>(of: Readonly<Record<Key, unknown>>): readonly Key[] {
  return Object.keys(of) as Key[]
}

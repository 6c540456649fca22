import { codeOf, fingerprintOf, isHeld, rulesOf, statementOutcome, timeOf } from './record-facts.ts'
import {
  type Counted,
  type CountedShape,
  type Facet,
  FACETS,
  type FoundRecord,
  type TimeBucket,
  type TrailSummary,
} from './trail-index.ts'

/** Values of each facet that a summary names, and shapes. */
const MOST_VALUES = 20
const MOST_MASKED = 100
const MOST_BUCKETS = 120

/** Different values of one thing that are kept in memory. */
const MOST_KEPT = 200_000

/** How long a stretch of `overTime` may be, in seconds; then whole weeks. */
const BUCKET_SECONDS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800]
const WEEK_SECONDS = 604_800

/** A record that is counted, with its outcome where it is an intent that has one. */
type Told = Pick<FoundRecord, 'record' | 'outcome'>

const VALUES: Readonly<Record<Facet, (told: Told) => readonly (string | null | undefined)[]>> = {
  subject: ({ record }) => [record.principal?.subject],
  actor: ({ record }) => [record.principal?.actor],
  target: ({ record }) => [record.target],
  kind: ({ record }) => [record.kind],
  action: ({ record }) => record.actions ?? [],
  relation: ({ record }) => record.relations ?? [],
  masked: ({ record }) => record.masked ?? [],
  rule: ({ record }) => rulesOf(record),
  outcome: ({ record, outcome }) => [statementOutcome(record, outcome)],
  code: ({ record, outcome }) => [codeOf(record, outcome)],
}

/** Gives each value that a record has of each facet to `take`, once. */
export function eachFacetValue(told: Told, take: (facet: Facet, value: string) => void): void {
  for (const facet of FACETS)
    for (const value of new Set(VALUES[facet](told))) if (typeof value === 'string') take(facet, value)
}

/** What is counted at one time. */
export type Moment = Omit<TimeBucket, 'from'>

const NOTHING: Moment = { statements: 0, refused: 0, failed: 0, held: 0 }

function sumOf(one: Moment, other: Moment): Moment {
  return {
    statements: one.statements + other.statements,
    refused: one.refused + other.refused,
    failed: one.failed + other.failed,
    held: one.held + other.held,
  }
}

interface Shape<Example> {
  count: number
  refused: number
  example: Example | null
}

/** Counts records, and takes over what was counted before. `Example`: what leads to the text of a shape. */
export class SummaryTally<Example> {
  readonly #facets = new Map<string, Map<string, number>>(FACETS.map((facet) => [facet, new Map<string, number>()]))
  readonly #shapes = new Map<string, Shape<Example>>()
  readonly #masked = new Map<string, Map<string, number>>()
  /** By second. */
  readonly #moments = new Map<number, Moment>()
  /** Milliseconds of the oldest record that was counted. */
  #oldest = Number.POSITIVE_INFINITY
  #kept = 0
  readonly #addOne = (facet: Facet, value: string): void => this.addValue(facet, value, 1)

  /** No more can be counted in bounded memory. */
  get full(): boolean {
    return this.#kept >= MOST_KEPT
  }

  /** Counts one record. `example` leads to its text. */
  add(told: Told, example: Example | null): void {
    const { record, outcome } = told
    const time = timeOf(record)
    this.#oldest = Math.min(this.#oldest, time)
    eachFacetValue(told, this.#addOne)
    if (record.kind !== 'intent') return
    const refused = record.decision?.effect === 'deny' ? 1 : 0
    const failed = (outcome?.outcome?.error ?? null) === null ? 0 : 1
    this.addMoment(time, { statements: 1, refused, failed, held: isHeld(record) === true ? 1 : 0 })
    const fingerprint = fingerprintOf(record)
    if (fingerprint !== null) this.addShape(fingerprint, example, 1, refused)
    const subject = record.principal?.subject
    if (typeof subject === 'string') for (const column of new Set(record.masked)) this.addMasked(subject, column, 1)
  }

  /** A value of a facet, so many times. What is no facet is passed over. */
  addValue(facet: string, value: string, count: number): void {
    const counts = this.#facets.get(facet)
    if (counts !== undefined) this.#count(counts, value, count)
  }

  addMasked(subject: string, column: string, count: number): void {
    let columns = this.#masked.get(subject)
    if (columns === undefined) this.#masked.set(subject, (columns = new Map()))
    this.#count(columns, column, count)
  }

  /** A shape, so many times; the first example stays. */
  addShape(fingerprint: string, example: Example | null, count: number, refused: number): void {
    const before = this.#shapes.get(fingerprint)
    if (before === undefined) this.#shapes.set(fingerprint, { count, refused, example })
    else {
      before.count += count
      before.refused += refused
      before.example ??= example
    }
  }

  /** `milliseconds`: all that is counted with it happened no earlier. */
  addMoment(milliseconds: number, moment: Moment): void {
    const second = Math.floor(milliseconds / 1_000)
    this.#moments.set(second, sumOf(this.#moments.get(second) ?? NOTHING, moment))
  }

  /** The shapes that come most, each with what leads to one of them; null: nothing does. */
  shapes(): readonly (Omit<CountedShape, 'text'> & { readonly example: Example | null })[] {
    return (
      [...this.#shapes]
        .map(([fingerprint, shape]) => ({ fingerprint, ...shape }))
        // Of one that was counted nowhere only an example is known.
        .filter(({ count }) => count > 0)
        .toSorted((one, other) => other.count - one.count || compare(one.fingerprint, other.fingerprint))
        .slice(0, MOST_VALUES)
    )
  }

  /** All but the shapes, and whether all was counted. `leastSeconds`: in what stretches time was counted before. */
  summary(leastSeconds = 1): Omit<TrailSummary, 'complete' | 'shapes'> {
    const masked = [...this.#masked].flatMap(([subject, columns]) =>
      [...columns].map(([column, count]) => ({ subject, column, count })),
    )
    return {
      statements: [...this.#moments.values()].reduce((sum, { statements }) => sum + statements, 0),
      countedFrom: this.#oldest === Number.POSITIVE_INFINITY ? null : new Date(this.#oldest).toISOString(),
      facets: Object.fromEntries(
        FACETS.map((facet) => [facet, mostFrequent(this.#facets.get(facet) ?? new Map<string, number>())]),
      ) as TrailSummary['facets'],
      ...this.#overTime(leastSeconds),
      maskedBySubject: masked
        .toSorted(
          (one, other) =>
            other.count - one.count || compare(one.subject, other.subject) || compare(one.column, other.column),
        )
        .slice(0, MOST_MASKED),
    }
  }

  #count(counts: Map<string, number>, value: string, count: number): void {
    const before = counts.get(value)
    if (before === undefined) this.#kept++
    counts.set(value, (before ?? 0) + count)
  }

  #overTime(leastSeconds: number): Pick<TrailSummary, 'overTime' | 'bucketSeconds'> {
    let first = Number.POSITIVE_INFINITY
    let last = Number.NEGATIVE_INFINITY
    for (const second of this.#moments.keys()) {
      first = Math.min(first, second)
      last = Math.max(last, second)
    }
    if (this.#moments.size === 0) return { overTime: [], bucketSeconds: leastSeconds }
    const bucketSeconds = bucketLength(first, last, leastSeconds)
    const begin = Math.floor(first / bucketSeconds)
    const sums = new Map<number, Moment>()
    for (const [second, moment] of this.#moments) {
      const at = Math.floor(second / bucketSeconds) - begin
      sums.set(at, sumOf(sums.get(at) ?? NOTHING, moment))
    }
    const overTime = Array.from({ length: Math.floor(last / bucketSeconds) - begin + 1 }, (_, at) => ({
      from: new Date((begin + at) * bucketSeconds * 1_000).toISOString(),
      ...(sums.get(at) ?? NOTHING),
    }))
    return { overTime, bucketSeconds }
  }
}

/** The shortest buckets that are few enough from the first second to the last. */
function bucketLength(first: number, last: number, leastSeconds: number): number {
  const fits = (seconds: number): boolean => Math.floor(last / seconds) - Math.floor(first / seconds) < MOST_BUCKETS
  const usual = BUCKET_SECONDS.find((seconds) => seconds >= leastSeconds && fits(seconds))
  if (usual !== undefined) return usual
  let weeks = 1
  while (!fits(weeks * WEEK_SECONDS)) weeks *= 2
  return weeks * WEEK_SECONDS
}

function mostFrequent(counts: ReadonlyMap<string, number>): readonly Counted[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((one, other) => other.count - one.count || compare(one.value, other.value))
    .slice(0, MOST_VALUES)
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

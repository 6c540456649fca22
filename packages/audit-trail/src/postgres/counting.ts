import type { AuditRecord } from '@gatehouse/core'
import type { Counted, Facet, TimeBucket, TrailSummary } from '../search/trail-index.ts'
import { codeOf, fingerprintOf, isHeld, rulesOf, statementOutcome, textOf } from '../search/record-facts.ts'
import { timeOf } from './parsed-row.ts'

/** Values of each facet that a summary names. */
export const MOST_VALUES = 20
const MOST_MASKED = 100
const MOST_BUCKETS = 120
/** How long a stretch of `overTime` may be, in seconds; then whole weeks. */
const BUCKET_SECONDS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 172_800]
const WEEK_SECONDS = 604_800

const FACETS: readonly Facet[] = [
  'subject',
  'actor',
  'target',
  'kind',
  'action',
  'relation',
  'masked',
  'rule',
  'outcome',
  'code',
]

/** What is counted at one time. */
export type Moment = Omit<TimeBucket, 'from'>

/** Counts records, and takes over what was counted before. */
export class Counting {
  readonly #facets = new Map<string, Map<string, number>>()
  readonly #shapes = new Map<string, { text: string | null; count: number; refused: number }>()
  readonly #masked = new Map<string, Map<string, number>>()
  readonly #moments = new Map<number, Moment>()
  /** Milliseconds of the oldest and of the newest record counted. */
  #oldest = Number.POSITIVE_INFINITY

  add(record: AuditRecord, outcome: AuditRecord | null): void {
    const { principal, target, kind, actions, relations, masked } = record
    const time = timeOf(record)
    this.#oldest = Math.min(this.#oldest, time)
    const facet = (name: Facet, values: Iterable<string | null | undefined>): void => {
      for (const value of new Set(values)) if (typeof value === 'string') this.addValue(name, value, 1)
    }
    facet('subject', [principal?.subject])
    facet('actor', [principal?.actor])
    facet('target', [target])
    facet('kind', [kind])
    facet('action', actions ?? [])
    facet('relation', relations ?? [])
    facet('masked', masked ?? [])
    facet('rule', rulesOf(record))
    facet('outcome', [statementOutcome(record, outcome)])
    facet('code', [codeOf(record, outcome)])
    if (kind !== 'intent') return
    const refused = record.decision?.effect === 'deny' ? 1 : 0
    const failed = (outcome?.outcome?.error ?? null) === null ? 0 : 1
    this.addMoment(time, { statements: 1, refused, failed, held: isHeld(record) === true ? 1 : 0 })
    const fingerprint = fingerprintOf(record)
    if (fingerprint !== null) this.addShape(fingerprint, textOf(record), 1, refused)
    if (typeof principal?.subject === 'string')
      for (const column of new Set(masked)) this.addMasked(principal.subject, column, 1)
  }

  addValue(facet: string, value: string, count: number): void {
    add(inner(this.#facets, facet), value, count)
  }

  addMasked(subject: string, column: string, count: number): void {
    add(inner(this.#masked, subject), column, count)
  }

  addShape(fingerprint: string, text: string | null, count: number, refused: number): void {
    const before = this.#shapes.get(fingerprint)
    this.#shapes.set(fingerprint, {
      text: before?.text ?? text,
      count: (before?.count ?? 0) + count,
      refused: (before?.refused ?? 0) + refused,
    })
  }

  /** `time` in milliseconds: all that is counted with it happened no earlier. */
  addMoment(time: number, { statements, refused, failed, held }: Moment): void {
    const before = this.#moments.get(time) ?? { statements: 0, refused: 0, failed: 0, held: 0 }
    this.#moments.set(time, {
      statements: before.statements + statements,
      refused: before.refused + refused,
      failed: before.failed + failed,
      held: before.held + held,
    })
  }

  /** The shapes that come first, and their texts where one is known. */
  topShapes(): readonly { readonly fingerprint: string; text: string | null; count: number; refused: number }[] {
    return (
      [...this.#shapes]
        .map(([fingerprint, shape]) => ({ fingerprint, ...shape }))
        // Of one that was counted nowhere only a text is known.
        .filter(({ count }) => count > 0)
        .toSorted((one, other) => other.count - one.count || compare(one.fingerprint, other.fingerprint))
        .slice(0, MOST_VALUES)
    )
  }

  /** `leastBucketSeconds`: in what stretches time was counted before. */
  summary(complete: boolean, countedFrom: number | null, leastBucketSeconds: number): TrailSummary {
    const from = countedFrom ?? (this.#oldest === Number.POSITIVE_INFINITY ? null : this.#oldest)
    const facet = (name: Facet): readonly Counted[] => top(this.#facets.get(name) ?? new Map<string, number>())
    const facets = Object.fromEntries(FACETS.map((name) => [name, facet(name)])) as TrailSummary['facets']
    const masked = [...this.#masked].flatMap(([subject, columns]) =>
      [...columns].map(([column, count]) => ({ subject, column, count })),
    )
    return {
      statements: [...this.#moments.values()].reduce((sum, { statements }) => sum + statements, 0),
      complete,
      countedFrom: from === null ? null : new Date(from).toISOString(),
      facets,
      ...this.#overTime(leastBucketSeconds),
      shapes: this.topShapes().map(({ text, ...shape }) => ({ ...shape, text: text ?? '' })),
      maskedBySubject: masked
        .toSorted(
          (one, other) =>
            other.count - one.count || compare(one.subject, other.subject) || compare(one.column, other.column),
        )
        .slice(0, MOST_MASKED),
    }
  }

  #overTime(leastSeconds: number): Pick<TrailSummary, 'overTime' | 'bucketSeconds'> {
    const times = [...this.#moments.keys()]
    const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)
    const last = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY)
    if (times.length === 0) return { overTime: [], bucketSeconds: leastSeconds }
    const bucketSeconds = bucketLength(first, last, leastSeconds)
    const step = bucketSeconds * 1_000
    const begin = Math.floor(first / step)
    const sums = new Map<number, Moment>()
    for (const [time, moment] of this.#moments) {
      const at = Math.floor(time / step) - begin
      const before = sums.get(at) ?? { statements: 0, refused: 0, failed: 0, held: 0 }
      sums.set(at, {
        statements: before.statements + moment.statements,
        refused: before.refused + moment.refused,
        failed: before.failed + moment.failed,
        held: before.held + moment.held,
      })
    }
    const overTime = Array.from({ length: Math.floor(last / step) - begin + 1 }, (_, at) => ({
      from: new Date((begin + at) * step).toISOString(),
      ...(sums.get(at) ?? { statements: 0, refused: 0, failed: 0, held: 0 }),
    }))
    return { overTime, bucketSeconds }
  }
}

/** The shortest with which there are not too many. */
function bucketLength(first: number, last: number, leastSeconds: number): number {
  const fits = (seconds: number): boolean =>
    Math.floor(last / 1_000 / seconds) - Math.floor(first / 1_000 / seconds) < MOST_BUCKETS
  const usual = BUCKET_SECONDS.find((seconds) => seconds >= leastSeconds && fits(seconds))
  if (usual !== undefined) return usual
  let weeks = 1
  while (!fits(weeks * WEEK_SECONDS)) weeks *= 2
  return weeks * WEEK_SECONDS
}

function top(counts: ReadonlyMap<string, number>): readonly Counted[] {
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((one, other) => other.count - one.count || compare(one.value, other.value))
    .slice(0, MOST_VALUES)
}

function inner(outer: Map<string, Map<string, number>>, key: string): Map<string, number> {
  const found = outer.get(key) ?? new Map<string, number>()
  outer.set(key, found)
  return found
}

function add(counts: Map<string, number>, value: string, count: number): void {
  counts.set(value, (counts.get(value) ?? 0) + count)
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one === other ? 0 : 1
}

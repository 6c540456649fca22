import type { TrailIndex } from '@gatehouse/audit-trail'
import type { KnownValues, TypicalSearch } from './searches.ts'

/** Records on a page. */
const PAGE = 100
/** A deep page is this one. */
const DEEP = 20
const WARM_UP = 3

/** How long one search took, in milliseconds, and what it found. */
export interface TimedSearch {
  readonly name: string
  readonly p50: number
  readonly p95: number
  readonly most: number
  /** Of the last run: records on the page, or statements counted. */
  readonly found: number
  /** Of numbers: not only the newest were counted. Null: a page. */
  readonly complete: boolean | null
}

/** Makes a search so many times, one after the other. Of a deep page only the last step counts. */
export async function timeSearch(index: TrailIndex, search: TypicalSearch, runs: number): Promise<TimedSearch> {
  const taken: number[] = []
  let found = 0
  let complete: boolean | null = null
  for (let run = -WARM_UP; run < runs; run++) {
    const query = search.query(run + WARM_UP)
    let cursor: string | null = null
    if (search.asks === 'deep page')
      for (let page = 1; page < DEEP; page++) {
        const before: string | null = (await index.search(query, { limit: PAGE, order: search.order, cursor })).next
        if (before === null) break
        cursor = before
      }
    const begun = performance.now()
    if (search.asks === 'numbers') {
      const summary = await index.summarize(query)
      found = summary.statements
      complete = summary.complete
    } else found = (await index.search(query, { limit: PAGE, order: search.order, cursor })).records.length
    if (run >= 0) taken.push(performance.now() - begun)
  }
  taken.sort((one, other) => one - other)
  const at = (share: number): number => taken[Math.min(taken.length - 1, Math.ceil(share * taken.length) - 1)] ?? 0
  return { name: search.name, p50: at(0.5), p95: at(0.95), most: at(1), found, complete }
}

/** Values to search for, from pages all over the trail. */
export async function knownValues(index: TrailIndex, times: readonly string[]): Promise<KnownValues> {
  const sessions = new Set<string>()
  const relations = new Set<string>()
  const masked = new Set<string>()
  const literals = new Set<string>()
  const fingerprints = new Map<string, number>()
  for (const since of times) {
    const { records } = await index.search({ kind: 'intent', since }, { limit: 1_000, order: 'oldest', cursor: null })
    for (const { record } of records) {
      if (record.session !== undefined) sessions.add(record.session)
      for (const relation of record.relations ?? []) relations.add(relation)
      for (const column of record.masked ?? []) masked.add(column)
      if (record.statement === undefined || !('text' in record.statement)) continue
      const { fingerprint, text } = record.statement
      if (fingerprint !== null) fingerprints.set(fingerprint, (fingerprints.get(fingerprint) ?? 0) + 1)
      const literal = /_\w+ = \d{5,}$/.exec(text)?.[0]
      if (literal !== undefined) literals.add(literal)
    }
  }
  const byCount = [...fingerprints].toSorted(([, one], [, other]) => other - one).map(([fingerprint]) => fingerprint)
  return {
    sessions: [...sessions],
    relations: [...relations],
    masked: [...masked],
    texts: [...literals],
    fingerprints: byCount.slice(0, 20),
    rareFingerprints: byCount.slice(-200),
  }
}

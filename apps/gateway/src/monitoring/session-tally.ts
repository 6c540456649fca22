import type { EngineName, LoginKind } from '@gatehouse/core'
import { COARSE_BUCKETS, DurationTally, type Labels, type Sample } from '@gatehouse/monitoring'

/** What became of what was held. */
export type HoldEnd = 'approved' | 'refused' | 'timeout' | 'voided'

/** Counts by a few labels, none of which a client chooses. */
class LabelledCounts {
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>()

  add(labels: Labels): void {
    const key = Object.values(labels).join(' ')
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { labels, count: 1 })
    else known.count++
  }

  *samples(): Iterable<Sample> {
    for (const { labels, count } of this.#counts.values()) yield [labels, count]
  }
}

/** Counts connections, logins, sessions and holds of a gateway: what happens seldom beside statements. */
export class SessionTally {
  readonly #open: Record<EngineName, number> = { postgres: 0, mysql: 0 }
  readonly #accepted: Record<EngineName, number> = { postgres: 0, mysql: 0 }
  readonly #sessions: Record<EngineName, number> = { postgres: 0, mysql: 0 }
  readonly #refused = new LabelledCounts()
  readonly #logins = new LabelledCounts()
  readonly #ended = new LabelledCounts()
  readonly #holds = new Map<HoldEnd, DurationTally>()

  connectionOpened(engine: EngineName): void {
    this.#accepted[engine]++
    this.#open[engine]++
  }

  connectionClosed(engine: EngineName): void {
    this.#open[engine]--
  }

  /** `reason`: a fixed word. */
  connectionRefused(engine: EngineName, reason: string): void {
    this.#refused.add({ engine, reason })
  }

  /** `code`: of the farewell. `way`: null where it is not known by what the client wanted to log in. */
  loginRefused(engine: EngineName, way: LoginKind | null, code: string): void {
    this.#logins.add({ engine, way: way ?? 'unknown', outcome: code })
  }

  sessionBegan(engine: EngineName, way: LoginKind): void {
    this.#logins.add({ engine, way, outcome: 'ok' })
    this.#sessions[engine]++
  }

  /** `reason`: as in the record `session_end`. */
  sessionEnded(engine: EngineName, reason: string): void {
    this.#ended.add({ engine, reason })
    this.#sessions[engine]--
  }

  /** One that an earlier process had, and that its crash has ended. */
  sessionCut(engine: EngineName): void {
    this.#ended.add({ engine, reason: 'crashed' })
  }

  held(end: HoldEnd, milliseconds: number): void {
    let tally = this.#holds.get(end)
    if (tally === undefined) this.#holds.set(end, (tally = new DurationTally(COARSE_BUCKETS)))
    tally.add(milliseconds / 1000)
  }

  accepted(): readonly Sample[] {
    return byEngine(this.#accepted)
  }

  open(): readonly Sample[] {
    return byEngine(this.#open)
  }

  sessions(): readonly Sample[] {
    return byEngine(this.#sessions)
  }

  refused(): Iterable<Sample> {
    return this.#refused.samples()
  }

  logins(): Iterable<Sample> {
    return this.#logins.samples()
  }

  ended(): Iterable<Sample> {
    return this.#ended.samples()
  }

  *holds(): Iterable<readonly [{ readonly outcome: HoldEnd }, DurationTally]> {
    for (const [outcome, tally] of this.#holds) yield [{ outcome }, tally]
  }
}

function byEngine(numbers: Readonly<Record<EngineName, number>>): readonly Sample[] {
  return [
    [{ engine: 'postgres' }, numbers.postgres],
    [{ engine: 'mysql' }, numbers.mysql],
  ]
}

import type { PageWish, TrailQuery } from '@gatehouse/audit-trail'
import { BEGUN, SHAPE } from './generated-trail.ts'

/** A search that people make, and how it is called in the table. */
export interface TypicalSearch {
  readonly name: string
  /** A number of the run, from 0 on: each run asks for something else, so that no answer is there from the run before. */
  readonly query: (run: number) => TrailQuery
  readonly order: PageWish['order']
  /** A page of records, one deep in the result by the cursors before it, or the numbers. */
  readonly asks: 'page' | 'deep page' | 'numbers'
}

/** Values that are there, as a search found them. */
export interface KnownValues {
  readonly sessions: readonly string[]
  readonly fingerprints: readonly string[]
  readonly rareFingerprints: readonly string[]
  readonly relations: readonly string[]
  readonly masked: readonly string[]
  readonly texts: readonly string[]
}

const DAY = 86_400_000
const time = (day: number): string => new Date(BEGUN + day * DAY).toISOString()

/** Every member alone, what is frequent and what is not; pairs; pages near and far; times; numbers. */
export function typicalSearches(known: KnownValues): readonly TypicalSearch[] {
  const at = (values: readonly string[], run: number): string => values[run % values.length] ?? ''
  const person = (run: number): string => `person${run % SHAPE.principals}@example.com`
  const page = (
    name: string,
    query: (run: number) => TrailQuery,
    order: PageWish['order'] = 'newest',
  ): TypicalSearch => ({
    name,
    query,
    order,
    asks: 'page',
  })
  const numbers = (name: string, query: (run: number) => TrailQuery): TypicalSearch => ({
    name,
    query,
    order: 'newest',
    asks: 'numbers',
  })
  const day = (run: number): number => run % (SHAPE.days - 1)
  return [
    page('nothing: the newest', () => ({})),
    page('nothing: the oldest', () => ({}), 'oldest'),
    { name: 'nothing: page 20 by cursor', query: () => ({}), order: 'newest', asks: 'deep page' },
    page('gateway', (run) => ({ gateway: `gateway-${1 + (run % 2)}` })),
    page('session', (run) => ({ session: at(known.sessions, run) })),
    page('subject', (run) => ({ subject: person(run) })),
    page('subject, the oldest', (run) => ({ subject: person(run) }), 'oldest'),
    {
      name: 'subject, page 20 by cursor',
      query: (run) => ({ subject: person(run % 20) }),
      order: 'newest',
      asks: 'deep page',
    },
    page('subject nobody has', (run) => ({ subject: `nobody${run}@example.com` })),
    page('actor', (run) => ({ actor: `agent-${run % SHAPE.actors}` })),
    page('target', (run) => ({ target: `target-${run % SHAPE.targets}` })),
    page('kind: intent', () => ({ kind: 'intent' })),
    page('kind: session_start', () => ({ kind: 'session_start' })),
    page('kind: outcome', () => ({ kind: 'outcome' })),
    page('kind: alarm (none)', () => ({ kind: 'alarm' })),
    page('action: select', () => ({ action: 'select' })),
    page('action: delete', () => ({ action: 'delete' })),
    page('relation', (run) => ({ relation: at(known.relations, run) })),
    page('masked column', (run) => ({ masked: at(known.masked, run) })),
    page('rule', (run) => ({ rule: `rule-${run % 30}` })),
    page('outcome: failed', () => ({ outcome: 'failed' })),
    page('outcome: refused', () => ({ outcome: 'refused' })),
    page('outcome: unknown', () => ({ outcome: 'unknown' })),
    page('code of an error', () => ({ code: '23505' })),
    page('held', () => ({ held: true })),
    page('fingerprint, frequent', (run) => ({ fingerprint: at(known.fingerprints, run) })),
    page('fingerprint, rare', (run) => ({ fingerprint: at(known.rareFingerprints, run) })),
    page('text, frequent', (run) => ({ text: ['customer', 'JOIN public', 'invoice', 'where order'][run % 4] ?? '' })),
    page('text, a literal', (run) => ({ text: at(known.texts, run) })),
    page('text, in none', (run) => ({ text: `xyzzy plugh ${run}` })),
    page('a day', (run) => ({ since: time(day(run)), until: time(day(run) + 1) })),
    page('subject and relation', (run) => ({ subject: person(run), relation: at(known.relations, run * 7) })),
    page('subject and refused', (run) => ({ subject: person(run), outcome: 'refused' })),
    page('actor and target', (run) => ({
      actor: `agent-${run % SHAPE.actors}`,
      target: `target-${run % SHAPE.targets}`,
    })),
    page('relation and failed', (run) => ({ relation: at(known.relations, run), outcome: 'failed' })),
    page('masked column and subject', (run) => ({ masked: at(known.masked, run), subject: person(run * 3) })),
    page('held and a day', (run) => ({ held: true, since: time(day(run)), until: time(day(run) + 1) })),
    page('subject and text', (run) => ({ subject: person(run), text: 'invoice' })),
    page('text and a day', (run) => ({ text: 'parcel', since: time(day(run)), until: time(day(run) + 1) })),
    numbers('numbers of an hour', (run) => ({ since: time(day(run) + 0.5), until: time(day(run) + 0.5 + 1 / 24) })),
    numbers('numbers of a day', (run) => ({ since: time(day(run)), until: time(day(run) + 1) })),
    numbers('numbers of 24 hours, not full ones', (run) => ({
      since: time(day(run) + 0.51),
      until: time(day(run) + 1.51),
    })),
    numbers('numbers of a week', (run) => ({ since: time(day(run) % 22), until: time((day(run) % 22) + 7) })),
    numbers('numbers of all', () => ({})),
    numbers('numbers of a subject', (run) => ({ subject: person(run) })),
    numbers('numbers of refused of a day', (run) => ({
      outcome: 'refused',
      since: time(day(run)),
      until: time(day(run) + 1),
    })),
  ]
}

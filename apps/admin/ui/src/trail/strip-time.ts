import type { SessionTimeline, TimelineStatement } from './records.ts'

/** A stretch in which nothing happened, and which is drawn and played shorter than it was. */
export interface ShortenedGap {
  /** Where it is on the strip, in milliseconds. */
  readonly at: number
  readonly shown: number
  /** How long it was, in milliseconds. */
  readonly was: number
}

/** A session's time with its long pauses shortened. */
export interface StripTime {
  /** Of the whole, in milliseconds; at least 1. */
  readonly length: number
  readonly gaps: readonly ShortenedGap[]
  /** Where a moment (milliseconds since the epoch) is on the strip. */
  readonly place: (moment: number) => number
}

/** Nobody watches a pause for longer, in milliseconds at normal speed. */
export const LONGEST_PAUSE = 3_000

/** Lays moments out on a strip: between two that follow each other no more than `longest` milliseconds. */
export function stripTime(moments: readonly number[], longest: number = LONGEST_PAUSE): StripTime {
  const sorted = [...new Set(moments.filter((moment) => Number.isFinite(moment)))].sort((one, other) => one - other)
  const places: number[] = []
  const gaps: ShortenedGap[] = []
  let length = 0
  for (const [index, moment] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before !== undefined) {
      const was = moment - before
      const shown = Math.min(was, longest)
      if (was > longest) gaps.push({ at: length, shown, was })
      length += shown
    }
    places.push(length)
  }
  const place = (moment: number): number => {
    // The last known moment that is not behind it.
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] ?? Infinity) <= moment) low = middle + 1
      else high = middle
    }
    const at = sorted[low - 1]
    if (at === undefined) return 0
    const next = places[low]
    const from = places[low - 1] ?? 0
    const to = sorted[low]
    if (next === undefined || to === undefined) return from
    return from + ((moment - at) / (to - at)) * (next - from)
  }
  return { length: Math.max(1, length), gaps, place }
}

/** Where a statement begins: when people were asked about it, or when it was decided. */
export function beginOf({ held, time }: TimelineStatement): number {
  return Date.parse(held?.from ?? time)
}

/** Every moment of a session at which something happened. */
export function momentsOf({ from, to, statements }: Pick<SessionTimeline, 'from' | 'to' | 'statements'>): number[] {
  const moments = [Date.parse(from), Date.parse(to)]
  for (const statement of statements) {
    const { time, held, microseconds } = statement
    moments.push(Date.parse(time), Date.parse(time) + (microseconds ?? 0) / 1000)
    if (held !== null) moments.push(Date.parse(held.from), Date.parse(held.until ?? time))
  }
  return moments
}

/** The statement that is at a place of the strip: the last that began; 0 before the first. `begins`: places, in order. */
export function statementAt(begins: readonly number[], place: number): number {
  let low = 0
  let high = begins.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((begins[middle] ?? Infinity) <= place) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/** Marks that would lie upon each other, as one: what needs to be seen most. */
export interface StripMark {
  /** 0 to 1. */
  readonly at: number
  readonly state: TimelineStatement['state']
  /** Which statement, by its place in the list; of several, the one that is shown. */
  readonly index: number
  readonly count: number
}

const WEIGHT: Readonly<Record<TimelineStatement['state'], number>> = { refused: 3, failed: 2, unknown: 1, done: 0 }

/** At most `most` marks, in order. */
export function stripMarks(
  statements: readonly TimelineStatement[],
  { place, length }: StripTime,
  most = 400,
): readonly StripMark[] {
  const marks = new Map<number, StripMark>()
  for (const [index, statement] of statements.entries()) {
    const at = place(Date.parse(statement.time)) / length
    const cell = statements.length > most ? Math.min(most - 1, Math.floor(at * most)) : index
    const before = marks.get(cell)
    if (before === undefined) marks.set(cell, { at, state: statement.state, index, count: 1 })
    else if (WEIGHT[statement.state] > WEIGHT[before.state])
      marks.set(cell, { at, state: statement.state, index, count: before.count + 1 })
    else marks.set(cell, { ...before, count: before.count + 1 })
  }
  return [...marks.values()]
}

import type { Cause } from './causes.ts'
import type { Held } from './watched-process.ts'

/** What a minute was like. */
export interface Minute {
  readonly minute: number
  readonly statements: number
  readonly sessions: number
  readonly failures: Readonly<Record<Cause, number>>
  /** Statements that a server ran so far, and those of them that no trail has. */
  readonly ran: number
  readonly unrecorded: number
  /** Of each gateway; null: away just then. */
  readonly held: readonly (Held | null)[]
  readonly redisKeys: number
  readonly disturbances: readonly string[]
}

/** Minutes that count as warm-up: caches fill, code is compiled. */
const WARM_UP_MINUTES = 10

/** The minutes as a table, and what they come to, in Markdown. */
export function asMarkdown(minutes: readonly Minute[]): string {
  const lines = [
    '| minute | statements | sessions | failed: on the killed | on the rolled | others | ran, of them unrecorded | gateway 1: RSS, heap, descriptors | 2: RSS | 3: RSS | Redis keys | |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
    ...minutes.map(rowOf),
    '',
    ...summary(minutes),
  ]
  return lines.join('\n')
}

function rowOf({
  minute,
  statements,
  sessions,
  failures,
  ran,
  unrecorded,
  held,
  redisKeys,
  disturbances,
}: Minute): string {
  const [first = null, second = null, third = null] = held
  const whole =
    first === null ? 'away' : `${mib(first.residentBytes)}, ${mib(first.heapBytes)} MiB, ${String(first.descriptors)}`
  const resident = (one: Held | null): string => (one === null ? 'away' : mib(one.residentBytes))
  const cells = [
    minute,
    statements,
    sessions,
    failures.killed,
    failures.rolled,
    failures.other,
    `${String(ran)}, ${String(unrecorded)}`,
    whole,
    resident(second),
    resident(third),
    redisKeys,
    disturbances.join('; '),
  ]
  return `| ${cells.map(String).join(' | ')} |`
}

function summary(minutes: readonly Minute[]): readonly string[] {
  const last = minutes.at(-1)
  if (last === undefined) return ['Nothing was measured.']
  const sum = (of: (minute: Minute) => number): number => minutes.reduce((total, minute) => total + of(minute), 0)
  const warm = minutes.filter(({ minute }) => minute > WARM_UP_MINUTES)
  const slope = (of: (held: Held) => number): string => {
    const points = warm.flatMap(({ minute, held: [first] }) =>
      first === null || first === undefined ? [] : [{ x: minute / 60, y: of(first) }],
    )
    return points.length < 3 ? 'too short a run to say' : `${slopeOf(points).toFixed(2)} an hour`
  }
  return [
    `- Statements: ${String(sum(({ statements }) => statements))} in ${String(sum(({ sessions }) => sessions))} sessions; the servers' own logs have ${String(last.ran)} with a tag, of which **${String(last.unrecorded)}** are in no trail.`,
    `- Failed: ${String(sum(({ failures }) => failures.killed))} that were on a killed replica, ${String(sum(({ failures }) => failures.rolled))} on a rolled one, **${String(sum(({ failures }) => failures.other))}** others.`,
    `- Gateway 1, which lived through all of it, after ${String(WARM_UP_MINUTES)} minutes: resident ${slope(({ residentBytes }) => residentBytes / 1024 / 1024)} (MiB), heap ${slope(({ heapBytes }) => heapBytes / 1024 / 1024)} (MiB), descriptors ${slope(({ descriptors }) => descriptors)}.`,
  ]
}

/** Least squares. */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (of: (point: { readonly x: number; readonly y: number }) => number): number =>
    points.reduce((total, point) => total + of(point), 0) / points.length
  const x = mean((point) => point.x)
  const y = mean((point) => point.y)
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2)
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0)
}

import type { TimeBucket } from './records.ts'

/** One piece of a bar: heights and places are parts of the whole, from 0 at the bottom to 1. */
export interface BarPiece {
  readonly kind: 'ran' | 'failed' | 'refused'
  readonly from: number
  readonly to: number
}

/** One bar: what is counted in one stretch of time. */
export interface Bar {
  readonly bucket: TimeBucket
  /** From below. */
  readonly pieces: readonly BarPiece[]
  /** The height of the bar of held statements, of the most that were held at once; 0: none. */
  readonly held: number
}

/** Bars for stretches of time, all to one scale, and the most that one of them counts. */
export function barsOf(buckets: readonly TimeBucket[]): {
  readonly bars: readonly Bar[]
  readonly most: number
  readonly mostHeld: number
} {
  const most = Math.max(0, ...buckets.map(({ statements }) => statements))
  const mostHeld = Math.max(0, ...buckets.map(({ held }) => held))
  const bars = buckets.map((bucket) => {
    const { statements, failed, refused, held } = bucket
    const pieces: BarPiece[] = []
    let at = 0
    for (const [kind, count] of [
      ['ran', Math.max(0, statements - failed - refused)],
      ['failed', failed],
      ['refused', refused],
    ] as const) {
      if (count === 0 || most === 0) continue
      pieces.push({ kind, from: at / most, to: (at + count) / most })
      at += count
    }
    return { bucket, pieces, held: mostHeld === 0 ? 0 : held / mostHeld }
  })
  return { bars, most, mostHeld }
}

/** A table of who had which columns masked how often. */
export interface Heat {
  readonly subjects: readonly string[]
  readonly columns: readonly string[]
  /** 0 where there is none. */
  readonly count: (subject: string, column: string) => number
  /** 0 to 4: how much it is beside the most. */
  readonly level: (subject: string, column: string) => number
  /** Pairs that are not in the table. */
  readonly left: number
}

/** The subjects and columns with most, at most so many of each. */
export function heatOf(
  counted: readonly { readonly subject: string; readonly column: string; readonly count: number }[],
  mostSubjects = 12,
  mostColumns = 8,
): Heat {
  const subjects = leading(counted, ({ subject }) => subject, mostSubjects)
  const columns = leading(counted, ({ column }) => column, mostColumns)
  const counts = new Map(counted.map(({ subject, column, count }) => [`${subject}\n${column}`, count]))
  const most = Math.max(1, ...counts.values())
  const count = (subject: string, column: string): number => counts.get(`${subject}\n${column}`) ?? 0
  return {
    subjects,
    columns,
    count,
    level: (subject, column) => {
      const one = count(subject, column)
      return one === 0 ? 0 : Math.max(1, Math.ceil((one / most) * 4))
    },
    left: counted.filter(({ subject, column }) => !subjects.includes(subject) || !columns.includes(column)).length,
  }
}

function leading<Entry extends { readonly count: number }>(
  counted: readonly Entry[],
  nameOf: (entry: Entry) => string,
  most: number,
): readonly string[] {
  const sums = new Map<string, number>()
  for (const entry of counted) sums.set(nameOf(entry), (sums.get(nameOf(entry)) ?? 0) + entry.count)
  return [...sums]
    .sort(([, one], [, other]) => other - one)
    .slice(0, most)
    .map(([name]) => name)
}

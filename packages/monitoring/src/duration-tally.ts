/** Upper bounds of the buckets of durations, seconds: from 10 microseconds to 1 minute. */
export const FINE_BUCKETS: readonly number[] = [
  0.000_01, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10, 60,
]

/** The same for what people take: from 1 second to a day. */
export const COARSE_BUCKETS: readonly number[] = [1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400]

/** Counts durations in buckets. `add` makes no object: it may stand on the path of a statement. */
export class DurationTally {
  /** Upper bounds in seconds, rising. */
  readonly bounds: Float64Array
  /** How many were in each bucket and no lower one; the last is for those above all bounds. */
  readonly counts: Float64Array
  /** Of all durations, seconds. */
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds)
    this.counts = new Float64Array(bounds.length + 1)
  }

  add(seconds: number): void {
    const { bounds, counts } = this
    let index = 0
    while (index < bounds.length && seconds > (bounds[index] ?? 0)) index++
    counts[index] = (counts[index] ?? 0) + 1
    this.sum += seconds
    this.count++
  }
}

/** One thing that a detector found in a value: bytes [start, end). */
export interface Finding {
  readonly detector: string
  readonly start: number
  readonly end: number
}

/** A value of which so much was found is what was found; of less, it is a text with it in it. */
const WHOLE_SHARE = 0.8

/** How often a detector found something in the sampled values of a column. */
export interface DetectorCount {
  /** Values that are it, but for blanks and signs around. */
  whole: number
  /** Values that have it somewhere in them. */
  within: number
}

/** What was seen in a column's sample: numbers alone, no value. */
export class SampleTally {
  /** Values that were not NULL and not empty. */
  values = 0
  readonly detectors: Map<string, DetectorCount> = new Map()

  /** Counts one value of `length` bytes, given what was found in it. */
  add(length: number, findings: readonly Finding[]): void {
    this.values++
    const covered = new Map<string, number>()
    for (const { detector, start, end } of findings)
      covered.set(detector, (covered.get(detector) ?? 0) + Math.max(0, end - start))
    for (const [detector, bytes] of covered) {
      const count = this.detectors.get(detector) ?? { whole: 0, within: 0 }
      if (bytes >= WHOLE_SHARE * length) count.whole++
      else count.within++
      this.detectors.set(detector, count)
    }
  }
}

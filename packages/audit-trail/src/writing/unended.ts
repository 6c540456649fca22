import type { SegmentRange } from './open-tail.ts'

/** From where on a trail has to be read for what is not ended in it: by an earlier run of its writer, and by this one. */
export class Unended {
  readonly #openFrom: () => number | null
  #left: SegmentRange | null

  constructor(left: SegmentRange | null, openFrom: () => number | null) {
    this.#left = left
    this.#openFrom = openFrom
  }

  /** What an earlier run, which was not closed, may have left open; null: nothing, or it is accounted for. */
  get left(): SegmentRange | null {
    return this.#left
  }

  /** What an earlier run left open is accounted for, by records that were handed to the trail before. */
  accountedFor(): void {
    this.#left = null
  }

  /** The first segment with records of what is open while this one begins. */
  firstAt(segment: number): number {
    return Math.min(segment, this.#left?.from ?? segment, this.#openFrom() ?? segment)
  }
}

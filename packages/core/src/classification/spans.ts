/** Where something was found in a text: kept in arrays that are used again for every text. */
export class Spans {
  /** How many there are. */
  count = 0
  /** Offset of the first byte of each. */
  starts: Int32Array = new Int32Array(64)
  /** Offset behind the last byte of each. */
  ends: Int32Array = new Int32Array(64)
  /** Index of each one's detector in `DETECTORS`. */
  detectors: Uint8Array = new Uint8Array(64)

  /** Adds the span [start, end). */
  add(start: number, end: number, detector: number): void {
    if (this.count === this.starts.length) this.#grow()
    this.starts[this.count] = start
    this.ends[this.count] = end
    this.detectors[this.count] = detector
    this.count++
  }

  /** Orders the spans and joins those that overlap, under the name of the detector that stands first in `DETECTORS`. */
  settle(): void {
    if (this.count < 2) return
    this.#sort()
    let kept = 0
    for (let index = 1; index < this.count; index++) {
      const start = this.starts[index] ?? 0
      const end = this.ends[index] ?? 0
      const detector = this.detectors[index] ?? 0
      if (start < (this.ends[kept] ?? 0)) {
        if (end > (this.ends[kept] ?? 0)) this.ends[kept] = end
        if (detector < (this.detectors[kept] ?? 0)) this.detectors[kept] = detector
        continue
      }
      kept++
      this.#put(kept, start, end, detector)
    }
    this.count = kept + 1
  }

  /** By insertion: spans are found nearly in order. */
  #sort(): void {
    for (let index = 1; index < this.count; index++) {
      const start = this.starts[index] ?? 0
      const end = this.ends[index] ?? 0
      const detector = this.detectors[index] ?? 0
      let at = index
      for (; at > 0 && (this.starts[at - 1] ?? 0) > start; at--) {
        this.#put(at, this.starts[at - 1] ?? 0, this.ends[at - 1] ?? 0, this.detectors[at - 1] ?? 0)
      }
      this.#put(at, start, end, detector)
    }
  }

  #put(at: number, start: number, end: number, detector: number): void {
    this.starts[at] = start
    this.ends[at] = end
    this.detectors[at] = detector
  }

  #grow(): void {
    const { starts, ends, detectors } = this
    this.starts = new Int32Array(starts.length * 2)
    this.ends = new Int32Array(starts.length * 2)
    this.detectors = new Uint8Array(starts.length * 2)
    this.starts.set(starts)
    this.ends.set(ends)
    this.detectors.set(detectors)
  }
}

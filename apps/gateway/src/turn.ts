/** Bytes that one connection will write at the end of this turn. */
export interface Staging {
  /** Segments of slabs, in order; almost always one. */
  readonly segments: Segment[]
  /** True while this staging is in the turn's list. */
  staged: boolean
  /** Writes the segments to the socket and clears them. Returns true when the kernel took every byte. */
  flush(): boolean
  /** Called instead of a plain flush when the records of this turn could not be written: must take back what was not recorded. */
  unrecorded(reason: Error): void
}

export interface Segment {
  bytes: Buffer
  start: number
  end: number
}

/** What a turn does before it writes: makes the records of the turn durable. Throws when it cannot. */
export interface Commit {
  commit(): void
}

const SLAB_BYTES = 256 * 1024

/**
 * Collects everything that connections want to write during one turn of the event loop, then, once:
 * commits the trail, and only after that writes each connection.
 *
 * INVARIANT: no byte reaches a socket of a logged-in session but through `#finish`, behind the commit.
 */
export class Turn {
  readonly #trail: Commit
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES)
  #used = 0
  /** Up to here the slab belongs to sockets that have not written it yet. */
  #lent = 0
  readonly #waiting: Staging[] = []
  #scheduled = false
  /** Counts the turns: what was staged under another number has been written. */
  number = 0

  constructor(trail: Commit) {
    this.#trail = trail
  }

  /** Stages a copy of `source[start, end)` behind what `to` has staged already. The source may be reused at once. */
  stage(to: Staging, source: Buffer, start: number, end: number): void {
    const length = end - start
    if (length === 0) return
    if (length > this.#slab.length - this.#used) this.#nextSlab(length)
    const used = this.#used
    source.copy(this.#slab, used, start, end)
    this.#used = used + length
    const segments = to.segments
    const last = segments[segments.length - 1]
    if (last !== undefined && last.bytes === this.#slab && last.end === used) last.end = used + length
    else segments.push({ bytes: this.#slab, start: used, end: used + length })
    if (!to.staged) {
      to.staged = true
      this.#waiting.push(to)
    }
    this.schedule()
  }

  /** Makes sure that this turn ends with a commit, even where nothing is staged (an outcome was recorded). */
  schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#finish)
  }

  readonly #finish = (): void => {
    this.#scheduled = false
    try {
      this.#trail.commit()
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error))
      for (const staging of this.#waiting) staging.unrecorded(reason)
    }
    let drained = true
    for (const staging of this.#waiting) {
      staging.staged = false
      if (!staging.flush()) drained = false
    }
    this.#waiting.length = 0
    this.number++
    // What the kernel did not take still points into the slab: leave that part to the sockets, and no more of it, for
    // each slow peer keeps alive what its bytes lie in.
    if (!drained) this.#lent = this.#used
    this.#used = this.#lent
  }

  #nextSlab(least: number): void {
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, least))
    this.#used = 0
    this.#lent = 0
  }
}

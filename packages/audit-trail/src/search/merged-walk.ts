import type { PageWish, TrailQuery } from './trail-index.ts'
import type { Positions } from './cursor.ts'
import type { TrailFiles } from './trail-files.ts'
import { type Found, TrailWalk } from './trail-walk.ts'

/** Goes through several trails at once, by time. */
export class MergedWalk {
  readonly #walks: readonly TrailWalk[]
  readonly #backward: boolean

  /** Throws `TrailMissing`. */
  constructor(trails: readonly TrailFiles[], query: TrailQuery, order: PageWish['order'], positions: Positions | null) {
    this.#walks = trails.map((files, index) => new TrailWalk(files, query, order, positions?.[index] ?? null))
    this.#backward = order === 'newest'
  }

  /** Which trail a find is in is its place among them. Null: there is no more. Rejects when the disk cannot be read. */
  async next(): Promise<(Found & { readonly trail: number }) | null> {
    for (;;) {
      const walk = this.#foremost()
      if (walk === null) return null
      const { head } = walk
      if (head !== null) {
        walk.take(head)
        return { ...head, trail: this.#walks.indexOf(walk) }
      }
      await walk.advance()
    }
  }

  /** Nothing more can be found. False: something may. */
  get over(): boolean {
    return this.#walks.every(({ over, head }) => over && head === null)
  }

  get positions(): Positions {
    return this.#walks.map(({ position }) => position)
  }

  /** Lines that could not be read so far. */
  get unreadableLines(): number {
    return this.#walks.reduce((sum, walk) => sum + walk.unreadableLines, 0)
  }

  async close(): Promise<void> {
    for (const walk of this.#walks) await walk.close()
  }

  /** The trail whose next find comes first, as far as is known: one whose find is not known yet goes before others of the same time. */
  #foremost(): TrailWalk | null {
    let first: TrailWalk | null = null
    for (const walk of this.#walks) {
      if (walk.over && walk.head === null) continue
      if (first === null || this.#isBefore(walk, first)) first = walk
    }
    return first
  }

  #isBefore(one: TrailWalk, other: TrailWalk): boolean {
    if (one.bound !== other.bound) return one.bound < other.bound !== this.#backward
    if (one.head === null || other.head === null) return one.head === null
    const { gateway, record } = one.head
    const { gateway: otherGateway, record: otherRecord } = other.head
    if (gateway !== otherGateway) return gateway < otherGateway !== this.#backward
    return record.seq < otherRecord.seq !== this.#backward
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listSegments, segmentName } from '../chain/segment-names.ts'
import { readSegmentEnds, type SegmentEnds } from './segment-ends.ts'
import { type LinePlace, type ScanWish, scanSegment, type SegmentScan } from './segment-scan.ts'

const NOTHING: SegmentEnds = {
  firstSeq: 0,
  gateway: null,
  closed: false,
  lastSeq: null,
  times: null,
  goesOn: false,
}

/** A directory that a trail was expected in is not there. */
export class TrailMissing extends Error {
  override readonly name = 'TrailMissing'
}

/** The segments of one trail, and what was learned of them; a segment that is written no more is learned of once. */
export class TrailFiles {
  readonly directory: string
  readonly #ends = new Map<number, SegmentEnds>()
  readonly #lateOutcomes = new Map<number, ReadonlyMap<number, LinePlace>>()

  constructor(directory: string) {
    this.directory = directory
  }

  /** The segments that are there, ascending. Throws `TrailMissing`, or what the system says. */
  segments(): readonly number[] {
    if (!existsSync(this.directory))
      throw new TrailMissing(`there is no directory ${this.directory}, where a trail should be`)
    return listSegments(this.directory)
  }

  path(segment: number): string {
    return join(this.directory, segmentName(segment))
  }

  /** What the ends of a segment say; nothing, where it is gone. */
  ends(segment: number): SegmentEnds {
    const known = this.#ends.get(segment)
    if (known !== undefined) return known
    const ends = whereThere(() => readSegmentEnds(this.path(segment))) ?? NOTHING
    if (ends.closed) this.#ends.set(segment, ends)
    return ends
  }

  /** Reads a segment; null: it is gone. */
  async scan(segment: number, wish: Omit<ScanWish, 'growing'>): Promise<SegmentScan | null> {
    // What is closed when the reading begins is read to its end.
    const growing = !this.ends(segment).closed && this.segments().at(-1) === segment
    try {
      const scan = await scanSegment(this.path(segment), { ...wish, growing })
      if (!growing) this.#lateOutcomes.set(segment, scan.lateOutcomes)
      return scan
    } catch (error) {
      if (isGone(error)) return null
      throw error
    }
  }

  /** Where the outcome is of an intent that is in `segment`, and is not in there. Null: there is none. */
  async lateOutcome(intent: number, segment: number): Promise<(LinePlace & { readonly segment: number }) | null> {
    const later = this.segments().filter((one) => one > segment)
    let before = segment
    for (const one of later) {
      // A process that died leaves no outcome to the next.
      if (!this.ends(before).closed && !this.ends(one).goesOn) return null
      before = one
      const known = this.#lateOutcomes.get(one)
      const outcomes = known ?? (await this.scan(one, { filter: null, after: 0, before: 0 }))?.lateOutcomes
      const place = outcomes?.get(intent)
      if (place !== undefined) return { segment: one, ...place }
    }
    return null
  }
}

function whereThere<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (isGone(error)) return null
    throw error
  }
}

/** What an error says of a segment: old ones may be taken away while a trail is read. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

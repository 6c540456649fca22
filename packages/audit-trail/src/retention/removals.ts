import type { RecordedRemoval } from '@gatehouse/core'
import type { ChainHead } from '../chain/chain-walk.ts'
import { segmentName } from '../chain/segment-names.ts'
import { readRemoval, type RemovedSegment } from './removal.ts'

/** Segments that are not there: between two that are, or before the first. */
export interface Gap {
  readonly from: number
  readonly to: number
  /** The last record before them. */
  readonly before: ChainHead
  /** The record that the first one behind them follows. */
  readonly after: ChainHead
}

/** What is wrong with a gap, in which of its segments, and the record that should be there. */
export interface GapFault {
  readonly segment: number
  readonly seq: number
  readonly what: string
}

/** What the seal of a segment that is not there says against its removal; null: nothing. */
export type CheckSeal = (removed: RemovedSegment) => string | null

/** What the records of a trail tell of files that were removed from it. */
export class Removals {
  readonly #told: { readonly seq: number; readonly removal: RecordedRemoval }[] = []

  /** A record of kind `retention`: its number, and its text as JSON. */
  tell(seq: number, text: string): void {
    const removal = readRemoval(text)
    if (removal !== null) this.#told.push({ seq, removal })
  }

  /** In the order of their records; those of later records than `until` do not count. */
  upTo(until: number): readonly RecordedRemoval[] {
    return this.#told.flatMap(({ seq, removal }) => (seq <= until ? [removal] : []))
  }

  /**
   * Why a gap is a break: records up to `until` must tell of each of its segments, and the chain must go on from one to the next, to what is
   * behind the gap. Null: it is none.
   */
  gapFault({ from, to, before, after }: Gap, until: number, checkSeal: CheckSeal): GapFault | null {
    let head = before
    for (let segment = from; segment <= to; segment++) {
      const fault = (what: string): GapFault => ({ segment, seq: head.seq + 1, what })
      const removed = this.#segment(segment, until)
      if (removed === null) return fault(`${segmentName(segment)} is missing`)
      if (removed.first !== head.seq + 1 || removed.prev !== head.hash)
        return fault(
          `${segmentName(segment)} is missing, and the record of its removal does not follow what is before it`,
        )
      const wrong = checkSeal(removed)
      if (wrong !== null) return fault(`${segmentName(segment)} is missing, and ${wrong}`)
      head = { seq: removed.last, hash: removed.hash }
    }
    if (head.seq === after.seq && head.hash === after.hash) return null
    const what = `${segmentName(to)} is missing, and what comes behind it does not follow the record of its removal`
    return { segment: to, seq: head.seq, what }
  }

  #segment(segment: number, until: number): RemovedSegment | null {
    const found = this.#told.findLast(
      ({ seq, removal }) => seq <= until && 'segment' in removal && removal.segment === segment,
    )
    return found !== undefined && 'segment' in found.removal ? found.removal : null
  }
}

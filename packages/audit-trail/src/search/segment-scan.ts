import { readLines } from '../chain/line-reader.ts'
import { isOutcome, type LineFilter } from './line-filter.ts'
import { LineShape } from './line-shape.ts'

const NAMES_INTENT = Buffer.from('"statement":{"intent":')
const DIGIT_ZERO = 0x30

/** Where a line is in its file; its newline does not count. */
export interface LinePlace {
  readonly offset: number
  readonly length: number
}

/** What the bytes of a segment say. */
export interface SegmentScan {
  /** Lines that may match, in order: their numbers, offsets and lengths. */
  readonly seqs: readonly number[]
  readonly offsets: readonly number[]
  readonly lengths: readonly number[]
  /** Where the outcome of an intent is: of all intents from the first that may match on. */
  readonly outcomes: ReadonlyMap<number, LinePlace>
  /** The same, of intents in segments before. */
  readonly lateOutcomes: ReadonlyMap<number, LinePlace>
  /** The last record's number; 0: there is none. */
  readonly lastSeq: number
  readonly unreadableLines: number
}

/** Which of a segment's records are looked for. */
export interface ScanWish {
  /** Null: none, only outcomes. */
  readonly filter: LineFilter | null
  /** Those whose number is more than this, */
  readonly after: number
  /** and less than this. */
  readonly before: number
  /** It may be written at this moment: then the last line may be unfinished. */
  readonly growing: boolean
}

/** Reads a segment from end to end without parsing a record. Rejects when it cannot be read. */
export async function scanSegment(path: string, { filter, after, before, growing }: ScanWish): Promise<SegmentScan> {
  const seqs: number[] = []
  const offsets: number[] = []
  const lengths: number[] = []
  const outcomes = new Map<number, LinePlace>()
  const lateOutcomes = new Map<number, LinePlace>()
  const shape = new LineShape()
  let firstSeq = 0
  let lastSeq = 0
  let unreadableLines = 0
  const end = await readLines(
    path,
    (buffer, start, lineEnd, offset) => {
      if (!shape.read(buffer, start, lineEnd)) {
        unreadableLines++
        return true
      }
      const { seq } = shape
      if (firstSeq === 0) firstSeq = seq
      lastSeq = seq
      const length = lineEnd - start
      if (isOutcome(buffer, shape)) {
        const intent = intentOf(buffer, shape.kindAt, lineEnd)
        if (intent > 0 && intent < firstSeq) lateOutcomes.set(intent, { offset, length })
        else if (intent >= (seqs[0] ?? Infinity)) outcomes.set(intent, { offset, length })
      }
      if (filter !== null && seq > after && seq < before && filter.mayMatch(buffer, start, lineEnd, shape)) {
        seqs.push(seq)
        offsets.push(offset)
        lengths.push(length)
      }
      return true
    },
    () => filter?.refill(),
  )
  if (end.lineTooLong || (end.restBytes > 0 && !growing)) unreadableLines++
  return { seqs, offsets, lengths, outcomes, lateOutcomes, lastSeq, unreadableLines }
}

/** Which intent an outcome's line is about; 0: it does not say. */
function intentOf(buffer: Buffer, from: number, end: number): number {
  let at = buffer.indexOf(NAMES_INTENT, from)
  if (at === -1 || at > end) return 0
  let intent = 0
  for (at += NAMES_INTENT.length; at < end; at++) {
    const digit = (buffer[at] ?? 0) - DIGIT_ZERO
    if (digit < 0 || digit > 9) break
    intent = intent * 10 + digit
  }
  return intent
}

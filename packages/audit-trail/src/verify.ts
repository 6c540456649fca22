import type { ChainHead } from './chain-walk.ts'
import { walkSegment } from './chain-walk.ts'
import { readCheckpoint } from './checkpoint.ts'
import type { FoundCheckpoint } from './checkpoint.ts'
import { GENESIS_HASH } from './record-line.ts'
import { listSegments, segmentName } from './segment-names.ts'

/** Where the trail first stops being what was written. */
export interface TrailBreak {
  /** The segment's number; the file is `segmentName(segment)`. */
  readonly segment: number
  /** 1-based line in that segment; 0 when it is about the segment or the trail as a whole. */
  readonly line: number
  /** The number of the record that should be there. */
  readonly seq: number
  /** What is wrong, in one sentence. */
  readonly what: string
}

/** The result of a verification. */
export interface VerifyReport {
  /** Records found in order, up to the first break. */
  readonly records: number
  /** Segments present. */
  readonly segments: number
  /** The last record found in order; null when there is none. */
  readonly head: ChainHead | null
  /** Null when the trail is whole. */
  readonly firstBreak: TrailBreak | null
  /** What is no proof of a change, but worth knowing: a torn last line after a crash, a trail that was not closed. */
  readonly warnings: readonly string[]
}

/** Where a trail may begin when its oldest segments were moved away. */
export interface TrailStart {
  /** The first segment that is present. */
  readonly segment: number
  /** The last record of the segment before, from a place that can be trusted. */
  readonly head: ChainHead
}

const FROM_THE_BEGINNING: TrailStart = { segment: 1, head: { seq: 0, hash: GENESIS_HASH } }

/** Why a trail that is whole up to `head` does not agree with its checkpoint; null when it does. */
function checkpointFault(
  checkpoint: FoundCheckpoint,
  head: ChainHead,
  lastSegment: number,
  closed: boolean,
): string | null {
  if (checkpoint === 'unreadable') return 'the checkpoint cannot be read'
  // The first checkpoint is written right after the first records: a crash between leaves a trail without one.
  if (checkpoint === 'missing') return lastSegment > 1 || closed ? 'the checkpoint is missing' : null
  if (head.seq < checkpoint.seq) {
    return `the trail ends at record ${head.seq}, the checkpoint names record ${checkpoint.seq} in ${segmentName(checkpoint.segment)}: the tail was cut off`
  }
  return checkpoint.closed && head.seq > checkpoint.seq ? 'records stand after the end that the checkpoint names' : null
}

/**
 * Walks the whole trail in `directory` and names the first break. Reads every byte, in bounded memory.
 * A torn last line of the last segment is what a crash leaves: it is a warning, unless the checkpoint says that the
 * record was durable. Rejects when the directory or a segment cannot be read.
 */
export async function verifyTrail(directory: string, start: TrailStart = FROM_THE_BEGINNING): Promise<VerifyReport> {
  // The checkpoint first: a trail that is being written only grows after it.
  const checkpoint = readCheckpoint(directory)
  const segments = listSegments(directory)
  const last = segments.at(-1) ?? 0
  const warnings: string[] = []
  let head = start.head
  let records = 0
  let expected = start.segment
  let closed = false

  const report = (firstBreak: TrailBreak | null): VerifyReport => ({
    records,
    segments: segments.length,
    head: records === 0 ? null : head,
    firstBreak,
    warnings,
  })
  const checkRecord = (seq: number, hash: string): string | null => {
    if (typeof checkpoint !== 'object' || seq !== checkpoint.seq) return null
    if (hash !== checkpoint.hash) return `the checkpoint names another hash for record ${seq}: ${checkpoint.hash}`
    if (checkpoint.segment === expected - 1) return null
    return `the checkpoint says that record ${seq} is in ${segmentName(checkpoint.segment)}`
  }

  for (const segment of segments) {
    const seq = head.seq + 1
    if (segment !== expected) {
      const what = segment < expected ? 'the segment is older than the start' : `${segmentName(expected)} is missing`
      return report({ segment: Math.min(expected, segment), line: 0, seq, what })
    }
    expected++
    const walk = await walkSegment(directory, segment, head, checkRecord)
    head = walk.head ?? head
    records += walk.records
    closed = walk.closed
    if (walk.broken === null) continue
    const { line, what, atEnd } = walk.broken
    const durable = typeof checkpoint === 'object' && head.seq < checkpoint.seq
    if (segment !== last || !atEnd || durable) return report({ segment, line, seq: head.seq + 1, what })
    warnings.push(`${segmentName(segment)}, line ${line}: a torn last line, as a crash leaves it: ${what}`)
  }
  if (last === 0 && checkpoint === 'missing')
    return report({ segment: start.segment, line: 0, seq: 1, what: 'there is no trail here' })
  const fault = checkpointFault(checkpoint, head, last, closed)
  if (fault !== null) return report({ segment: last, line: 0, seq: head.seq + 1, what: fault })
  if (!closed) warnings.push('the last segment is not closed: the trail is being written, or its writer was killed')
  return report(null)
}

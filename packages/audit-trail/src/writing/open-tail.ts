import { TrailUnavailable } from '@gatehouse/core'
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { walkSegment } from '../chain/chain-walk.ts'
import type { ChainHead } from '../chain/chain-walk.ts'
import { type Checkpoint, readCheckpoint } from '../seals/checkpoint.ts'
import { GENESIS_HASH } from '../chain/record-line.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'

/** What was cut off the end of a trail that was not closed. */
export interface Repair {
  readonly segment: number
  /** Bytes moved to the side file. */
  readonly bytes: number
  /** The side file's name, in the trail's directory. */
  readonly sideFile: string
  /** Why the line was not taken for a record. */
  readonly what: string
}

/** Where a trail goes on. */
export interface TrailEnd {
  readonly head: ChainHead
  /** The segment that holds the head; 0 when there is none. */
  readonly segment: number
  readonly nextSegment: number
  /** True when the next segment's file is there already, empty. */
  readonly reuseSegment: boolean
  readonly repair: Repair | null
  /** What an earlier run may have left open; null: it was closed properly. */
  readonly left: SegmentRange | null
}

/** Segments of a trail: the first and the last of them. */
export interface SegmentRange {
  readonly from: number
  readonly to: number
}

const refuse = (directory: string, what: string): TrailUnavailable =>
  new TrailUnavailable(`${directory}: ${what}. Nothing was changed; run \`gatehouse audit verify ${directory}\``)

/** Moves what comes after `from` in a segment to a file of its own beside it, durable before the segment is cut. */
function cutOff(directory: string, segment: number, from: number): { bytes: number; sideFile: string } {
  let sideFile = ''
  for (let attempt = 1; sideFile === '' || existsSync(join(directory, sideFile)); attempt++) {
    sideFile = `${segmentName(segment)}.torn-${attempt}`
  }
  const source = openSync(join(directory, segmentName(segment)), 'r+')
  const side = openSync(join(directory, sideFile), 'wx', 0o600)
  try {
    const chunk = Buffer.allocUnsafeSlow(64 * 1024)
    let bytes = 0
    for (;;) {
      const read = readSync(source, chunk, 0, chunk.length, from + bytes)
      if (read === 0) break
      for (let written = 0; written < read;) written += writeSync(side, chunk, written, read - written)
      bytes += read
    }
    fsyncSync(side)
    ftruncateSync(source, from)
    fsyncSync(source)
    return { bytes, sideFile }
  } finally {
    closeSync(side)
    closeSync(source)
  }
}

/** True when the chain's end may come after the checkpoint. */
function reaches(head: ChainHead, { seq, hash }: Checkpoint): boolean {
  return head.seq > seq || (head.seq === seq && head.hash === hash)
}

/**
 * Reads the last segment and finds where the trail goes on. A torn last line is moved to a side file.
 * Throws `TrailUnavailable`, and changes nothing, when anything else is broken or the checkpoint shows a lost tail.
 */
export async function findTrailEnd(directory: string): Promise<TrailEnd> {
  const checkpoint = readCheckpoint(directory)
  const segments = listSegments(directory)
  const last = segments.at(-1)
  if (checkpoint === 'unreadable') throw refuse(directory, 'the checkpoint cannot be read')
  if (last === undefined) {
    if (checkpoint !== 'missing') throw refuse(directory, 'there is a checkpoint and no segment')
    return {
      head: { seq: 0, hash: GENESIS_HASH },
      segment: 0,
      nextSegment: 1,
      reuseSegment: false,
      repair: null,
      left: null,
    }
  }
  let walk = await walkSegment(directory, last, last === 1 ? { seq: 0, hash: GENESIS_HASH } : null)
  const { broken } = walk
  if (broken !== null && !broken.atEnd)
    throw refuse(directory, `${segmentName(last)}, line ${broken.line}: ${broken.what}`)

  // A crash right after a segment was made leaves one without a record: the chain's end is then in the one before.
  const empty = walk.records === 0
  const headSegment = empty ? last - 1 : last
  if (empty && last > 1) {
    if (segments.at(-2) !== headSegment) throw refuse(directory, `${segmentName(headSegment)} is missing`)
    walk = await walkSegment(directory, headSegment, null)
    if (walk.broken !== null)
      throw refuse(directory, `${segmentName(headSegment)}, line ${walk.broken.line}: ${walk.broken.what}`)
  }
  const head = walk.head ?? { seq: 0, hash: GENESIS_HASH }
  if (checkpoint === 'missing') {
    // The first checkpoint is written right after the first records.
    if (last > 1) throw refuse(directory, 'the checkpoint is missing')
  } else if (!reaches(head, checkpoint.checkpoint)) {
    throw refuse(
      directory,
      `the trail ends at record ${head.seq}, the checkpoint names ${checkpoint.checkpoint.seq}: its tail was lost or changed`,
    )
  }
  const torn = broken === null || statSync(join(directory, segmentName(last))).size === broken.offset ? null : broken
  const repair = torn === null ? null : { segment: last, what: torn.what, ...cutOff(directory, last, torn.offset) }
  const closed = checkpoint !== 'missing' && checkpoint.checkpoint.closed && checkpoint.checkpoint.seq === head.seq
  const left =
    closed || headSegment === 0 ? null : { from: walk.openFrom ?? segments[0] ?? headSegment, to: headSegment }
  return { head, segment: headSegment, nextSegment: empty ? last : last + 1, reuseSegment: empty, repair, left }
}

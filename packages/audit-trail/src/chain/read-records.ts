import type { AuditRecord, RecordKind } from '@gatehouse/core'
import { join } from 'node:path'
import { readLines } from './line-reader.ts'
import { readHead } from './record-line.ts'
import { listSegments, segmentName } from './segment-names.ts'

/** Which records to read; with neither `kinds` nor `session`: all. */
export interface RecordWish {
  /** Those of these kinds … */
  readonly kinds?: readonly RecordKind[]
  /** … and those of this session, of every kind. */
  readonly session?: string
  /** Of this segment alone; default: of all there are. */
  readonly segment?: number
}

/**
 * Gives every record of the trail in `directory` that is wished for to `take`, oldest first, with the bytes of its line, until it answers
 * false. It proves nothing, as `verifyTrail` does, and orders nothing, as a `TrailIndex` does. Returns how many lines were passed over because they are no
 * records. Rejects when the directory or a segment cannot be read.
 */
export async function readRecords(
  directory: string,
  wish: RecordWish,
  take: (record: AuditRecord, bytes: number) => boolean,
): Promise<{ readonly unreadableLines: number }> {
  const { kinds = [], session, segment } = wish
  const every = wish.kinds === undefined && session === undefined
  // As JSON writes it, so that most lines of others need not be parsed.
  const named = session === undefined ? null : Buffer.from(`"session":${JSON.stringify(session)}`)
  let unreadableLines = 0
  let wanted = true
  for (const one of segment === undefined ? listSegments(directory) : [segment]) {
    const end = await readLines(join(directory, segmentName(one)), (buffer, start, lineEnd) => {
      const head = readHead(buffer, start, lineEnd)
      if (head === null) unreadableLines++
      else {
        const ofKinds = every || kinds.some((kind) => kind === head.kind)
        if (!ofKinds && (named === null || !buffer.subarray(start, lineEnd).includes(named))) return true
        const record = parseLine(buffer.toString('utf8', start, lineEnd))
        if (record === null) unreadableLines++
        else if (ofKinds || record.session === session) wanted = take(record, lineEnd - start)
      }
      return wanted
    })
    if (end.restBytes > 0 || end.lineTooLong) unreadableLines++
    if (!wanted) break
  }
  return { unreadableLines }
}

/** The records of these kinds in one segment, in order. What cannot be read is passed over. Rejects when the segment cannot be read. */
export async function recordsOfKinds(
  directory: string,
  segment: number,
  kinds: readonly RecordKind[],
): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  await readRecords(directory, { kinds, segment }, (record) => records.push(record) > 0)
  return records
}

/** Null: the line is no JSON object. */
function parseLine(line: string): AuditRecord | null {
  try {
    const parsed: unknown = JSON.parse(line)
    return typeof parsed === 'object' && parsed !== null ? (parsed as AuditRecord) : null
  } catch {
    return null
  }
}

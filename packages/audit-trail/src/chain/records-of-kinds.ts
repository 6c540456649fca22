import type { AuditRecord, RecordKind } from '@gatehouse/core'
import { join } from 'node:path'
import { readLines } from './line-reader.ts'
import { readHead } from './record-line.ts'
import { segmentName } from './segment-names.ts'

/** The records of these kinds in one segment, in order. What cannot be read is passed over. Rejects when the segment cannot be read. */
export async function recordsOfKinds(
  directory: string,
  segment: number,
  kinds: readonly RecordKind[],
): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = []
  await readLines(join(directory, segmentName(segment)), (buffer, start, end) => {
    const head = readHead(buffer, start, end)
    if (head === null || !kinds.some((kind) => kind === head.kind)) return true
    try {
      records.push(JSON.parse(buffer.toString('utf8', start, end)) as AuditRecord)
    } catch {
      // Its hash does not count either.
    }
    return true
  })
  return records
}

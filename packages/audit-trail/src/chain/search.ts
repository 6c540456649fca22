import type { AuditRecord, RecordKind } from '@gatehouse/core'
import { join } from 'node:path'
import { readLines } from './line-reader.ts'
import { listSegments, segmentName } from './segment-names.ts'

/** What records to look for; a member that is absent matches every record. */
export interface RecordFilter {
  readonly session?: string
  readonly subject?: string
  readonly actor?: string
  readonly target?: string
  readonly kind?: RecordKind
  /** From this time on, as in `time`: UTC, `2026-01-31T12:00:00.000Z`. */
  readonly since?: string
  /** Before this time. */
  readonly until?: string
  /** Somewhere in the statement's text, case as written. */
  readonly text?: string
}

/** True when `record` is one of those that `filter` asks for. */
export function matchesFilter(record: AuditRecord, filter: RecordFilter): boolean {
  const { statement, principal } = record
  return (
    (filter.session === undefined || record.session === filter.session) &&
    (filter.subject === undefined || principal?.subject === filter.subject) &&
    (filter.actor === undefined || principal?.actor === filter.actor) &&
    (filter.target === undefined || record.target === filter.target) &&
    (filter.kind === undefined || record.kind === filter.kind) &&
    (filter.since === undefined || record.time >= filter.since) &&
    (filter.until === undefined || record.time < filter.until) &&
    (filter.text === undefined ||
      (statement !== undefined && 'text' in statement && statement.text.includes(filter.text)))
  )
}

/**
 * Gives every matching record of the trail in `directory` to `take`, oldest first, until it answers false. It proves
 * nothing: `verifyTrail` does. Returns how many lines could not be read as JSON and were passed over. Rejects when the
 * directory or a segment cannot be read.
 */
export async function searchTrail(
  directory: string,
  filter: RecordFilter,
  take: (record: AuditRecord) => boolean,
): Promise<{ readonly unreadableLines: number }> {
  let unreadableLines = 0
  let wanted = true
  for (const segment of listSegments(directory)) {
    const end = await readLines(join(directory, segmentName(segment)), (buffer, start, lineEnd) => {
      const record = parseLine(buffer.toString('utf8', start, lineEnd))
      if (record === null) unreadableLines++
      else if (matchesFilter(record, filter)) wanted = take(record)
      return wanted
    })
    if (end.restBytes > 0 || end.lineTooLong) unreadableLines++
    if (!wanted) break
  }
  return { unreadableLines }
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

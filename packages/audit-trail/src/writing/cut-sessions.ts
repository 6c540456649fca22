import type { AuditedSession, AuditRecord } from '@gatehouse/core'
import { listSegments } from '../chain/segment-names.ts'
import { readRecords } from '../chain/read-records.ts'
import type { SegmentRange } from './open-tail.ts'

/** At most so many of a session's statements are named. */
const MOST_NAMED = 1_000

/** A session that began in a trail and was cut off by the end of its process: no record ends it. */
export interface CutSession {
  readonly session: AuditedSession
  /** Statements that were permitted. */
  readonly statements: number
  /** The intents that have no outcome, oldest first: nobody knows what became of them. At most 1,000, the newest. */
  readonly unknown: readonly number[]
  /** Requests that people were asked about, and whose end is not recorded: the session waited for them. */
  readonly waiting: readonly string[]
  /** From its first record to its last, in milliseconds, by the clock of the records. */
  readonly milliseconds: number
}

interface Found {
  readonly session: AuditedSession
  readonly begun: number
  readonly open: Set<number>
  readonly waiting: Set<string>
  statements: number
  last: number
}

/**
 * The sessions that began in these segments of the trail in `directory` and do not end there. Those that have ended are not read further, so
 * a trail with none is read fast. Rejects when a segment cannot be read.
 */
export async function findCutSessions(directory: string, { from, to }: SegmentRange): Promise<readonly CutSession[]> {
  const segments = listSegments(directory).filter((segment) => segment >= from && segment <= to)
  const found = new Map<string, Found>()
  for (const segment of segments)
    await readRecords(directory, { segment, kinds: ['session_start', 'session_end'] }, (record) => {
      const begun = begins(record)
      if (begun !== null) found.set(begun.session.id, begun)
      else found.delete(record.session ?? '')
      return true
    })
  if (found.size === 0) return []
  const wanted = ['intent', 'outcome', 'approval_asked', 'approval_ended'] as const
  for (const segment of segments)
    await readRecords(directory, { segment, kinds: wanted }, (record) => {
      const session = found.get(record.session ?? '')
      if (session !== undefined) take(session, record)
      return true
    })
  return [...found.values()].map(({ session, begun, open, waiting, statements, last }) => ({
    session,
    statements,
    unknown: [...open].slice(-MOST_NAMED),
    waiting: [...waiting],
    milliseconds: Math.max(0, last - begun),
  }))
}

/** Null: the record does not begin a session, or does not say whose. */
function begins({ kind, session: id, principal, target, engine, time }: AuditRecord): Found | null {
  if (kind !== 'session_start' || id === undefined) return null
  if (principal === undefined || target === undefined || engine === undefined) return null
  const begun = Date.parse(time)
  const session = { id, principal, target, engine }
  return { session, begun, open: new Set(), waiting: new Set(), statements: 0, last: begun }
}

function take(found: Found, record: AuditRecord): void {
  found.last = Math.max(found.last, Date.parse(record.time))
  switch (record.kind) {
    case 'intent':
      if (record.decision?.effect !== 'permit') return
      found.statements++
      found.open.add(record.seq)
      return
    case 'outcome':
      if (record.statement !== undefined && 'intent' in record.statement) found.open.delete(record.statement.intent)
      return
    default:
      if (record.approval === undefined) return
      if (record.kind === 'approval_asked') found.waiting.add(record.approval.id)
      else found.waiting.delete(record.approval.id)
  }
}

import type { StatementOutcome } from '@gatehouse/audit-trail'
import type { AuditRecord } from '@gatehouse/core'
import type { TrailOfSession } from './replay-session.ts'

/** What one person said about a statement that was held. */
export interface HoldDecision {
  readonly subject: string
  readonly verdict: string
  /** Null: none was given. */
  readonly reason: string | null
  /** By what way: `api`, `page`, `link`, `cli`. */
  readonly through: string
}

/** That a statement was held, and what came of it. */
export interface Hold {
  readonly approval: string
  /** UTC. */
  readonly from: string
  /** UTC; null: it is held still, or the gateway died. */
  readonly until: string | null
  /** `approved`, `refused`, `timeout`, `voided`; `pending`: it is held still. */
  readonly state: string
  /** In order. Empty: nobody said anything that the gateway heard of. */
  readonly decisions: readonly HoldDecision[]
}

/** A statement on a session's timeline. */
export interface TimelineStatement {
  /** The number of its intent; of the question to people where it has no intent. */
  readonly seq: number
  /** UTC, when it was decided; with `held`, after it was held. */
  readonly time: string
  readonly state: StatementOutcome
  /** As recorded, at most the first 400 characters. */
  readonly text: string
  readonly textCut: boolean
  readonly actions: readonly string[]
  readonly relations: readonly string[]
  readonly rule: string | null
  /** Of the refusal, or of the server's error; null: neither. */
  readonly code: string | null
  readonly masked: readonly string[]
  /** Null: it cannot be told. */
  readonly rows: number | null
  /** Null: no outcome is recorded. */
  readonly microseconds: number | null
  /** Null: nobody was asked. */
  readonly held: Hold | null
}

/** What the trail says of a session, for a strip of time. */
export interface SessionTimeline {
  readonly session: string
  readonly engine: 'postgres' | 'mysql'
  readonly target: string
  readonly principal: AuditRecord['principal'] | null
  /** UTC, of the first record and the last. */
  readonly from: string
  readonly to: string
  /** Why it ended; null: it goes on, or its end is not recorded. */
  readonly end: string | null
  /** What clients saw is recorded, at least in part. */
  readonly recorded: boolean
  /** Records behind the last of these statements that are not told, as there are too many. */
  readonly omittedRecords: number
  /** In order. */
  readonly statements: readonly TimelineStatement[]
}

const MOST_TEXT = 400

/** Puts a session's records in order on a line of time. */
export function timelineOf(found: TrailOfSession): SessionTimeline {
  const { records } = found
  const outcomes = new Map<number, AuditRecord>()
  for (const record of records)
    if (record.statement !== undefined && 'intent' in record.statement) outcomes.set(record.statement.intent, record)
  const statements: TimelineStatement[] = []
  // What was asked and has no intent yet, by the approval's id.
  const open = new Map<string, AskedStatement>()
  for (const record of records) {
    const id = record.approval?.id
    if (record.kind === 'approval_asked' && id !== undefined)
      open.set(id, {
        record,
        hold: { approval: id, from: record.time, until: null, state: 'pending', decisions: [] },
      })
    else if (record.kind === 'approval_ended' && id !== undefined) {
      const asked = open.get(id)
      if (asked !== undefined) open.set(id, { ...asked, hold: ended(asked.hold, record) })
    } else if (record.kind === 'intent') {
      const asked = askedOf(record, open)
      if (asked !== null) open.delete(asked.hold.approval)
      statements.push(statementOf(record, outcomes.get(record.seq), asked?.hold ?? null))
    }
  }
  for (const { record, hold } of open.values()) statements.push(statementOf(record, undefined, hold))
  statements.sort((one, other) => one.seq - other.seq)
  const first = records[0]
  const last = records.at(-1)
  const end = records.find(({ kind }) => kind === 'session_end')
  return {
    session: found.session,
    engine: found.engine,
    target: first?.target ?? '',
    principal: first?.principal ?? null,
    from: first?.time ?? '',
    to: last?.time ?? '',
    end: end === undefined ? null : (textOf(member(Reflect.get(end, 'end'), 'reason')) ?? 'no reason is recorded'),
    recorded: found.chunks.length > 0,
    omittedRecords: found.omitted,
    statements,
  }
}

interface AskedStatement {
  readonly record: AuditRecord
  readonly hold: Hold
}

/** The question to people that led to this intent: the one it names, or the one that was just answered with no. Null: none. */
function askedOf(intent: AuditRecord, open: ReadonlyMap<string, AskedStatement>): AskedStatement | null {
  const named = open.get(intent.decision?.approval ?? '')
  if (named !== undefined) return named
  if (intent.decision?.effect !== 'deny') return null
  for (const asked of [...open.values()].toReversed())
    if (asked.hold.until !== null && asked.hold.state !== 'approved' && sqlOf(asked.record) === sqlOf(intent))
      return asked
  return null
}

function ended(hold: Hold, { time, approval }: AuditRecord): Hold {
  const said: unknown = approval?.['decisions']
  const decisions = (Array.isArray(said) ? (said as readonly unknown[]) : []).map((one) => ({
    subject: textOf(member(member(one, 'by'), 'subject')) ?? '?',
    verdict: textOf(member(one, 'verdict')) ?? '?',
    reason: textOf(member(one, 'reason')),
    through: textOf(member(one, 'through')) ?? '?',
  }))
  return { ...hold, until: time, state: textOf(approval?.['state']) ?? '?', decisions }
}

function sqlOf({ statement }: AuditRecord): string {
  return statement !== undefined && 'text' in statement ? statement.text : ''
}

function statementOf(record: AuditRecord, end: AuditRecord | undefined, held: Hold | null): TimelineStatement {
  const { seq, time, decision, actions = [], relations = [] } = record
  const text = sqlOf(record)
  const cut = text.length > MOST_TEXT
  const outcome = end?.outcome
  return {
    seq,
    time,
    state:
      decision?.effect === 'deny' || (decision === undefined && held?.until != null)
        ? 'refused'
        : outcome === undefined
          ? 'unknown'
          : outcome.error === null
            ? 'done'
            : 'failed',
    text: cut ? text.slice(0, MOST_TEXT).toWellFormed() : text,
    textCut: cut,
    actions,
    relations,
    rule: decision?.rule ?? null,
    code: decision?.code ?? outcome?.error ?? null,
    masked: end?.masked ?? record.masked ?? [],
    rows: outcome?.rows ?? null,
    microseconds: outcome?.duration_us ?? null,
    held,
  }
}

function member(whole: unknown, name: string): unknown {
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

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
  /** UTC. */
  readonly time: string
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
  /** In order. Empty: nobody said anything, or it is on record where it was not looked for. */
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
  /** In order. */
  readonly statements: readonly TimelineStatement[]
}

const MOST_TEXT = 400

/** Puts a session's records in order on a line of time. */
export function timelineOf(found: TrailOfSession): SessionTimeline {
  const { records, decisions } = found
  const holds = holdsOf(records, decisions)
  const outcomes = new Map<number, AuditRecord>()
  for (const record of records)
    if (record.statement !== undefined && 'intent' in record.statement) outcomes.set(record.statement.intent, record)
  const statements: TimelineStatement[] = []
  const told = new Set<string>()
  for (const record of records) {
    const approval = record.kind === 'intent' ? record.decision?.approval : null
    if (record.kind !== 'intent') continue
    const hold = approval == null ? undefined : holds.get(approval)
    // A retry under the same approval was not held again.
    const held = hold === undefined || told.has(hold.approval) ? null : hold
    if (held !== null) told.add(held.approval)
    statements.push(statementOf(record, outcomes.get(record.seq), held))
  }
  for (const record of records) {
    const hold = record.kind === 'approval_asked' ? holds.get(record.approval?.id ?? '') : undefined
    if (hold === undefined || told.has(hold.approval)) continue
    told.add(hold.approval)
    statements.push(statementOf(record, undefined, hold))
  }
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
    statements,
  }
}

/** By the approval's id. */
function holdsOf(records: readonly AuditRecord[], elsewhere: readonly AuditRecord[]): ReadonlyMap<string, Hold> {
  const holds = new Map<string, { -readonly [Name in keyof Hold]: Hold[Name] } & { decisions: HoldDecision[] }>()
  for (const record of [...records, ...elsewhere]) {
    const { kind, approval, time } = record
    if (approval === undefined) continue
    const hold = holds.get(approval.id)
    if (kind === 'approval_asked')
      holds.set(approval.id, { approval: approval.id, from: time, until: null, state: 'pending', decisions: [] })
    else if (hold === undefined) continue
    else if (kind === 'approval_ended') {
      hold.until = time
      hold.state = textOf(approval['state']) ?? ''
    } else if (kind === 'approval_decided') {
      hold.decisions.push({
        subject: textOf(member(approval['by'], 'subject')) ?? '?',
        verdict: textOf(approval['verdict']) ?? '?',
        reason: textOf(approval['reason']),
        through: textOf(approval['through']) ?? '?',
        time,
      })
    }
  }
  return holds
}

function statementOf(record: AuditRecord, end: AuditRecord | undefined, held: Hold | null): TimelineStatement {
  const { seq, time, statement, decision, actions = [], relations = [] } = record
  const text = statement !== undefined && 'text' in statement ? statement.text : ''
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

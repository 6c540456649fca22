/** What of a record is searched by and counted, where it is not simply one of its members. */
import type { AuditRecord } from '@gatehouse/core'
import type { StatementOutcome } from './trail-index.ts'

/** Refusals that people were asked before. */
const ASKED_BEFORE: ReadonlySet<string> = new Set([
  'APPROVAL_REFUSED',
  'APPROVAL_TIMEOUT',
  'APPROVAL_PENDING',
  'APPROVAL_VOIDED',
])

/** What became of an intent, `outcome` its outcome record or null. Null: the record is no intent. */
export function statementOutcome(record: AuditRecord, outcome: AuditRecord | null): StatementOutcome | null {
  if (record.kind !== 'intent') return null
  if (record.decision?.effect === 'deny') return 'refused'
  const became = outcome?.outcome
  if (became === undefined) return 'unknown'
  return became.error === null ? 'done' : 'failed'
}

/** The code of a refusal, of a statement or a login, else of the server's error. Null: there is none. */
export function codeOf(record: AuditRecord, outcome: AuditRecord | null): string | null {
  const { decision, refusal } = record as AuditRecord & { readonly refusal?: { readonly code: string } }
  return decision?.code ?? refusal?.code ?? (outcome ?? record).outcome?.error ?? null
}

/** True: people were asked about the statement, or it ran under an approval or a grant. Null: the record is no intent. */
export function isHeld({ kind, decision }: AuditRecord): boolean | null {
  if (kind !== 'intent') return null
  return (decision?.approval ?? null) !== null || ASKED_BEFORE.has(decision?.code ?? '')
}

/** The rules that decided; empty where nothing was decided. */
export function rulesOf({ decision }: AuditRecord): readonly string[] {
  return decision === undefined ? [] : (decision.rules ?? [decision.rule])
}

/** The text of a statement; null: the record has none. */
export function textOf({ statement }: AuditRecord): string | null {
  return statement !== undefined && 'text' in statement ? statement.text : null
}

/** The fingerprint of a statement; null: the record has none. */
export function fingerprintOf({ statement }: AuditRecord): string | null {
  return statement !== undefined && 'text' in statement ? statement.fingerprint : null
}

/** A record's time in milliseconds. What is no time of this format is 1970: it must neither be lost nor stop those behind it. */
export function timeOf({ time }: AuditRecord): number {
  const milliseconds = typeof time === 'string' && /^\d{4}-/.test(time) ? Date.parse(time) : Number.NaN
  return Number.isNaN(milliseconds) ? 0 : milliseconds
}

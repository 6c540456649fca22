import type { AuditedParameter } from '../audit/record.ts'
import type { Principal } from '../auth/principal.ts'
import type { ApprovalNeed } from '../policy/approval-need.ts'
import type { Authority } from '../policy/authority.ts'
import { boundText } from './bound-value.ts'
import { doingsOf, objectName } from './grant.ts'
import type { ApproverRequirement } from './may-decide.ts'
import { type AskedStatement, requestKey, type SessionSettings, settingsText } from './request-key.ts'
import { riskOf } from './risk.ts'
import { runsUnseen } from './unseen.ts'

/** What approvers are shown. Of the database it holds nothing but a number of rows; the rest is the sender's own words. */
export interface ApprovalRequest {
  /** See `requestKey`. */
  readonly key: string
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor' | 'groups'>
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  readonly statement: ShownStatement
  /** See `riskOf`. */
  readonly risk: number
  /** Rows the planner expects to be touched; null: not known. */
  readonly estimatedRows: number | null
  /** Names of the rules that ask. */
  readonly rules: readonly string[]
  readonly by: readonly ApproverRequirement[]
  /** How many different people must say yes. */
  readonly approvalsNeeded: number
  readonly graceSeconds: number
}

/** A statement as it is shown. */
export interface ShownStatement {
  readonly text: string
  /** As text; NULL is null; bytes are what they stand for where their type is declared and known, else `\x…`. `[masked]` where it may be the value of a masked column. */
  readonly parameters: readonly (string | null)[]
  readonly fingerprint: string
  readonly actions: readonly string[]
  /** Every relation, as `objectName` writes it. */
  readonly relations: readonly string[]
  /** All that it does and is about: see `doingsOf`. */
  readonly doings: readonly string[]
  /** What its session is set to other than the server's own. */
  readonly settings: SessionSettings
  /** Masked columns that would come back in clear. */
  readonly unmasked: readonly string[]
}

/** Longest text that is shown, and so can be asked for, in bytes of UTF-8: people approve only what they can read. */
export const MAX_ASKED_TEXT_BYTES = 65_536
/** Most bound values that can be asked for. */
export const MAX_ASKED_PARAMETERS = 1_000
/** Most bytes of all bound values together. */
export const MAX_ASKED_PARAMETER_BYTES = 65_536

/** Most bytes of all settings of the session that differ from the server's, with their names. */
export const MAX_ASKED_SETTINGS_BYTES = 8_192

/** The request for a statement; a text says why it cannot be asked for, as a clause (`it is too long …`). */
export function approvalRequest(
  asked: Omit<AskedStatement, 'principal'> & { readonly principal: ApprovalRequest['principal'] },
  authority: Authority,
  estimatedRows: number | null,
): ApprovalRequest | string {
  const { principal, target, engine, text, facts, need, settings, unmasked } = asked
  const parameters = asked.parameters ?? []
  const textBytes = Buffer.byteLength(text, 'utf8')
  if (textBytes > MAX_ASKED_TEXT_BYTES)
    return `it is too long to be shown to people: ${textBytes} bytes, of at most ${MAX_ASKED_TEXT_BYTES}`
  const bytes = parameters.reduce((sum, value) => sum + (value === null ? 0 : Buffer.byteLength(value)), 0)
  if (parameters.length > MAX_ASKED_PARAMETERS || bytes > MAX_ASKED_PARAMETER_BYTES)
    return `its ${parameters.length} bound values of ${bytes} bytes are too many to be shown to people: at most ${MAX_ASKED_PARAMETERS} of ${MAX_ASKED_PARAMETER_BYTES} bytes`
  const settingsBytes = Buffer.byteLength(settingsText(settings), 'utf8')
  if (settingsBytes > MAX_ASKED_SETTINGS_BYTES)
    return `its session has too many settings to be shown to people: ${settingsBytes} bytes, of at most ${MAX_ASKED_SETTINGS_BYTES}`
  if (runsUnseen(facts))
    return 'it runs a prepared statement or a cursor of SQL, or takes values from settings, user variables or what the session did before, that people would not see: send the statement itself, with its values'
  // Facts do not say which value meets which column.
  const masked = facts.statements.some((statement) => authority.meetsMasks(statement))
  const accesses = facts.statements.flatMap((one) => [...one.accesses, ...one.beneath.accesses])
  const relations = accesses.flatMap(({ relation }) => (relation === null ? [] : [objectName(relation)]))
  const { issuer, subject, actor, groups } = principal
  return {
    key: requestKey(asked),
    principal: { issuer, subject, actor, groups },
    target,
    engine,
    statement: {
      text,
      parameters: parameters.map((value, index) =>
        shown(value, masked, engine === 'postgres' ? asked.parameterTypes[index] : 0),
      ),
      fingerprint: facts.fingerprint,
      actions: sorted([...facts.statements, ...accesses].map(({ action }) => action)),
      relations: sorted(relations),
      doings: doingsOf(facts),
      settings,
      unmasked,
    },
    risk: riskOf(facts, estimatedRows, unmasked.length > 0),
    estimatedRows,
    ...termsOf(need),
  }
}

function termsOf({
  rules,
  approvals,
  graceSeconds,
}: ApprovalNeed): Pick<ApprovalRequest, 'rules' | 'by' | 'approvalsNeeded' | 'graceSeconds'> {
  return {
    rules: rules.map(({ rule }) => rule),
    by: rules.map(({ rule, by }) => ({ rule, groups: by.groups, subjects: by.subjects })),
    approvalsNeeded: approvals,
    graceSeconds,
  }
}

function shown(value: AuditedParameter, masked: boolean, type: number | string | undefined): string | null {
  if (value === null) return null
  if (masked) return '[masked]'
  if (typeof value === 'string') return value
  const bytes = Buffer.from(value)
  return boundText(Number(type ?? 0), bytes) ?? `\\x${bytes.toString('hex')}`
}

function sorted(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort()
}

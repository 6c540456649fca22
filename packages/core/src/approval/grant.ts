import type { Principal } from '../auth/principal.ts'
import type { ApprovalNeed } from '../policy/approval-need.ts'
import { factsOf } from '../policy/allow-rules.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'
import { type SessionSettings, settingsText } from './request-key.ts'
import { runsUnseen } from './unseen.ts'

/** A permission with an end: what a person has approved in advance, for one principal on one target. */
export interface Grant {
  readonly id: string
  /** Exactly this principal; `actor` null: one that no agent acts for. */
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor'>
  readonly target: string
  readonly covers: GrantCover
  /** The rules whose approval it stands for: a rule that came later asks all the same. */
  readonly rules: readonly string[]
  /** When it ends, in milliseconds since the epoch. */
  readonly until: number
}

/**
 * What a grant covers: statements of one shape that do exactly what the one did that it was given for (`actions`: its
 * `doingsOf`), in sessions with the same settings; or these actions on these relations (each as `objectName` writes it), both exactly.
 */
export type GrantCover =
  | {
      readonly kind: 'fingerprint'
      readonly fingerprint: string
      readonly actions: readonly string[]
      readonly relations: readonly string[]
      /** What the session was set to: under other settings the same shape may mean something else. */
      readonly settings: SessionSettings
    }
  | { readonly kind: 'actions'; readonly actions: readonly string[]; readonly relations: readonly string[] }

/** What a text does, as texts to compare and to show: `update on public.orders`, `call of app.refund`. Sorted, each once. */
export function doingsOf({ statements }: TextFacts): readonly string[] {
  return [...new Set(statements.flatMap(doings))].sort()
}

function doings(statement: StatementFacts): readonly string[] {
  const accesses = [...statement.accesses, ...statement.beneath.accesses]
  const functions = [...statement.functions, ...statement.beneath.functions]
  return [
    statement.action,
    ...(statement.unboundedWrite ? ['unbounded write'] : []),
    ...accesses.map(({ action, relation }) => `${action} on ${objectName(relation)}`),
    ...functions.filter(({ trust }) => trust !== 'harmless').map((use) => `call of ${objectName(use)}`),
    ...statement.settings.map(({ action, name, value }) => `${action} of setting ${JSON.stringify([name, value])}`),
    ...[...statement.files, ...statement.programs].map((outside) => `use of ${JSON.stringify(outside)}`),
  ]
}

/** Quoted where a dot or a blank in a name could make two names one. */
export function objectName(name: { readonly schema: string | null; readonly name: string } | null): string {
  if (name === null) return 'nothing'
  const quoted = (part: string): string => (/^[\p{L}\p{N}_$]+$/u.test(part) ? part : JSON.stringify(part))
  return name.schema === null ? quoted(name.name) : `${quoted(name.schema)}.${quoted(name.name)}`
}

/** A statement that needs approval, as far as grants look at it. */
export interface GrantedStatement {
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor'>
  readonly target: string
  readonly facts: TextFacts
  readonly need: ApprovalNeed
  readonly settings: SessionSettings
  /** Masked columns that it asks for in clear: no grant is for those. */
  readonly unmasked: readonly string[]
}

/** True when the grant stands for the approval of the statement at `now` (milliseconds since the epoch). In doubt it does not. */
export function grantCovers(grant: Grant, asked: GrantedStatement, now: number): boolean {
  const { principal, target, facts, need, settings, unmasked } = asked
  if (unmasked.length > 0) return false
  const { issuer, subject, actor } = grant.principal
  if (issuer !== principal.issuer || subject !== principal.subject || actor !== principal.actor) return false
  if (grant.target !== target || !(now < grant.until)) return false
  if (!need.rules.every(({ rule }) => grant.rules.includes(rule))) return false
  if (runsUnseen(facts) || !facts.statements.every(({ complete, dynamicSql }) => complete && !dynamicSql)) return false
  const { covers } = grant
  if (covers.kind === 'fingerprint') {
    const does = doingsOf(facts)
    return (
      covers.fingerprint === facts.fingerprint &&
      sameTexts(covers.actions, does) &&
      settingsText(covers.settings) === settingsText(settings)
    )
  }
  const reads = need.rules.some(({ asksReads }) => asksReads)
  return facts.statements.every((statement) => coversActions(covers, statement, reads))
}

/** All that it does to relations must be granted; what it only reads too, where a rule asks about reading (`reads`). */
function coversActions(
  covers: GrantCover & { readonly kind: 'actions' },
  statement: StatementFacts,
  reads: boolean,
): boolean {
  // A grant for rows that a condition narrows is none for all of them.
  if (statement.unboundedWrite && !covers.actions.includes('unbounded write')) return false
  if (!factsOf(statement).every(({ kind }) => kind === 'access')) return false
  const accesses = [...statement.accesses, ...statement.beneath.accesses]
  const asked = accesses.filter(({ action }) => reads || action !== 'select')
  return (
    asked.length > 0 &&
    asked.every(
      ({ action, relation }) =>
        relation !== null && covers.actions.includes(action) && covers.relations.includes(objectName(relation)),
    )
  )
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index])
}

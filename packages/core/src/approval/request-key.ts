import { createHash } from 'node:crypto'
import type { AuditedEngine, AuditedParameter } from '../audit/record.ts'
import type { Principal } from '../auth/principal.ts'
import type { ApprovalNeed } from '../policy/approval-need.ts'
import type { TextFacts } from '../statement/facts.ts'

/** What a session is set to other than the server's own, by name: what its statements mean may depend on it. */
export type SessionSettings = Readonly<Record<string, string>>

/** Everything that makes a statement this one and no other, for who approves it. */
export interface AskedStatement {
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor'>
  readonly target: string
  readonly engine: AuditedEngine
  readonly text: string
  /** Null: none are bound. */
  readonly parameters: readonly AuditedParameter[] | null
  /** What the client says the types of its parameters are, in order; empty: it does not. The same bytes of another type are another value. */
  readonly parameterTypes: readonly (number | string)[]
  /** What its session is set to. The same text may mean something else under other settings. */
  readonly settings: SessionSettings
  /** What it was read to do: should names come to mean something else, it is another statement. */
  readonly facts: TextFacts
  /** Masked columns that come back in clear, as `schema.relation.column`. */
  readonly unmasked: readonly string[]
  /** Who has to say yes: under other rules it is another request. */
  readonly need: ApprovalNeed
}

/**
 * What requests to approve the same have in common, and no others: 64 hexadecimal digits. SHA-256 over each part with its
 * kind and its length in bytes, so that no two statements have the same parts.
 */
export function requestKey(asked: AskedStatement): string {
  const sum = createHash('sha256')
  const part = (kind: string, value: string | Uint8Array): void => {
    const length = typeof value === 'string' ? Buffer.byteLength(value, 'utf8') : value.byteLength
    sum.update(`${kind}${length}:`).update(value)
  }
  const { principal, target, engine, text, parameters, parameterTypes, settings, facts, unmasked, need } = asked
  part('who', JSON.stringify([principal.issuer, principal.subject, principal.actor]))
  part('where', JSON.stringify([target, engine]))
  part('text', text)
  part('types', JSON.stringify(parameterTypes))
  part('parameters', String(parameters?.length ?? 'none'))
  for (const value of parameters ?? []) {
    if (value === null) sum.update('null;')
    else part(typeof value === 'string' ? 't' : 'b', value)
  }
  part('settings', settingsText(settings))
  part('unmasked', JSON.stringify(unmasked))
  for (const statement of facts.statements) part('does', JSON.stringify(doings(statement)))
  part('terms', JSON.stringify(need.rules.map(({ rule, by, approvals }) => [rule, by.groups, by.subjects, approvals])))
  return sum.digest('hex')
}

/** The same text for the same settings, whatever their order. */
export function settingsText(settings: SessionSettings): string {
  return JSON.stringify(Object.entries(settings).toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

/** Its actions, and all that they are about. */
function doings(statement: TextFacts['statements'][number]): readonly unknown[] {
  const { action, accesses, beneath, functions } = statement
  const lists = [accesses, beneath.accesses].map((list) =>
    list.map((access) => [access.action, access.relation?.schema ?? null, access.relation?.name ?? null]),
  )
  const called = [...functions, ...beneath.functions].map(({ schema, name }) => [schema, name])
  return [action, ...lists, called, statement.writes.map(({ target }) => target)]
}

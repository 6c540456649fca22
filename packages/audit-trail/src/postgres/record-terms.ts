import type { AuditRecord } from '@gatehouse/core'
import { hash } from 'node:crypto'
import { codeOf, fingerprintOf, isHeld, rulesOf, statementOutcome } from '../search/record-facts.ts'
import type { TrailQuery } from '../search/trail-index.ts'

/** What a row is found by, each a number of 64 bits in decimal: no value is too long for an index, or holds what the database cannot. */
export type Terms = readonly string[]

/** Members that a row may be found by. Those of an outcome are its own: searched only where outcomes are. */
type Member =
  | 'session'
  | 'subject'
  | 'actor'
  | 'target'
  | 'kind'
  | 'action'
  | 'relation'
  | 'masked'
  | 'rule'
  | 'outcome'
  | 'code'
  | 'held'
  | 'fingerprint'
  | 'code of the outcome'
  | 'masked in the outcome'

/** Terms that were made lately: most values come again and again. */
const known = new Map<string, string>()
const MAX_KNOWN = 50_000
/** A longer value is not worth keeping. */
const MAX_KNOWN_UNITS = 200

function termOf(member: Member, value: string): string {
  const key = `${member}\u0000${value}`
  const before = known.get(key)
  if (before !== undefined) return before
  const term = String(Buffer.from(hash('sha256', key, 'hex').slice(0, 16), 'hex').readBigInt64BE())
  if (key.length <= MAX_KNOWN_UNITS) {
    if (known.size >= MAX_KNOWN) known.clear()
    known.set(key, term)
  }
  return term
}

/** What an intent or another record is found by, `outcome` that of the intent. */
export function recordTerms(record: AuditRecord, outcome: AuditRecord | null): Terms {
  const { session, principal, target, kind, actions, relations, masked } = record
  const terms = new Set([termOf('kind', kind)])
  const add = (member: Member, value: string | null | undefined): void => {
    if (typeof value === 'string') terms.add(termOf(member, value))
  }
  add('session', session)
  add('subject', principal?.subject)
  add('actor', principal?.actor)
  add('target', target)
  for (const action of actions ?? []) add('action', action)
  for (const relation of relations ?? []) add('relation', relation)
  for (const column of masked ?? []) add('masked', column)
  for (const rule of rulesOf(record)) add('rule', rule)
  add('outcome', statementOutcome(record, outcome))
  add('code', codeOf(record, outcome))
  const held = isHeld(record)
  if (held !== null) add('held', String(held))
  add('fingerprint', fingerprintOf(record))
  for (const term of outcome === null ? [] : outcomeTerms(outcome)) terms.add(term)
  return [...terms]
}

/** What an outcome is found by where outcomes are looked for. */
export function outcomeTerms(outcome: AuditRecord): Terms {
  const terms = new Set<string>()
  if (typeof outcome.session === 'string') terms.add(termOf('session', outcome.session))
  const code = codeOf(outcome, null)
  if (code !== null) terms.add(termOf('code of the outcome', code))
  for (const column of outcome.masked ?? []) terms.add(termOf('masked in the outcome', column))
  return [...terms]
}

/** What rows must have to match. Null: none can. */
export function queryTerms(query: TrailQuery): Terms | null {
  const { kind, session, subject, actor, target, action, relation, masked, rule, outcome, code, held, fingerprint } =
    query
  const terms: string[] = []
  const add = (member: Member, value: string | undefined): void => {
    if (value !== undefined) terms.push(termOf(member, value))
  }
  add('session', session)
  if (kind === 'outcome') {
    const others = [subject, actor, target, action, relation, rule, outcome, fingerprint, query.text, held]
    if (others.some((value) => value !== undefined)) return null
    add('masked in the outcome', masked)
    add('code of the outcome', code)
    return terms
  }
  add('kind', kind)
  add('subject', subject)
  add('actor', actor)
  add('target', target)
  add('action', action)
  add('relation', relation)
  add('masked', masked)
  add('rule', rule)
  add('outcome', outcome)
  add('code', code)
  add('held', held === undefined ? undefined : String(held))
  add('fingerprint', fingerprint)
  return terms
}

/** A text as it is searched in: in lower case, and without what the database cannot hold. */
export function searchable(text: string): string {
  return text.toLowerCase().replaceAll('\u0000', '\ufffd').toWellFormed()
}

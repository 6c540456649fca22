/** What an index must find and count, from all records at once: slow, and simple enough to be believed. */
import type { AuditRecord } from '@gatehouse/core'
import type { Counted, Facet, FoundRecord, TrailQuery } from '../trail-index.ts'
import type { WrittenTrail } from './written-trails.ts'

/** All that matches, in order, where no clock went back. */
export function naiveSearch(
  trails: readonly WrittenTrail[],
  query: TrailQuery,
  order: 'newest' | 'oldest',
): readonly FoundRecord[] {
  const found = trails.flatMap(({ identity: { gateway }, shipped }) => {
    const outcomes = new Map<number, AuditRecord>()
    for (const { record } of shipped)
      if (record.kind === 'outcome' && record.statement !== undefined && 'intent' in record.statement)
        outcomes.set(record.statement.intent, record)
    return shipped.map(({ record }) => ({
      gateway,
      record,
      outcome: record.kind === 'intent' ? (outcomes.get(record.seq) ?? null) : null,
    }))
  })
  const wanted = found.filter((one) => matches(one, query))
  wanted.sort(
    ({ gateway, record }, { gateway: otherGateway, record: other }) =>
      compare(record.time, other.time) || compare(gateway, otherGateway) || record.seq - other.seq,
  )
  return order === 'oldest' ? wanted : wanted.toReversed()
}

/** The 20 values that most of these records have, of records of every kind. */
export function naiveFacet(found: readonly FoundRecord[], facet: Facet): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const one of found)
    for (const value of new Set(valuesOf(one, facet))) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((one, other) => other.count - one.count || compare(one.value, other.value))
    .slice(0, 20)
}

/** What a record says of one thing; empty: nothing. */
function valuesOf({ record, outcome }: FoundRecord, facet: Facet): readonly string[] {
  const { principal, target, kind, actions, relations, masked, decision } = record
  const { refusal } = record as unknown as { readonly refusal?: { readonly code: string } }
  const intent = kind === 'intent'
  const error = (intent ? outcome : record)?.outcome?.error
  switch (facet) {
    case 'subject':
      return known(principal?.subject)
    case 'actor':
      return known(principal?.actor)
    case 'target':
      return known(target)
    case 'kind':
      return [kind]
    case 'action':
      return actions ?? []
    case 'relation':
      return relations ?? []
    case 'masked':
      return masked ?? []
    case 'rule':
      return decision?.rules ?? known(decision?.rule)
    case 'outcome':
      if (!intent) return []
      if (decision?.effect === 'deny') return ['refused']
      if (outcome === null) return ['unknown']
      return [error === null ? 'done' : 'failed']
    case 'code':
      return known(decision?.code ?? refusal?.code ?? error)
    default:
      throw facet satisfies never
  }
}

function matches(found: FoundRecord, query: TrailQuery): boolean {
  const { record, gateway } = found
  const statement = record.statement !== undefined && 'text' in record.statement ? record.statement : null
  const has = (facet: Facet): boolean => query[facet] === undefined || valuesOf(found, facet).includes(query[facet])
  const { text } = query
  const asked = (record.decision?.approval ?? null) !== null || record.decision?.code?.startsWith('APPROVAL_') === true
  return (
    (query.kind === undefined ? record.kind !== 'outcome' : record.kind === query.kind) &&
    (query.gateway === undefined || gateway === query.gateway) &&
    (query.session === undefined || record.session === query.session) &&
    has('subject') &&
    has('actor') &&
    has('target') &&
    has('action') &&
    has('relation') &&
    has('masked') &&
    has('rule') &&
    has('outcome') &&
    has('code') &&
    (query.held === undefined || (record.kind === 'intent' && query.held === asked)) &&
    (query.fingerprint === undefined || statement?.fingerprint === query.fingerprint) &&
    (text === undefined || (statement !== null && statement.text.toLowerCase().includes(text.toLowerCase()))) &&
    (query.since === undefined || record.time >= query.since) &&
    (query.until === undefined || record.time < query.until)
  )
}

function known(value: string | null | undefined): readonly string[] {
  return value === undefined || value === null ? [] : [value]
}

function compare(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}

import type { AuditRecord } from '@gatehouse/core'
import { codeOf, fingerprintOf, isHeld, rulesOf, statementOutcome, textOf } from './record-facts.ts'
import type { TrailQuery } from './trail-index.ts'

/** Whether a record that this gateway wrote matches, as far as it can be told without what became of it. Throws for what is no record. */
export function matchesRecord(query: TrailQuery, gateway: string, record: AuditRecord): boolean {
  const { principal } = record
  return (
    (query.kind === undefined ? record.kind !== 'outcome' : record.kind === query.kind) &&
    (query.gateway === undefined || gateway === query.gateway) &&
    (query.session === undefined || record.session === query.session) &&
    (query.subject === undefined || principal?.subject === query.subject) &&
    (query.actor === undefined || principal?.actor === query.actor) &&
    (query.target === undefined || record.target === query.target) &&
    (query.action === undefined || record.actions?.includes(query.action) === true) &&
    (query.relation === undefined || record.relations?.includes(query.relation) === true) &&
    (query.masked === undefined || record.masked?.includes(query.masked) === true) &&
    (query.rule === undefined || rulesOf(record).includes(query.rule)) &&
    (query.held === undefined || isHeld(record) === query.held) &&
    (query.fingerprint === undefined || fingerprintOf(record) === query.fingerprint) &&
    (query.text === undefined || textOf(record)?.toLowerCase().includes(query.text.toLowerCase()) === true) &&
    (query.since === undefined || record.time >= query.since) &&
    (query.until === undefined || record.time < query.until)
  )
}

/** The rest: whether what became of it is what was asked for. */
export function matchesOutcome(query: TrailQuery, record: AuditRecord, outcome: AuditRecord | null): boolean {
  return (
    (query.outcome === undefined || statementOutcome(record, outcome) === query.outcome) &&
    (query.code === undefined || codeOf(record, outcome) === query.code)
  )
}

import type { Admission, GateSession, Judgement } from '@gatehouse/core'

/** Relations that a summary names; more are left out. */
const RELATIONS = 3
/** As OpenTelemetry's conventions for databases have it. */
const SUMMARY_LENGTH = 255

/**
 * What a text does and to which relations: `SELECT public.customers`. Of low cardinality, and without anything that a client made up: only relations
 * that there are.
 */
export function summaryOf({ facts }: Judgement): string {
  if (facts === null) return 'unreadable'
  const actions = new Set(facts.statements.map(({ action }) => action.toUpperCase().replaceAll('_', ' ')))
  const relations = new Set(
    facts.statements.flatMap(({ accesses }) =>
      accesses.flatMap(({ relation }) =>
        relation === null || relation.schema === null ? [] : [`${relation.schema}.${relation.name}`],
      ),
    ),
  )
  const summary = [[...actions].join('; '), [...relations].slice(0, RELATIONS).join(', ')].join(' ').trim()
  return summary === '' ? 'none' : summary.slice(0, SUMMARY_LENGTH)
}

/** The attributes of a statement's span: OpenTelemetry's for databases, and those of the gateway. No text, literal, value or person. */
export function attributesOf(
  { id, engine, target }: GateSession,
  admission: Admission,
  error: string | null,
): Record<string, string | number | string[]> {
  const { judgement, refusal, approval, intent, rows, bytes, maskedCells } = admission
  const statements = judgement.facts?.statements ?? []
  const rules = judgement.decisions.flatMap((decision) => (decision.kind === 'deny' ? [decision.rule] : decision.rules))
  const failed = refusal?.code ?? error
  return {
    'db.system.name': engine === 'postgres' ? 'postgresql' : 'mysql',
    'db.namespace': target,
    'db.query.summary': summaryOf(judgement),
    ...(statements.length === 1 ? { 'db.operation.name': statements[0]?.action.toUpperCase() ?? '' } : {}),
    ...(judgement.facts === null ? {} : { 'gatehouse.fingerprint': judgement.facts.fingerprint }),
    'gatehouse.session.id': id,
    'gatehouse.record': intent,
    'gatehouse.decision': refusal === null ? (approval === null ? 'permit' : 'approved') : 'refused',
    'gatehouse.rules': refusal === null ? [...new Set(rules)] : [refusal.rule],
    ...(approval === null && (refusal?.approval ?? null) === null
      ? {}
      : { 'gatehouse.approval.id': approval ?? refusal?.approval ?? '' }),
    ...(failed === null ? {} : { 'error.type': failed }),
    ...(refusal === null && error !== null ? { 'db.response.status_code': error } : {}),
    ...(refusal === null
      ? {
          'db.response.returned_rows': rows,
          'gatehouse.result.bytes': bytes,
          'gatehouse.masked.cells': maskedCells,
          'gatehouse.masked.columns': maskedColumnsOf(judgement),
        }
      : {}),
  }
}

/** Base columns that were masked, as the trail names them. */
function maskedColumnsOf({ obligations }: Judgement): string[] {
  const columns = obligations.flatMap(({ outputs }) => (outputs ?? []).flatMap((mask) => mask?.columns ?? []))
  return [...new Set(columns)]
}

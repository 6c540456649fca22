import type { AuditRecord } from '@gatehouse/core'
import type { TrailIdentity } from '../shipping/destination.ts'
import { DATASTORE_ACTIVITY } from './ocsf-class.ts'
import { type EventParts, recordUid } from './ocsf-frame.ts'
import { actorOf, memberOf, milliseconds, unmapped } from './ocsf-members.ts'

/** What an action comes to, the gravest first: a text that reads and deletes is a `Delete`. */
const ACTIVITIES: readonly (readonly [activity: string, actions: RegExp])[] = [
  ['Delete', /^(?:delete|truncate|drop_)/],
  ['Create', /^create_/],
  ['Update', /^(?:update|merge|alter_)/],
  ['Write', /^(?:insert|copy_from|load)/],
  ['Read', /^copy_to$/],
  ['Query', /^(?:select|show|fetch)$/],
]

/** A statement that was decided. What it did is in the event of its outcome, which names this one. */
export function intentEvent(record: AuditRecord): EventParts {
  const { statement, actions = [], relations = [], decision, masked = [] } = record
  const text = statement !== undefined && 'text' in statement ? statement : null
  const denied = decision?.effect === 'deny'
  const rules = decision === undefined ? [] : (decision.rules ?? [decision.rule])
  const parameters = text?.parameters ?? []
  const { text: _text, parameters: _parameters, fingerprint, ...more } = memberOf(record, 'statement')
  return {
    class: DATASTORE_ACTIVITY,
    activity: activityOf(actions),
    severity: denied ? 'Medium' : 'Informational',
    status: denied ? 'Failure' : 'Unknown',
    message: `${record.principal?.subject ?? 'unknown'}: ${actions.join(', ') || 'a statement'} on ${record.target ?? 'unknown'} was ${
      denied ? `refused (${decision.code ?? decision.rule})` : 'let through'
    }${masked.length === 0 ? '' : ', masked'}`,
    denied,
    rest: {
      status_code: decision?.code,
      status_detail: decision?.object,
      actor: actorOf(record),
      src_endpoint: sourceOf(record),
      database: databaseOf(record),
      table: relations.length === 1 ? { name: relations[0] } : undefined,
      query_info: {
        name: actions[0] ?? 'unread',
        query_string: text?.text ?? '',
        uid: fingerprint ?? undefined,
        data: parameters.length === 0 ? undefined : parameters,
      },
      authorizations: rules.map((name) => ({ decision: denied ? 'deny' : 'permit', policy: { name } })),
      unmapped: {
        ...unmapped(record, 'principal', 'session', 'target', 'statement'),
        statement: Object.keys(more).length === 0 ? undefined : more,
      },
    },
  }
}

/** What became of a statement. Its record says of it the number alone. */
export function outcomeEvent(of: TrailIdentity, record: AuditRecord): EventParts {
  const { statement, outcome } = record
  const intent = statement !== undefined && 'intent' in statement ? recordUid(of, statement.intent) : null
  const error = outcome?.error ?? null
  return {
    class: DATASTORE_ACTIVITY,
    activity: 'Outcome',
    severity: error === null ? 'Informational' : 'Low',
    status: error === null ? 'Success' : 'Failure',
    message: `${intent ?? 'A statement'} ${error === null ? 'is done' : `ended with error ${error}`}`,
    ...(intent === null ? {} : { correlation: intent }),
    rest: {
      status_code: error ?? undefined,
      duration: milliseconds(outcome?.duration_us),
      actor: actorOf(record),
      src_endpoint: sourceOf(record),
      database: databaseOf(record),
      unmapped: unmapped(record, 'principal', 'session', 'target'),
    },
  }
}

function activityOf(actions: readonly string[]): string {
  const found = ACTIVITIES.find(([, known]) => actions.some((action) => known.test(action)))
  return found?.[0] ?? actions[0] ?? 'Unread'
}

/** The client's address is in the session's Logon: here its end is called by the session. */
function sourceOf({ session }: AuditRecord): Readonly<Record<string, unknown>> {
  return session === undefined ? { name: 'unknown' } : { uid: session }
}

function databaseOf({ target }: AuditRecord): Readonly<Record<string, unknown>> {
  return target === undefined
    ? { name: 'unknown', type_id: 0, type: 'Unknown' }
    : { name: target, type_id: 1, type: 'Relational' }
}

import type { AuditRecord } from '@gatehouse/core'
import type { TrailIdentity } from '../shipping/destination.ts'
import {
  APPLICATION_ERROR,
  AUTHENTICATION,
  DETECTION_FINDING,
  ENTITY_MANAGEMENT,
  EVENT_LOG_ACTIVITY,
} from './ocsf-class.ts'
import { adminEvent, approvalEvent } from './ocsf-decisions.ts'
import { type EventParts, makeEvent, type OcsfEvent, recordUid } from './ocsf-frame.ts'
import { actorOf, endpointOf, memberOf, milliseconds, sessionOf, textOf, unmapped, userOf } from './ocsf-members.ts'
import { intentEvent, outcomeEvent } from './ocsf-statements.ts'

/**
 * A record as an event of the Open Cybersecurity Schema Framework. Every record is one event, so that a gap in
 * `metadata.sequence` is a loss; the same record gives the same event each time, with the same `metadata.uid`. It holds
 * nothing that the record does not: what has no place in the schema is in `unmapped`, under the record's own names.
 * Never throws: members that a record lacks are left out, or said to be unknown where the schema wants them.
 */
export function ocsfEvent(of: TrailIdentity, record: AuditRecord): OcsfEvent {
  return makeEvent(of, record, partsOf(of, record))
}

function partsOf(of: TrailIdentity, record: AuditRecord): EventParts {
  switch (record.kind) {
    case 'session_start':
    case 'session_end':
      return sessionEvent(record)
    case 'login_refused':
      return refusedLogin(record)
    case 'intent':
      return intentEvent(record)
    case 'outcome':
      return outcomeEvent(of, record)
    case 'approval_asked':
    case 'approval_decided':
    case 'approval_ended':
      return approvalEvent(record)
    case 'admin_action':
      return adminEvent(record)
    case 'policy_loaded':
      return policyEvent(record)
    case 'alarm':
      return alarmEvent(of, record)
    case 'recording':
    case 'trail_opened':
    case 'trail_repaired':
    case 'segment_closed':
    case 'retention':
      return trailEvent(of, record)
    default:
      record.kind satisfies never
      // A later version wrote it.
      return { ...trailEvent(of, record), activity: String(record.kind) }
  }
}

/** In place of an event that a collector refused for good with this status: that it did, and where the record is. */
export function refusedEvent(of: TrailIdentity, record: AuditRecord, status: number): OcsfEvent {
  return makeEvent(of, record, {
    class: APPLICATION_ERROR,
    activity: 'General Error',
    severity: 'High',
    status: 'Failure',
    message: `The collector refused this event with status ${String(status)}: record ${recordUid(of, record.seq)} is in the trail alone`,
    rest: { status_code: String(status), unmapped: { hash: record.hash } },
  })
}

function sessionEvent(record: AuditRecord): EventParts {
  const begins = record.kind === 'session_start'
  const end = memberOf(record, 'end')
  const who = record.principal?.subject ?? 'unknown'
  return {
    class: AUTHENTICATION,
    activity: begins ? 'Logon' : 'Logoff',
    severity: 'Informational',
    status: 'Success',
    message: `${who} ${begins ? 'begins' : 'ends'} a session on ${record.target ?? 'unknown'}`,
    rest: {
      actor: actorOf(record),
      user: userOf(record.principal),
      session: sessionOf(record),
      service: { name: record.target ?? 'unknown' },
      src_endpoint: begins ? endpointOf(memberOf(record, 'client')['address']) : undefined,
      status_detail: end['reason'],
      duration: milliseconds(end['duration_us']),
      unmapped: unmapped(record, 'principal', 'session', 'target'),
    },
  }
}

function refusedLogin(record: AuditRecord): EventParts {
  const client = memberOf(record, 'client')
  const refusal = memberOf(record, 'refusal')
  return {
    class: AUTHENTICATION,
    activity: 'Logon',
    severity: 'Medium',
    status: 'Failure',
    message: `A login was refused: ${textOf(refusal['code'])}`,
    denied: true,
    rest: {
      user: { name: textOf(client['user']) },
      service: { name: textOf(record.target) },
      src_endpoint: endpointOf(client['address']),
      status_code: textOf(refusal['code']),
      status_detail: textOf(refusal['reason']),
      unmapped: unmapped(record, 'target', 'refusal'),
    },
  }
}

function policyEvent(record: AuditRecord): EventParts {
  const policy = memberOf(record, 'policy')
  return {
    class: ENTITY_MANAGEMENT,
    activity: 'Activate',
    severity: 'Informational',
    status: 'Success',
    message: `Policy ${textOf(policy['version'])} decides from here on`,
    rest: {
      entity: { name: textOf(policy['source']), uid: textOf(policy['version']), type_id: 5, type: 'Policy' },
      unmapped: unmapped(record),
    },
  }
}

function alarmEvent(of: TrailIdentity, record: AuditRecord): EventParts {
  const alarm = memberOf(record, 'alarm')
  return {
    class: DETECTION_FINDING,
    activity: 'Create',
    severity: 'High',
    // A finding's status says how far people are with it.
    status: null,
    message: textOf(alarm['message']),
    rest: {
      status_id: 1,
      status: 'New',
      is_alert: true,
      finding_info: {
        uid: recordUid(of, record.seq),
        title: textOf(alarm['code']),
        desc: textOf(alarm['message']),
        created_time: Date.parse(record.time),
      },
      evidences: record.session === undefined ? undefined : [{ actor: actorOf(record) }],
      unmapped: unmapped(record, 'principal', 'session'),
    },
  }
}

function trailEvent(of: TrailIdentity, record: AuditRecord): EventParts {
  const trail = memberOf(record, 'trail')
  const lost = memberOf(record, 'recording')['lost']
  const bad = record.kind === 'trail_repaired' || lost !== undefined
  return {
    class: EVENT_LOG_ACTIVITY,
    activity: trailActivity(record, trail, lost !== undefined),
    severity: bad ? 'High' : 'Informational',
    status: lost === undefined ? 'Success' : 'Failure',
    message: `The audit trail of ${of.gateway}: ${record.kind}`,
    rest: {
      log_name: 'audit trail',
      log_provider: 'gatehouse',
      log_type_id: 2,
      log_type: 'Application',
      actor: record.session === undefined ? undefined : actorOf(record),
      status_detail: lost,
      unmapped: unmapped(record, 'principal', 'session'),
    },
  }
}

function trailActivity(record: AuditRecord, trail: Readonly<Record<string, unknown>>, lost: boolean): string {
  switch (record.kind) {
    case 'trail_opened':
      return (trail['previous'] ?? null) === null ? 'Start' : 'Rotate'
    case 'trail_repaired':
      return 'Repair'
    case 'segment_closed':
      return 'Close segment'
    case 'retention':
      return 'Delete'
    default:
      return lost ? 'Recording lost' : 'Recording kept'
  }
}

import type { AuditRecord } from '@gatehouse/core'
import type { TrailIdentity } from '../shipping/destination.ts'
import {
  OCSF_VERSION,
  type OcsfClass,
  type OcsfSeverity,
  type OcsfStatus,
  OTHER_ACTIVITY,
  SEVERITIES,
  STATUSES,
} from './ocsf-class.ts'

/** What every event says of itself; receivers tell events apart by `uid`. */
export interface OcsfMetadata {
  readonly version: string
  /** `<gateway>/<trail>/<seq>`: the record's, and so always the same. */
  readonly uid: string
  /** The record's `seq`. */
  readonly sequence: number
  readonly [attribute: string]: unknown
}

/** An event as it is sent. */
export interface OcsfEvent {
  readonly class_uid: number
  readonly severity_id: number
  readonly metadata: OcsfMetadata
  readonly [attribute: string]: unknown
}

/** What differs from record to record. */
export interface EventParts {
  readonly class: OcsfClass
  /** One of the class, else it is `Other` by this name. */
  readonly activity: string
  readonly severity: OcsfSeverity
  /** Null: `rest` says it. */
  readonly status: OcsfStatus | null
  readonly message: string
  /** What the gateway did about it: true, refused it; false, let it be; absent: it had no say. */
  readonly denied?: boolean
  /** Names what belongs together: a statement and its outcome, what was said about one request. */
  readonly correlation?: string
  /** A member that is undefined is not sent. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** How a record is called in all trails. */
export function recordUid(of: TrailIdentity, seq: number): string {
  return `${of.gateway}/${of.trail}/${String(seq)}`
}

/** What all events have, around what is the record's own. */
export function makeEvent(of: TrailIdentity, record: AuditRecord, parts: EventParts): OcsfEvent {
  const { class: own, severity, status, denied, correlation } = parts
  const activity = own.activities[parts.activity] ?? OTHER_ACTIVITY
  return {
    class_uid: own.uid,
    class_name: own.name,
    category_uid: own.category,
    activity_id: activity,
    activity_name: parts.activity,
    type_uid: own.uid * 100 + activity,
    severity_id: SEVERITIES[severity],
    severity,
    ...(status === null ? {} : { status_id: STATUSES[status], status }),
    time: Date.parse(record.time),
    message: parts.message,
    metadata: {
      version: OCSF_VERSION,
      uid: recordUid(of, record.seq),
      sequence: record.seq,
      ...(correlation === undefined ? {} : { correlation_uid: correlation }),
      event_code: record.kind,
      original_time: record.time,
      log_name: 'audit trail',
      product: { name: 'Gatehouse', vendor_name: 'Gatehouse' },
      reporter: { name: of.gateway },
      ...(denied === undefined ? {} : { profiles: ['security_control'] }),
    },
    ...(denied === undefined ? {} : control(denied)),
    ...parts.rest,
  }
}

function control(denied: boolean): Readonly<Record<string, unknown>> {
  return denied
    ? { action_id: 2, action: 'Denied', disposition_id: 2, disposition: 'Blocked' }
    : { action_id: 1, action: 'Allowed', disposition_id: 1, disposition: 'Allowed' }
}

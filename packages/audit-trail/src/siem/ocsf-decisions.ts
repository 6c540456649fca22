import type { AuditRecord } from '@gatehouse/core'
import { AUTHENTICATION, ENTITY_MANAGEMENT } from './ocsf-class.ts'
import type { EventParts } from './ocsf-frame.ts'
import { actorOf, memberOf, milliseconds, textOf, unmapped, userOf } from './ocsf-members.ts'

/** The activity of what people do in the admin service; a word that is not here is an activity by its own name. */
const ADMIN_ACTIVITIES: Readonly<Record<string, string>> = {
  grant_given: 'Create',
  revoked: 'Create',
  grant_revoked: 'Delete',
  revocation_lifted: 'Delete',
  credential_issued: 'Create',
  credential_revoked: 'Delete',
  session_ended: 'Deactivate',
  approve: 'Update',
  refuse: 'Update',
  trail_read: 'Read',
  trail_verified: 'Read',
  policy_explained: 'Read',
}

/** A request for approval: people are asked, one said something, a session waits no more. */
export function approvalEvent(record: AuditRecord): EventParts {
  const approval = memberOf(record, 'approval')
  const id = textOf(approval['id'])
  const { kind } = record
  const state = kind === 'approval_asked' ? 'pending' : textOf(approval['state'])
  const decided = kind === 'approval_decided'
  const ended = kind === 'approval_ended'
  const reason = approval['reason']
  return {
    class: ENTITY_MANAGEMENT,
    activity: kind === 'approval_asked' ? 'Create' : 'Update',
    severity: 'Informational',
    status: 'Success',
    message: `Approval ${id}: ${decided ? `${textOf(approval['verdict'])}, and it is ` : ''}${state}`,
    correlation: id,
    rest: {
      status_detail: state,
      // Who decided; else whose statement it is.
      actor: actorOf(record, decided ? memberOf(approval, 'by') : record.principal),
      entity: { uid: id, name: 'approval request', type_id: 99, type: 'Approval request' },
      comment: decided ? (reason ?? undefined) : undefined,
      duration: ended ? milliseconds(approval['held_us']) : undefined,
      unmapped: decided ? unmapped(record) : unmapped(record, 'principal', 'session'),
    },
  }
}

/** What a person did in the admin service. */
export function adminEvent(record: AuditRecord): EventParts {
  const admin = memberOf(record, 'admin')
  const action = textOf(admin['action'])
  const by: Partial<NonNullable<AuditRecord['principal']>> = memberOf(admin, 'by')
  const who = textOf(by.subject)
  const common = {
    severity: 'Informational',
    status: 'Success',
    message: `${who}: ${action} ${textOf(admin['object'])}`,
  } as const
  if (action === 'signed_in' || action === 'signed_out') {
    return {
      ...common,
      class: AUTHENTICATION,
      activity: action === 'signed_in' ? 'Logon' : 'Logoff',
      rest: {
        actor: actorOf(record, by),
        user: userOf(by),
        service: { name: 'gatehouse admin' },
        unmapped: unmapped(record),
      },
    }
  }
  return {
    ...common,
    class: ENTITY_MANAGEMENT,
    activity: ADMIN_ACTIVITIES[action] ?? action,
    rest: {
      actor: actorOf(record, by),
      entity: { name: textOf(admin['object']), type_id: 99, type: action },
      comment: admin['reason'] ?? undefined,
      unmapped: unmapped(record),
    },
  }
}

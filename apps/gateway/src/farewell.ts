import type { EndReason } from './session.ts'

/** Why a connection ends, in engine-neutral words: each engine has a code of its own protocol for each. */
export type FarewellReason =
  | 'login refused' // what the client asks for, or how it asks, cannot become a session
  | 'token refused' // its token, or its session credential, is not accepted
  | 'denied' // policy gives it nothing, or refuses a setting it begins with
  | 'unknown target'
  | 'no room' // for another connection
  | 'too many sessions'
  | 'too many failures' // from this address
  | 'feature refused'
  | 'session ended' // expiry, shutdown, a pinned setting
  | 'upstream' // cannot be reached, or closed
  | 'protocol' // the client broke it
  | 'gateway fault'

/** Why a login is refused or a session ends: said once, before the connection closes. */
export interface Farewell {
  readonly why: FarewellReason
  /** Stable; listed in docs/errors.md. */
  readonly code: string
  readonly message: string
  readonly hint: string
  /** When it is worth trying again; null: that cannot be told. */
  readonly retryAfterSeconds: number | null
}

export function farewell(
  why: FarewellReason,
  code: string,
  message: string,
  hint: string,
  retryAfterSeconds: number | null = null,
): Farewell {
  return { why, code, message, hint, retryAfterSeconds }
}

/** What a client is told when its session ends before it wants it to. `detail`: what happened, where there is more to say. */
export function farewellOf(reason: EndReason, detail: string): Farewell {
  switch (reason) {
    case 'token_expired':
      return farewell(
        'session ended',
        'TOKEN_EXPIRED',
        'the token or certificate of this session has expired, so it ends',
        'Get a new one and connect again.',
      )
    case 'shutdown':
      return farewell('session ended', 'SHUTDOWN', 'the gateway is shutting down', 'Connect again.')
    case 'upstream_closed':
      return farewell('upstream', 'UPSTREAM_CLOSED', detail, 'Connect again.')
    case 'protocol_violation':
      return farewell('protocol', 'PROTOCOL', detail, 'The client and the gateway do not speak the same protocol.')
    case 'result_mismatch':
      return farewell(
        'denied',
        'RESULT_MISMATCH',
        `${detail}, so nothing more of this session is passed on`,
        'Definitions may have changed just now: connect again and repeat the statement.',
      )
    case 'setting_changed':
      return farewell(
        'session ended',
        'SETTING_CHANGED',
        `${detail}, under which statements cannot be read safely`,
        'Connect again and leave that setting alone.',
      )
    case 'role_changed':
      return farewell(
        'session ended',
        'ROLE_CHANGED',
        'what this session ran has changed its role in the database, which stays as the gateway set it',
        'Connect again and leave that function alone; the operator sees in the policy which rule permits it.',
      )
    case 'killed':
      return farewell(
        'session ended',
        'KILLED',
        'this session was ended by KILL from another of your own',
        'Connect again.',
      )
    case 'ended':
      return farewell(
        'session ended',
        'SESSION_ENDED',
        `this session was ended: ${detail}`,
        'Do not connect again before whoever ended it agrees.',
      )
    case 'revoked':
      return farewell(
        'session ended',
        'ACCESS_REVOKED',
        `the right to this session was revoked: ${detail}`,
        'Ask the operator of the gateway for access.',
      )
    case 'coordination_lost':
      return farewell(
        'session ended',
        'COORDINATION_LOST',
        'this gateway has not been able to reach the others for too long',
        'Connect again later, or to another gateway.',
      )
    case 'recording_failed':
      return farewell(
        'session ended',
        'RECORDING_FAILED',
        'this session cannot be recorded any more, so it ends',
        'Connect again later; an operator has to mend the disk of the recordings first.',
      )
    case 'credential_ended':
      return farewell(
        'session ended',
        'CREDENTIAL_ENDED',
        `the database credential of this session has ended: ${detail}`,
        'Connect again: the next session gets another.',
      )
    default:
      return reason satisfies never
  }
}

import type { Denial, DenialCode } from '../policy/decision.ts'
import type { Unreadable } from '../statement/reading.ts'

/** Why the gateway says no. Each is listed in docs/errors.md with its SQLSTATE; retired codes are never used again. */
export type RefusalCode =
  | DenialCode
  | 'UNREADABLE' // the text could not be parsed
  | 'STATEMENT_LIMIT' // too long or too complex to be read safely
  | 'SESSION_LIMIT' // a session keeps more of something than it may
  | 'RATE_LIMIT' // statements per minute spent
  | 'ROW_LIMIT' // rows per statement spent
  | 'TIME_LIMIT' // seconds per statement spent
  | 'CATALOG_UNAVAILABLE' // definitions have changed and cannot be read
  | 'TRAIL_UNAVAILABLE' // the audit trail cannot be written
  | 'FEATURE_REFUSED' // the gateway does not carry this protocol feature
  | 'UNKNOWN_STATEMENT' // a prepared statement that was not made through the protocol in this session
  | 'UNKNOWN_PORTAL' // likewise a portal
  | 'APPROVAL_REFUSED' // a person said no
  | 'APPROVAL_TIMEOUT' // nobody decided while it was held
  | 'APPROVAL_PENDING' // it is not held; it may be run again once it is approved
  | 'APPROVAL_VOIDED' // what was asked for does not hold any more
  | 'APPROVAL_COOL_DOWN' // the same was refused a short time ago
  | 'APPROVAL_TOO_MANY' // the principal has too many requests pending
  | 'APPROVAL_UNAVAILABLE' // it needs approval, and nobody can be asked now
  | 'RESULT_MISMATCH' // the server's description of the result disagrees with what was read

/** A "no" in engine-neutral words; each engine says it in its client's protocol. */
export interface Refusal {
  readonly code: RefusalCode
  /** The rule that decided; `gateway` where no policy rule did. */
  readonly rule: string
  readonly object: string
  readonly message: string
  readonly hint: string
  /** When the same request may work again; null when waiting does not help. */
  readonly retryAfterSeconds: number | null
  /** 1-based character position in the text; null when there is none. */
  readonly position: number | null
  /** The approval request that it is about; null: none. */
  readonly approval: string | null
}

/** A refusal that no policy rule decided. */
export function gatewayRefusal(
  code: RefusalCode,
  object: string,
  message: string,
  hint: string,
  retryAfterSeconds: number | null = null,
): Refusal {
  return { code, rule: 'gateway', object, message, hint, retryAfterSeconds, position: null, approval: null }
}

export function refusalOfDenial(denial: Denial): Refusal {
  return {
    code: denial.code,
    rule: denial.rule,
    object: denial.object,
    message: denial.reason,
    hint: denial.hint,
    retryAfterSeconds: null,
    position: null,
    approval: null,
  }
}

export function refusalOfUnreadable(reading: Unreadable): Refusal {
  const syntax = reading.code === 'SYNTAX' || reading.code === 'BAD_ENCODING'
  return {
    code: syntax ? 'UNREADABLE' : 'STATEMENT_LIMIT',
    rule: 'gateway',
    object: 'statement',
    message: reading.message,
    hint: syntax
      ? 'Correct the statement and send it again.'
      : 'Split the statement into smaller ones, or load large data with COPY … FROM STDIN.',
    retryAfterSeconds: null,
    position: reading.position,
    approval: null,
  }
}

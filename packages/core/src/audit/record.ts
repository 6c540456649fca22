/** The audit record: what one line of the trail holds. Described for readers outside in docs/audit-format.md. */

import type { Redaction } from './redaction.ts'

/** The version of the record format, written in the first record of every segment. */
export const AUDIT_FORMAT_VERSION = 1

/**
 * What happened.
 * - `session_start`, `session_end`, `login_refused`: the life of a session.
 * - `recording`: a piece of a session's recording, and where it is.
 * - `intent`: a statement was decided; recorded before it is forwarded or refused.
 * - `outcome`: what became of an intent, named by its sequence number.
 * - `approval_asked`, `approval_decided`, `approval_ended`: people were asked about a statement, said something, and what became of it.
 * - `admin_action`: what a person did in the admin service.
 * - `policy_loaded`: which policy decides from here on.
 * - `alarm`: something an operator must look at.
 * - `retention`: a file of the trail is removed, as it is older than is kept; recorded before it is.
 * - `trail_opened`, `trail_repaired`, `segment_closed`: the trail about itself.
 */
export type RecordKind = (typeof RECORD_KINDS)[number]

/** Every kind. */
export const RECORD_KINDS = [
  'session_start',
  'login_refused',
  'intent',
  'outcome',
  'session_end',
  'recording',
  'approval_asked',
  'approval_decided',
  'approval_ended',
  'admin_action',
  'policy_loaded',
  'alarm',
  'retention',
  'trail_opened',
  'trail_repaired',
  'segment_closed',
] as const

/** What a client logged in with: an issuer's token, a session credential, or its certificate. */
export type LoginKind = 'token' | 'credential' | 'certificate'

/** Which protocol a session speaks. */
export type AuditedEngine = 'postgres' | 'mysql'

/** Who and where: said once per session, repeated in every intent so that an intent can be read alone. */
export interface AuditedSession {
  /** The session's identifier, unique over all replicas. */
  readonly id: string
  readonly principal: {
    readonly subject: string
    readonly actor: string | null
    /** Who acted before the actor, the last of them first; absent: nobody. */
    readonly priorActors?: readonly string[]
    readonly groups: readonly string[]
    readonly issuer: string
  }
  readonly target: string
  readonly engine: AuditedEngine
}

/** A bound value: text, a value sent in binary format, or NULL. */
export type AuditedParameter = string | Uint8Array | null

/** One record as `JSON.parse` gives it back. Members that do not belong to its kind are absent. */
export interface AuditRecord {
  /** 1 for the first record of a trail; each record has the next number, across segments. */
  readonly seq: number
  /** When it was appended: UTC, milliseconds, `2026-01-31T12:00:00.000Z`. */
  readonly time: string
  /** The previous record's `hash`; 64 zeros in the first record of a trail. */
  readonly prev: string
  /** SHA-256 of this record's line without this member, 64 hexadecimal digits. */
  readonly hash: string
  readonly kind: RecordKind
  readonly session?: string
  readonly principal?: AuditedSession['principal']
  readonly target?: string
  readonly engine?: AuditedEngine
  readonly statement?: RecordedStatement | { readonly intent: number }
  /** Everything the statement does, without duplicates. */
  readonly actions?: readonly string[]
  /** Every relation it touches as `schema.name`; without a schema where the name could not be resolved. */
  readonly relations?: readonly string[]
  /** How many relations were left out of `relations`; absent when none. */
  readonly relationsOmitted?: number
  readonly decision?: RecordedDecision
  /** In an intent: base columns that will be masked. In an outcome: base columns that were. Never their values. */
  readonly masked?: readonly string[]
  /** What rules that are only observed would have done instead; absent: nothing. */
  readonly observed?: readonly { readonly rule: string; readonly effect: 'permit' | 'ask' | 'deny' }[]
  /** Masked columns that people let through, in intent and outcome. Absent: none. */
  readonly unmasked?: readonly string[]
  readonly outcome?: RecordedOutcome
  /** In an outcome where classify rules looked through rows: their names, and how many values of each detector were replaced. */
  readonly classified?: { readonly rules: readonly string[]; readonly replaced: Readonly<Record<string, number>> }
  /** In the records of a request for approval: its id, and what happened to it. */
  readonly approval?: { readonly id: string } & Readonly<Record<string, unknown>>
  /** In `session_start`. */
  readonly login?: LoginKind
  readonly admin?: Readonly<Record<string, unknown>>
  readonly recording?: RecordedChunk
  readonly retention?: RecordedRemoval
}

/** A file that is removed from the trail's directory: a segment, or a file of recordings. */
export type RecordedRemoval = {
  /** Its name in the trail's directory. */
  readonly file: string
  readonly bytes: number
  /** The time of the newest record that is in it, or that names a chunk of it; null: none does. */
  readonly newest: string | null
  /** Why it is not kept, for people. */
  readonly why: string
} & (
  | {
      readonly segment: number
      /** The numbers of its first and its last record. */
      readonly first: number
      readonly last: number
      /** The `prev` of its first record, and the `hash` of its last: the chain goes on from it. */
      readonly prev: string
      readonly hash: string
    }
  | { readonly recording: number }
)

/** A piece of a session's recording: where it is, or why it is nowhere. */
export type RecordedChunk = {
  /** 1 for the first of a session, then one more for each. */
  readonly part: number
  /** Bytes before they were compressed. */
  readonly uncompressed: number
  /** The session's last. */
  readonly last: boolean
} & (
  | {
      /** In the trail's directory. */
      readonly file: string
      readonly offset: number
      readonly bytes: number
      /** Of the bytes in the file, 64 hexadecimal digits. */
      readonly sha256: string
    }
  | { readonly lost: string }
)

/** What was asked to run. */
export interface RecordedStatement {
  readonly text: string
  /** Bytes of the whole text in UTF-8; present only when `text` was cut. */
  readonly textBytes?: number
  /** Bytes left out at the end; present only when `text` was cut. */
  readonly textTruncated?: number
  /** SHA-256 of the whole text in UTF-8; present only when `text` was cut. */
  readonly textSha256?: string
  readonly parameters: readonly RecordedParameter[]
  /** The parameters after the last one listed; present only when some were left out. */
  readonly parametersOmitted?: { readonly count: number; readonly bytes: number; readonly sha256: string }
  /** Why literals and bound values are left out, see `Redaction`; absent: none are. Then what is said of lengths and sums is of what is left. */
  readonly redacted?: Redaction
  /** Identity of the text with its literals removed; null when the text could not be read, or more of it than literals is left out. */
  readonly fingerprint: string | null
  /** False when something in the text was not understood; absent otherwise. */
  readonly complete?: false
}

/** A bound value as recorded, or that it is left out: text whole, bytes as hexadecimal digits, or what is left of one that was too large. */
export type RecordedParameter =
  | string
  | null
  | { readonly hex: string }
  | { readonly redacted: true }
  | { readonly binary: number; readonly sha256: string }
  | { readonly text: string; readonly textBytes: number; readonly textTruncated: number; readonly textSha256: string }

/** What was decided, and by which rule. */
export interface RecordedDecision {
  readonly effect: 'permit' | 'deny'
  /** The rule that decided; `default` where no rule allows it. */
  readonly rule: string
  /** All rules, where a permit needed more than one. */
  readonly rules?: readonly string[]
  /** The approval or the grant it ran under; null when none was asked. */
  readonly approval: string | null
  /** Only of a denial: its stable code, listed in docs/errors.md. */
  readonly code?: string
  /** Only of a denial: what it is about. */
  readonly object?: string
}

/** What became of a statement. */
export interface RecordedOutcome {
  /** Rows returned or changed; null when it cannot be told. */
  readonly rows: number | null
  /** Bytes sent to the client for it; null when it cannot be told. */
  readonly bytes: number | null
  /** The error's code (SQLSTATE, or the MySQL number); null when it succeeded. */
  readonly error: string | null
  readonly duration_us: number
}

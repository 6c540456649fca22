import type { Principal } from '@gatehouse/core'
import type { Identity } from './identity.ts'

/** The live sessions of all gateways. A gateway's sessions vanish together when its heartbeat is missing for 6 seconds. */
export interface Sessions {
  /** Makes this process a gateway that may have sessions, and keeps its heartbeat. Once per process. */
  enlist(name: string): Promise<GatewayLease>
  /** Gateways that are alive. */
  gateways(): Promise<readonly Gateway[]>
  /** Newest first. */
  list(filter?: SessionFilter): Promise<readonly SessionRecord[]>
  /** Null: no gateway that is alive has it. */
  get(id: string): Promise<SessionRecord | null>
  /** Sessions of one principal, on all gateways. */
  count(principal: Identity): Promise<number>
  /** Takes out sessions that are known to be over, of whichever gateway; others are passed over. For those whose process is gone. */
  remove(ids: readonly string[]): Promise<void>
  /** Null: no session has this process id. The secret must still be compared. */
  findByCancelKey(processId: number): Promise<CancelKeyOwner | null>
}

/** A gateway's place among the others: what it has is shown while its heart beats. */
export interface GatewayLease {
  /** The name with what tells this life of the process from the next. */
  readonly id: string
  /** Shows a new session, if its principal has not too many on all gateways and its process id is free. */
  enter(record: SessionRecord, limits: { readonly sessionsPerPrincipal: number }): Promise<EnterOutcome>
  /** Changes what is shown of sessions of this gateway; unknown ones are passed over. Callers batch. */
  update(patches: readonly SessionPatch[]): Promise<void>
  leave(session: string): Promise<void>
}

export interface Gateway {
  readonly id: string
  readonly name: string
  /** Milliseconds since the epoch, by the store's clock. */
  readonly startedAt: number
}

export type EnterOutcome =
  | { readonly kind: 'entered' }
  | { readonly kind: 'too_many'; readonly limit: number }
  /** Another session has this process id: try another. */
  | { readonly kind: 'process_id_taken' }

/** A session as the others see it. */
export interface SessionRecord {
  readonly id: string
  /** `GatewayLease.id` */
  readonly gateway: string
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'actor' | 'groups'>
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  /** The session credential it logged in with; null: a token. */
  readonly credential: string | null
  readonly clientAddress: string
  readonly applicationName: string | null
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly state: 'idle' | 'running' | 'held'
  /** When the state began. */
  readonly since: number
  /** What it is held for; null when it is not. */
  readonly approval: string | null
  readonly statements: number
  readonly cancelKey: {
    readonly processId: number
    /** SHA-256 of the secret key, hexadecimal. */
    readonly secretHash: string
  }
}

/** What changed of a session. */
export type SessionPatch = { readonly id: string } & Partial<
  Pick<SessionRecord, 'state' | 'since' | 'approval' | 'statements' | 'applicationName'>
>

export interface SessionFilter {
  readonly target?: string
  readonly subject?: string
  readonly actor?: string
  readonly gateway?: string
  /** Default: 1,000. */
  readonly limit?: number
}

export interface CancelKeyOwner {
  readonly gateway: string
  readonly session: string
  readonly secretHash: string
  readonly principal: Identity
}

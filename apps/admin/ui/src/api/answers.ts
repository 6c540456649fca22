/** What the service answers, as `/openapi.json` has it. Moments are ISO 8601 texts. */

export interface Identity {
  readonly issuer: string
  readonly subject: string
  /** The agent that acts; null: none. */
  readonly actor: string | null
}

export type Role = 'approver' | 'operator' | 'auditor'

export interface Me {
  readonly identity: Identity
  readonly roles: readonly Role[]
  /** Goes back with every write. */
  readonly csrfToken?: string
}

export interface ApproverRequirement {
  readonly rule: string
  readonly groups: readonly string[]
  readonly subjects: readonly string[]
}

export interface ApprovalRequest {
  readonly principal: Identity & { readonly groups: readonly string[] }
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  readonly statement: {
    readonly text: string
    readonly parameters: readonly (string | null)[]
    readonly fingerprint: string
    readonly actions: readonly string[]
    readonly relations: readonly string[]
    readonly doings: readonly string[]
    readonly settings: Readonly<Record<string, string>>
    readonly unmasked: readonly string[]
  }
  /** Higher first. */
  readonly risk: number
  readonly estimatedRows: number | null
  readonly rules: readonly string[]
  readonly by: readonly ApproverRequirement[]
  readonly approvalsNeeded: number
  readonly graceSeconds: number
  readonly history: readonly { readonly at: string; readonly text: string; readonly outcome: string }[]
}

export type ApprovalState = 'pending' | 'approved' | 'refused' | 'voided' | 'expired'

/** A message about a request to a channel. */
export interface Delivery {
  readonly channel: string
  readonly event: 'asked' | 'ended'
  readonly state: 'pending' | 'delivered' | 'failed'
  readonly tries: number
  readonly at: string
  readonly status: number | null
}

export interface Approval {
  readonly id: string
  readonly createdAt: string
  readonly request: ApprovalRequest
  readonly state: ApprovalState
  readonly decisions: readonly {
    readonly by: Identity
    readonly verdict: 'approve' | 'refuse'
    readonly reason: string | null
    readonly through: string
    readonly at: string
  }[]
  readonly waiters: readonly {
    readonly session: string
    readonly gateway: string
    readonly since: string
    readonly until: string
    readonly state: 'waiting' | 'ran' | 'left'
  }[]
  readonly openUntil: string | null
  readonly endedAt: string | null
  readonly endReason: string | null
  readonly ticket: { readonly until: string; readonly usedAt: string | null } | null
}

/** What became of a decision. */
export type DecideOutcome =
  | { readonly kind: 'decided' | 'already' | 'same_approver'; readonly approval: Approval }
  | { readonly kind: 'counted'; readonly have: number; readonly need: number; readonly approval: Approval }
  | { readonly kind: 'changed'; readonly waiters: number; readonly approval: Approval }

export interface Session {
  readonly id: string
  readonly gateway: string
  readonly principal: Identity & { readonly groups: readonly string[] }
  readonly target: string
  readonly engine: 'postgres' | 'mysql'
  readonly clientAddress: string
  readonly applicationName: string | null
  readonly startedAt: string
  readonly state: 'idle' | 'running' | 'held'
  readonly since: string
  readonly approval: string | null
  readonly statements: number
}

export interface Grant {
  readonly id: string
  readonly at: string
  readonly principal: Identity
  readonly target: string
  readonly covers: {
    readonly kind: 'fingerprint' | 'actions'
    readonly actions: readonly string[]
    readonly relations: readonly string[]
  }
  readonly rules: readonly string[]
  readonly until: string
  readonly uses: number | null
  readonly used: number
  readonly by: Identity
  readonly approval: string | null
  readonly reason: string | null
}

export interface SessionCredential {
  readonly name: string
  readonly principal: Identity
  readonly target: string
  /** An address, or a range of them, that it may log in from; null: any. */
  readonly address: string | null
  /** Null: any number of logins. */
  readonly uses: number | null
  readonly used: number
  readonly at: string
  readonly until: string
}

export type Revoked =
  | { readonly kind: 'session'; readonly session: string }
  | { readonly kind: 'principal'; readonly issuer: string | null; readonly subject: string }
  | { readonly kind: 'actor'; readonly issuer: string | null; readonly actor: string }
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'credential'; readonly credential: string }
  | { readonly kind: 'issuer'; readonly issuer: string }
  | { readonly kind: 'logout'; readonly issuer: string; readonly subject: string | null; readonly sid: string | null }

export interface Revocation {
  readonly id: string
  readonly at: string
  readonly what: Revoked
  readonly reason: string
  readonly by: Identity
  readonly until: string | null
}

export interface ShownPolicy {
  readonly text: string
  readonly version: string
}

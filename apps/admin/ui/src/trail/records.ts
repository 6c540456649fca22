/** What the service answers about the trail, as `/openapi.json` has it. Moments are UTC. */

/** Members that a record may have, as `docs/audit-format.md` lists them. */
export interface TrailRecord {
  readonly seq: number
  readonly time: string
  /** Of the record: no two records have one. */
  readonly hash: string
  readonly kind: string
  readonly session?: string
  readonly principal?: {
    readonly subject: string
    readonly actor: string | null
    readonly groups: readonly string[]
    readonly issuer: string
  }
  readonly target?: string
  readonly engine?: 'postgres' | 'mysql'
  readonly statement?: {
    readonly text?: string
    readonly parameters?: readonly unknown[]
    readonly fingerprint?: string | null
    readonly redacted?: string
    readonly textTruncated?: number
  }
  readonly actions?: readonly string[]
  readonly relations?: readonly string[]
  readonly decision?: {
    readonly effect: 'permit' | 'deny'
    readonly rule: string
    readonly rules?: readonly string[]
    readonly approval: string | null
    readonly code?: string
    readonly object?: string
  }
  readonly masked?: readonly string[]
  readonly unmasked?: readonly string[]
  readonly outcome?: {
    readonly rows: number | null
    readonly bytes: number | null
    readonly error: string | null
    readonly duration_us: number
  }
  readonly approval?: Readonly<Record<string, unknown>>
  readonly admin?: Readonly<Record<string, unknown>>
}

export interface FoundRecord {
  readonly gateway: string
  readonly record: TrailRecord
  /** What became of an intent; null: nothing is recorded, or it is none. */
  readonly outcome: TrailRecord | null
}

export interface TrailPage {
  readonly records: readonly FoundRecord[]
  /** Null: there is no more. */
  readonly next: string | null
  readonly unreadableLines: number
}

export interface Counted {
  readonly value: string
  readonly count: number
}

export interface TimeBucket {
  readonly from: string
  readonly statements: number
  readonly refused: number
  readonly failed: number
  readonly held: number
}

export interface CountedShape {
  readonly fingerprint: string
  readonly text: string
  readonly count: number
  readonly refused: number
}

export interface TrailSummary {
  readonly statements: number
  readonly complete: boolean
  readonly countedFrom: string | null
  readonly facets: Readonly<Record<string, readonly Counted[]>>
  readonly overTime: readonly TimeBucket[]
  readonly bucketSeconds: number
  readonly shapes: readonly CountedShape[]
  readonly maskedBySubject: readonly { readonly subject: string; readonly column: string; readonly count: number }[]
}

/** What became of a statement. */
export type StatementState = 'done' | 'failed' | 'refused' | 'unknown'

export interface Hold {
  readonly approval: string
  readonly from: string
  readonly until: string | null
  readonly state: string
  readonly decisions: readonly {
    readonly subject: string
    readonly verdict: string
    readonly reason: string | null
    readonly through: string
  }[]
}

export interface TimelineStatement {
  readonly seq: number
  readonly time: string
  readonly state: StatementState
  readonly text: string
  readonly textCut: boolean
  readonly actions: readonly string[]
  readonly relations: readonly string[]
  readonly rule: string | null
  readonly code: string | null
  readonly masked: readonly string[]
  readonly rows: number | null
  readonly microseconds: number | null
  readonly held: Hold | null
}

export interface SessionTimeline {
  readonly session: string
  readonly engine: 'postgres' | 'mysql'
  readonly target: string
  readonly principal: TrailRecord['principal'] | null
  readonly from: string
  readonly to: string
  readonly end: string | null
  readonly recorded: boolean
  readonly omittedRecords: number
  readonly statements: readonly TimelineStatement[]
  /** How many to skip for what follows; null: there is no more. */
  readonly next: number | null
}

/** A cell or a text; one that is cut says how many characters were left out. */
export type ShownText = string | { readonly text: string; readonly left: number }

export type ReplayEvent =
  | { readonly kind: 'record'; readonly record: TrailRecord }
  | { readonly kind: 'columns'; readonly time: number; readonly names: readonly string[] }
  | { readonly kind: 'rows'; readonly rows: readonly (readonly (ShownText | null)[])[] }
  | { readonly kind: 'copy'; readonly direction: 'out' | 'in'; readonly text: ShownText }
  | { readonly kind: 'done'; readonly time: number; readonly text: string }
  | {
      readonly kind: 'report'
      readonly time: number
      readonly severity: string
      readonly code: string
      readonly message: string
      readonly detail: string | null
      readonly hint: string | null
    }
  | { readonly kind: 'notification'; readonly time: number; readonly channel: string; readonly payload: string }
  | { readonly kind: 'missing'; readonly why: string; readonly bytes: number }

export interface ReplayPage {
  readonly events: readonly ReplayEvent[]
  readonly next: string | null
}

export interface FoundInSession {
  readonly found: readonly {
    readonly statement: number
    readonly where: 'statement' | 'answer'
    readonly excerpt: string
  }[]
  readonly next: string | null
}

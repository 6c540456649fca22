import type { AuditRecord, RecordKind } from '@gatehouse/core'

/**
 * What became of a statement: it ran without error, the server reported an error, it was refused, or no outcome is recorded
 * (it is under way, or the gateway died).
 */
export type StatementOutcome = (typeof STATEMENT_OUTCOMES)[number]

/** Every one of them. */
export const STATEMENT_OUTCOMES = ['done', 'failed', 'refused', 'unknown'] as const

/** What to look for; a member that is absent matches every record. All that are there must match. */
export interface TrailQuery {
  /** The gateway, or the admin service, that wrote it. */
  readonly gateway?: string
  readonly session?: string
  /** On whose behalf. */
  readonly subject?: string
  /** Which agent acted. */
  readonly actor?: string
  readonly target?: string
  /** Default: every kind but `outcome`, which is told with its intent. */
  readonly kind?: RecordKind
  /** One of `actions`. */
  readonly action?: string
  /** One of `relations`, as they are recorded: `schema.name`. */
  readonly relation?: string
  /** One of the columns in its `masked`, as they are recorded: `schema.relation.column`. */
  readonly masked?: string
  /** The rule that decided, or one of them. */
  readonly rule?: string
  /** Of an intent; no other record matches. */
  readonly outcome?: StatementOutcome
  /** The code of the refusal, of a statement or a login, else of the server's error. */
  readonly code?: string
  /** Of an intent, no other record matches. True: people were asked, or it ran under an approval or a grant. */
  readonly held?: boolean
  readonly fingerprint?: string
  /** Somewhere in the statement's text, upper and lower case alike. */
  readonly text?: string
  /** From this time on, as in `time`: UTC, `2026-01-31T12:00:00.000Z`. */
  readonly since?: string
  /** Before this time. */
  readonly until?: string
}

/** Which records of those that match, and from where on. */
export interface PageWish {
  /** 1 to 1,000. A page may have fewer though there are more: where records are very long. */
  readonly limit: number
  readonly order: 'newest' | 'oldest'
  /** `TrailPage.next` of the page before, of the same query and order; null: the first page. */
  readonly cursor: string | null
}

/** A record that was looked for. */
export interface FoundRecord {
  /** Which gateway wrote it. */
  readonly gateway: string
  readonly record: AuditRecord
  /** Of an intent: the record of what became of it; null: none, or the record is no intent. */
  readonly outcome: AuditRecord | null
}

/** Some of what was found. */
export interface TrailPage {
  readonly records: readonly FoundRecord[]
  /** Where the next page begins; null: there is no more. */
  readonly next: string | null
  /** Lines that could not be read, and were passed over; `gatehouse audit verify` says where. */
  readonly unreadableLines: number
}

/** What values can be counted. */
export type Facet = (typeof FACETS)[number]

/** Every facet. */
export const FACETS = [
  'subject',
  'actor',
  'target',
  'kind',
  'action',
  'relation',
  'masked',
  'rule',
  'outcome',
  'code',
] as const

/** One value, and how many records have it. */
export interface Counted {
  readonly value: string
  readonly count: number
}

/** What is counted in one stretch of time. */
export interface TimeBucket {
  /** UTC, where the stretch begins. */
  readonly from: string
  readonly statements: number
  readonly refused: number
  readonly failed: number
  /** Statements that people were asked about. */
  readonly held: number
}

/** A shape of statements, by how often it came. */
export interface CountedShape {
  readonly fingerprint: string
  /** The text of one of them, as it is recorded. */
  readonly text: string
  readonly count: number
  readonly refused: number
}

/** Numbers over what a query matches: `facets` over records of every kind, the rest over statements, which are intents. */
export interface TrailSummary {
  /** Statements that were counted. */
  readonly statements: number
  /** False: only the newest were counted, from `countedFrom` on. */
  readonly complete: boolean
  /** The time of the oldest record that was counted; null: none was. */
  readonly countedFrom: string | null
  /** The values that most records have, up to 20 of each, the most frequent first, then by value. */
  readonly facets: Readonly<Record<Facet, readonly Counted[]>>
  /** At most 120, all of one length, in order of time, without holes. */
  readonly overTime: readonly TimeBucket[]
  readonly bucketSeconds: number
  /** Up to 20. */
  readonly shapes: readonly CountedShape[]
  /** Columns whose values were masked, for whom, how many statements; up to 100. */
  readonly maskedBySubject: readonly { readonly subject: string; readonly column: string; readonly count: number }[]
}

/** What answers searches: trails on this disk, or a database that they are shipped to. It proves nothing: `verifyTrail` does. */
export interface TrailIndex {
  /**
   * One page of the records that match, by time, those of one time by gateway; of one gateway by number, also where its clock went back. Rejects with `BadCursor` for a cursor that is none of its own, and with
   * what the disk or database says.
   */
  search(query: TrailQuery, page: PageWish): Promise<TrailPage>
  /** Counts what matches. */
  summarize(query: TrailQuery): Promise<TrailSummary>
  close(): Promise<void>
}

/** A cursor that no page of this index gave. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor'
}

/** What enforcement needs from outside. */

import type { RecordPart } from '../audit/record-part.ts'
import type { Policy } from '../policy/policy.ts'
import type { TextFacts } from '../statement/facts.ts'
import type { Reading } from '../statement/reading.ts'

/** Reads statement text to facts. Implemented by `sql-analysis`. `Names` is what the dialect resolves names against. */
export interface StatementReader<Names extends object> {
  /** Longer texts go to `readLarge`. */
  readonly inlineLimitBytes: number
  /** Never throws. The same object comes back for texts of one shape under one `names`. */
  read(bytes: Buffer, start: number, end: number, names: Names): Reading
  readLarge(bytes: Buffer, names: Names): Promise<Reading>
  /**
   * The text with `[redacted]` in place of each literal, and without comments; also without quoted names where it was not understood.
   * `facts`: of a text of its shape. Null: it cannot be told what its literals are. Never throws.
   */
  withoutLiterals(text: string, facts: TextFacts): string | null
}

/** The policy in force; replaced as a whole on reload. */
export interface PolicySource {
  readonly current: Policy
}

/** Makes records durable. Implemented by `audit-trail`. */
export interface AuditTrail {
  /**
   * Adds one record to the batch of this turn and returns its sequence number.
   * `before`, `members` and `after` in a row are the text of the record's JSON members after `hash`, without the outer
   * braces: `"kind":"intent",…`; no parts, and `members` are all of it.
   * Throws `TrailUnavailable` while the trail cannot be written.
   */
  append(members: string, before?: RecordPart, after?: RecordPart): number
  /** Adds a record that must not be lost but stops nothing: an outcome. While the trail is down it is kept and written first when it is back. */
  owe(members: string, before?: RecordPart, after?: RecordPart): void
  /** Writes every record appended so far. Throws `TrailUnavailable`; then none of this batch counts as recorded. */
  commit(): void
}

/** The trail cannot be written: nothing may be forwarded. */
export class TrailUnavailable extends Error {
  override readonly name = 'TrailUnavailable'
}

/** What enforcement needs from outside. */

/** Makes records durable. Implemented by `audit-trail`. */
export interface AuditTrail {
  /**
   * Adds one record to the batch of this turn and returns its sequence number.
   * `members` is the text of the record's JSON members after `hash`, without the outer braces: `"kind":"intent",…`.
   * Throws `TrailUnavailable` while the trail cannot be written.
   */
  append(members: string): number
  /** Writes every record appended so far. Throws `TrailUnavailable`; then none of this batch counts as recorded. */
  commit(): void
}

/** The trail cannot be written: nothing may be forwarded. */
export class TrailUnavailable extends Error {
  override readonly name = 'TrailUnavailable'
}

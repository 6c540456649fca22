/** How the writing of a trail stands. */
export interface TrailState {
  /** Number of the last record that counts. */
  readonly records: number
  /** Of these, how many the disk may not hold yet. */
  readonly unsynced: number
  /** How long the disk may not have held all of them; 0: it does. */
  readonly unsyncedSeconds: number
  /** Records of what has happened that wait for the trail to be writable. */
  readonly owed: number
  /** Number of the segment that is written, and the bytes in it. */
  readonly segment: number
  readonly segmentBytes: number
  /** How often it could not be written, or be made durable, since it was opened. */
  readonly failures: number
  /** Why it cannot be written; null while it can. */
  readonly failure: string | null
}

import type { AuditRecord } from '@gatehouse/core'

/** Which trail a record is of. A gateway that got a new directory begins another trail. */
export interface TrailIdentity {
  /** As in `trail_opened`. */
  readonly gateway: string
  /** The first 16 digits of the hash of the trail's first record: numbers of records count within it. */
  readonly trail: string
}

/** A record to ship. */
export interface ShippedRecord {
  readonly record: AuditRecord
  /** The segment it stands in. */
  readonly segment: number
  /** Its line as it is on the disk, without the newline. */
  readonly line: string
}

/** A place that records are shipped to, one by one and in order: a database, a collector. */
export interface RecordDestination {
  /** What it is called in the log and in figures: `postgres`, `syslog collector.example.com:6514`. */
  readonly name: string
  /**
   * The last record of this trail that it keeps; 0: none; null: it does not know, and what was delivered last is kept in a file
   * beside the trail. Rejects when it cannot be reached.
   */
  position(of: TrailIdentity): Promise<number | null>
  /**
   * Keeps these records. When it resolves they are durable there; when it rejects any of them may be, and they come again: a record that is there
   * already is not kept twice.
   */
  deliver(of: TrailIdentity, records: readonly ShippedRecord[]): Promise<void>
  close(): Promise<void>
}

/** A segment that is written no more: its files, as they are called in the trail's directory. */
export interface FinishedSegment {
  readonly segment: number
  /** The segment, its seal where there is one. */
  readonly files: readonly string[]
}

/** A place that whole segments and files of recordings are shipped to: object storage. */
export interface SegmentDestination {
  readonly name: string
  /** The last segment of this trail, all of whose files it keeps; 0: none. Rejects when it cannot be reached. */
  position(of: TrailIdentity): Promise<number>
  /** Keeps a file whole, under its name; one that is there already with the same bytes is left. Rejects when it may not have been kept. */
  keep(of: TrailIdentity, directory: string, file: string): Promise<void>
  close(): Promise<void>
}

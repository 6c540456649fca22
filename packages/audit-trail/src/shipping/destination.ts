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
   * already is not kept twice. It gives up by itself on a peer that does not answer.
   */
  deliver(of: TrailIdentity, records: readonly ShippedRecord[]): Promise<void>
  close(): Promise<void>
}

/** A place that whole files of a trail are shipped to once they are written no more: object storage. */
export interface SegmentDestination {
  readonly name: string
  /** The files of this trail that it keeps, with their sizes in bytes. Rejects when it cannot be reached. */
  kept(of: TrailIdentity): Promise<ReadonlyMap<string, number>>
  /**
   * Keeps a file of the trail's directory whole, under its name; one that is there already with the same bytes is left. Rejects when it may not have been
   * kept; with `ShippingAlarm` when other bytes are there, which stay.
   */
  keep(of: TrailIdentity, directory: string, file: string): Promise<void>
  /** Keeps a checkpoint of this trail, as its line; one that names the same record is left. Rejects when it may not have been kept. */
  keepCheckpoint(of: TrailIdentity, seq: number, line: string): Promise<void>
  close(): Promise<void>
}

/** What waiting and trying again does not mend: an operator has to look, and the trail says so in an alarm. */
export class ShippingAlarm extends Error {
  override readonly name = 'ShippingAlarm'
  /** As in the alarm record: `OBJECT_DIFFERS`. */
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

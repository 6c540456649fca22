/** How far one destination is. */
export interface DestinationState {
  readonly name: string
  /** Records that it does not have yet; null: it gets whole files. */
  readonly lagRecords: number | null
  /** Bytes that could be there and are not. */
  readonly lagBytes: number
  /** How long it has not had everything; 0: it has. */
  readonly lagSeconds: number
  /** Tries that failed, since the process began to ship. */
  readonly failures: number
  /** Why the last try failed; null: it did not. */
  readonly failure: string | null
  /** As in the alarm record, where trying again does not mend it; null: it may. */
  readonly alarm: string | null
}

/** What every destination has of a trail; what came before may be removed from the disk. */
export interface ShippedThrough {
  /** The last segment; 0: none. */
  readonly segment: number
  /** The last file of recordings; 0: none. */
  readonly recording: number
}

/** How shipping stands. Plain data: a worker posts it. */
export interface ShippingState {
  readonly destinations: readonly DestinationState[]
  /** Bytes that wait on the disk for the destination that is furthest behind. */
  readonly spoolBytes: number
  readonly shippedThrough: ShippedThrough
  /** Bytes of all segments and recordings on the disk when this was so. */
  readonly trailBytes: number
}

/** How one destination stands, and what of the trail it has. */
export interface DestinationProgress {
  readonly state: DestinationState
  readonly through: ShippedThrough
}

/** Ships to one destination. */
export interface Shipper {
  readonly name: string
  /** Ships until it is told to finish, or closed. Never rejects. */
  run(): Promise<void>
  /** Ships what is left, and ends. */
  finish(): void
  /** How it stands. Rejects when the directory cannot be read. */
  progress(): Promise<DestinationProgress>
}

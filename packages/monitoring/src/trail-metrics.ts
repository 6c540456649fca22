import type { Sample, ScrapedMetrics } from './scraped-metrics.ts'

/** How the writing of a trail stands. A `TrailWriter` says it. */
export interface MeasuredTrail {
  /** Number of the last record that counts. */
  readonly records: number
  /** Of these, how many the disk may not hold yet. */
  readonly unsynced: number
  /** Seconds since the disk was known to hold every record; 0: it does. */
  readonly unsyncedSeconds: number
  /** Records that wait for the trail to be writable. */
  readonly owed: number
  readonly segment: number
  readonly segmentBytes: number
  /** How often it could not be written, or be made durable, since the process began. */
  readonly failures: number
  /** Null while it can be written. */
  readonly failure: string | null
}

/** How shipping of a trail stands: a `ShippingState`. */
export interface MeasuredShipping {
  readonly destinations: readonly {
    readonly name: string
    readonly lagRecords: number | null
    readonly lagBytes: number
    readonly lagSeconds: number
    readonly failures: number
    readonly failure: string | null
  }[]
  readonly spoolBytes: number
}

/** Tells of the trail that this process writes. */
export function measureTrail(metrics: ScrapedMetrics, read: () => MeasuredTrail): void {
  const one = (value: (trail: MeasuredTrail) => number) => (): Sample[] => [[{}, value(read())]]
  metrics.counter(
    { name: 'gatehouse_trail_records_total', help: 'Records in the audit trail, from its first on.' },
    one(({ records }) => records),
  )
  metrics.gauge(
    {
      name: 'gatehouse_trail_unsynced_records',
      help: 'Records that the system has and the disk may not have yet: what a loss of power could cost.',
    },
    one(({ unsynced }) => unsynced),
  )
  metrics.gauge(
    { name: 'gatehouse_trail_unsynced_seconds', help: 'How long the disk may not have had all of them; 0: it has.' },
    one(({ unsyncedSeconds }) => unsyncedSeconds),
  )
  metrics.gauge(
    {
      name: 'gatehouse_trail_owed_records',
      help: 'Records of what has happened that wait until the trail can be written.',
    },
    one(({ owed }) => owed),
  )
  metrics.gauge(
    { name: 'gatehouse_trail_segment', help: 'Number of the segment that is written.' },
    one(({ segment }) => segment),
  )
  metrics.gauge(
    { name: 'gatehouse_trail_segment_bytes', help: 'Bytes in the segment that is written.' },
    one(({ segmentBytes }) => segmentBytes),
  )
  metrics.counter(
    { name: 'gatehouse_trail_failures_total', help: 'How often the trail could not be written, or be made durable.' },
    one(({ failures }) => failures),
  )
  metrics.gauge(
    {
      name: 'gatehouse_trail_writable',
      help: '1 while the trail can be written, else 0: then all traffic is refused.',
    },
    one(({ failure }) => (failure === null ? 1 : 0)),
  )
}

/** Tells how far each destination of the trail is. `read`: how it stands; null: nothing is shipped. */
export function measureShipping(metrics: ScrapedMetrics, read: () => MeasuredShipping | null): void {
  const each = (value: (of: MeasuredShipping['destinations'][number]) => number | null) => (): Sample[] =>
    (read()?.destinations ?? []).flatMap((destination): Sample[] => {
      const known = value(destination)
      return known === null ? [] : [[{ destination: destination.name }, known]]
    })
  const labelNames = ['destination']
  metrics.gauge(
    {
      name: 'gatehouse_shipping_lag_records',
      help: 'Records that a destination does not have yet; absent for one that gets whole files.',
      labelNames,
    },
    each(({ lagRecords }) => lagRecords),
  )
  metrics.gauge(
    {
      name: 'gatehouse_shipping_lag_bytes',
      help: 'Bytes of the audit trail that a destination does not have yet.',
      labelNames,
    },
    each(({ lagBytes }) => lagBytes),
  )
  metrics.gauge(
    { name: 'gatehouse_shipping_lag_seconds', help: 'How long a destination has not had all of it.', labelNames },
    each(({ lagSeconds }) => lagSeconds),
  )
  metrics.gauge(
    { name: 'gatehouse_shipping_failing', help: '1 while it cannot be shipped to a destination, else 0.', labelNames },
    each(({ failure }) => (failure === null ? 0 : 1)),
  )
  metrics.counter(
    { name: 'gatehouse_shipping_failures_total', help: 'Tries to ship to a destination that failed.', labelNames },
    each(({ failures }) => failures),
  )
  metrics.gauge(
    {
      name: 'gatehouse_shipping_spool_bytes',
      help: 'Bytes that wait for the destination that is furthest behind; absent: nothing is shipped.',
    },
    () => {
      const state = read()
      return state === null ? [] : [[{}, state.spoolBytes]]
    },
  )
}

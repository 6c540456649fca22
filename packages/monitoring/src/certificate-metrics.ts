import type { Sample, ScrapedMetrics } from './scraped-metrics.ts'

/** One side of TLS as it is in use, by where it stands in the configuration: `listeners.postgres.tls`. */
export interface MeasuredCertificate {
  readonly setting: string
  readonly state: {
    /** When it ends, milliseconds since the epoch; null: this side shows none. */
    readonly endsAt: number | null
    readonly fault: string | null
  }
}

/** Tells when certificates end, and whether their files are in use as they are now. */
export function measureCertificates(metrics: ScrapedMetrics, read: () => Iterable<MeasuredCertificate>): void {
  const labelNames = ['setting']
  metrics.gauge(
    {
      name: 'gatehouse_certificate_expiry_timestamp_seconds',
      help: 'When the certificate in use ends, seconds since the epoch; absent where none is shown.',
      labelNames,
    },
    () =>
      [...read()].flatMap(({ setting, state }): Sample[] =>
        state.endsAt === null ? [] : [[{ setting }, state.endsAt / 1000]],
      ),
  )
  metrics.gauge(
    {
      name: 'gatehouse_certificate_failing',
      help: '1 while the files of certificates as they are now cannot be used, else 0: then the last good ones are.',
      labelNames,
    },
    () => [...read()].map(({ setting, state }): Sample => [{ setting }, state.fault === null ? 0 : 1]),
  )
}

import type { TlsState } from '@gatehouse/certificates'
import { Gauge, type Registry } from 'prom-client'

/** Tells Prometheus when this service's certificate ends, and whether its files are in use as they are now. */
export function measureCertificate(registry: Registry, read: () => TlsState): void {
  const measure = (name: string, help: string, valueOf: (state: TlsState) => number): void => {
    registry.registerMetric(
      new Gauge({
        name: `gatehouse_admin_certificate_${name}`,
        help,
        registers: [],
        collect() {
          this.set(valueOf(read()))
        },
      }),
    )
  }
  measure(
    'end_seconds',
    'When the certificate in use ends, seconds since the epoch.',
    ({ endsAt }) => (endsAt ?? 0) / 1000,
  )
  measure('failing', '1 while the files as they are now cannot be used, else 0.', ({ fault }) =>
    fault === null ? 0 : 1,
  )
}

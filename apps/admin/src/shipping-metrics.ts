import type { DestinationState, ShippingState } from '@gatehouse/audit-trail'
import { Gauge, type Registry } from 'prom-client'

/** Tells Prometheus how far each destination of this service's trail is. `read`: how it stands; null: nothing is shipped. */
export function measureShipping(registry: Registry, read: () => ShippingState | null): void {
  const measure = (name: string, help: string, valueOf: (state: DestinationState) => number): void => {
    const gauge = new Gauge({
      name: `gatehouse_shipping_${name}`,
      help,
      labelNames: ['destination'],
      registers: [],
      collect() {
        for (const state of read()?.destinations ?? []) this.set({ destination: state.name }, valueOf(state))
      },
    })
    registry.registerMetric(gauge)
  }
  measure('lag_bytes', 'Bytes of the audit trail that a destination does not have yet.', ({ lagBytes }) => lagBytes)
  measure('lag_seconds', 'How long a destination has not had all of it.', ({ lagSeconds }) => lagSeconds)
  measure('failing', '1 while it cannot be shipped to a destination, else 0.', ({ failure }) =>
    failure === null ? 0 : 1,
  )
}

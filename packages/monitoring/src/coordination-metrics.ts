import type { Sample, ScrapedMetrics } from './scraped-metrics.ts'

/** What is known of what gateways share: a `Coordination`. */
export interface MeasuredCoordination {
  readonly state: { readonly kind: 'connected' | 'lost' }
  /** Questions to the others, since the process began. */
  readonly traffic: {
    readonly operations: number
    readonly failures: number
    /** That the answers took, together. */
    readonly seconds: number
  }
}

/** Tells whether what gateways share can be reached, and how soon it answers. */
export function measureCoordination(metrics: ScrapedMetrics, coordination: MeasuredCoordination): void {
  const one = (value: () => number) => (): Sample[] => [[{}, value()]]
  const name = 'gatehouse_coordination'
  metrics.gauge(
    { name: `${name}_connected`, help: '1 while what gateways share can be reached, else 0.' },
    one(() => (coordination.state.kind === 'connected' ? 1 : 0)),
  )
  metrics.counter(
    { name: `${name}_operations_total`, help: 'Questions to Redis; 0 where nothing is shared.' },
    one(() => coordination.traffic.operations),
  )
  metrics.counter(
    { name: `${name}_failures_total`, help: 'Questions to Redis that were not answered, or with an error.' },
    one(() => coordination.traffic.failures),
  )
  metrics.counter(
    {
      name: `${name}_operation_seconds_total`,
      help: 'Time that its answers took, together: over `gatehouse_coordination_operations_total`, the mean.',
    },
    one(() => coordination.traffic.seconds),
  )
}

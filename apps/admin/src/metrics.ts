import { ScrapedMetrics } from '@gatehouse/monitoring'
import { Counter, Gauge, Histogram } from 'prom-client'

/** What Prometheus is told of this service. */
export interface AdminMetrics {
  /** Those whose values are looked up when somebody asks. */
  readonly scraped: ScrapedMetrics
  readonly decisions: Counter<'verdict' | 'outcome'>
  readonly requests: Histogram<'route' | 'status'>
  readonly streams: Gauge
  readonly deliveries: Counter<'channel' | 'outcome'>
}

export function createMetrics(): AdminMetrics {
  const scraped = new ScrapedMetrics()
  const registers = [scraped.registry]
  return {
    scraped,
    decisions: new Counter({
      name: 'gatehouse_admin_decisions_total',
      help: 'Decisions of people, by what they said and what became of it.',
      labelNames: ['verdict', 'outcome'],
      registers,
    }),
    requests: new Histogram({
      name: 'gatehouse_admin_request_seconds',
      help: 'Time to answer requests, by route and status.',
      labelNames: ['route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.5, 2],
      registers,
    }),
    deliveries: new Counter({
      name: 'gatehouse_admin_deliveries_total',
      help: 'Messages to channels that were sent or tried, by what came of it.',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
    streams: new Gauge({
      name: 'gatehouse_admin_event_streams',
      help: 'Event streams that are open.',
      registers,
    }),
  }
}

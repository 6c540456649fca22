import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValueWithName, Registry } from 'prom-client'
import type { DurationTally } from './duration-tally.ts'

/** Labels of one value: names that the metric was registered with. */
export type Labels = Readonly<Record<string, string>>

/** One value of a metric. */
export type Sample = readonly [labels: Labels, value: number]

/** What a metric is called, and what it says. */
export interface MetricDescription {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
}

/**
 * Metrics whose values are looked up when somebody asks for them: between two scrapes they cost nothing. Names follow Prometheus' conventions: `_total` for
 * counters, units in names (`_seconds`, `_bytes`).
 */
export class ScrapedMetrics {
  readonly registry: Registry

  constructor(registry: Registry = new Registry()) {
    this.registry = registry
  }

  /** A number that only grows. `read`: every value there is. */
  counter(description: MetricDescription, read: () => Iterable<Sample>): void {
    this.registry.registerMetric(
      new Counter({
        ...ownRegistry(description),
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      }),
    )
  }

  /** A number that goes up and down. Values that are not read any more are gone. */
  gauge(description: MetricDescription, read: () => Iterable<Sample> | Promise<Iterable<Sample>>): void {
    this.registry.registerMetric(
      new Gauge({
        ...ownRegistry(description),
        async collect() {
          const samples = await read()
          this.reset()
          for (const [labels, value] of samples) this.set(labels, value)
        },
      }),
    )
  }

  /** Durations in buckets; all tallies have the same bounds. */
  histogram(
    description: MetricDescription,
    bounds: readonly number[],
    read: () => Iterable<readonly [Labels, DurationTally]>,
  ): void {
    const { name, help } = description
    const histogram = new Histogram({ ...ownRegistry(description), buckets: [...bounds] })
    // prom-client only counts by itself: what was counted elsewhere takes the place of what it would say.
    const get: typeof histogram.get = () =>
      Promise.resolve({
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: [...read()].flatMap(([labels, tally]) => valuesOf(name, labels, tally)),
      } as unknown as MetricObjectWithValues<MetricValueWithName<string>>)
    // The one is for JSON, the other, which its types leave out, for text.
    Object.assign(histogram, { get, getForPromString: get })
    this.registry.registerMetric(histogram)
  }
}

function ownRegistry({ name, help, labelNames = [] }: MetricDescription): {
  name: string
  help: string
  labelNames: string[]
  registers: Registry[]
} {
  return { name, help, labelNames: [...labelNames], registers: [] }
}

function valuesOf(name: string, labels: Labels, tally: DurationTally): readonly object[] {
  let below = 0
  const buckets = [...tally.counts].map((count, index) => {
    below += count
    const le = tally.bounds[index] ?? '+Inf'
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: tally.sum },
    { metricName: `${name}_count`, labels, value: tally.count },
  ]
}

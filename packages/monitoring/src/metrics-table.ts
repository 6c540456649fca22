import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** The metrics of a registry as rows of a Markdown table, by name: name, type, labels, meaning. */
export function metricsTable(registry: Registry): string {
  const rows = registry.getMetricsAsArray().map((metric) => {
    // What prom-client keeps of a metric is not in its types.
    const {
      name,
      help,
      labelNames = [],
    } = metric as unknown as {
      readonly name: string
      readonly help: string
      readonly labelNames?: readonly string[]
    }
    const labels = labelNames.length === 0 ? '-' : labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${typeOf(metric)} | ${labels} | ${help.replaceAll('|', '\\|')} |`
  })
  return ['| metric | type | labels | says |', '| --- | --- | --- | --- |', ...rows.sort()].join('\n')
}

function typeOf(metric: unknown): string {
  if (metric instanceof Counter) return 'counter'
  if (metric instanceof Gauge) return 'gauge'
  return metric instanceof Histogram ? 'histogram' : 'summary'
}

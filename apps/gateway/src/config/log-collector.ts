import type { LogCollectorConfig } from '@gatehouse/monitoring'
import type { GatewayConfig } from './gateway-config.ts'

const TRACES = '/v1/traces'
const LOGS = '/v1/logs'

/** Why lines of the log cannot be sent as configured; null: they can, or are to be sent nowhere. */
export function logCollectorFault({ log, tracing }: Pick<GatewayConfig, 'log' | 'tracing'>): string | null {
  if (log.collector === null || log.collector.otlp !== null) return null
  if (tracing === null)
    return 'is null, and there is no tracing whose collector could take the lines: set one of the two'
  return logsBeside(tracing.otlp.endpoint) === null
    ? `is null, and tracing.otlp.endpoint does not end in ${TRACES}, so that nobody can say where its collector takes lines: set log.collector.otlp`
    : null
}

/** Where lines of the log are sent; null: nowhere. */
export function collectorOfLog({ log, tracing }: Pick<GatewayConfig, 'log' | 'tracing'>): LogCollectorConfig | null {
  const { collector } = log
  if (collector === null) return null
  const { otlp, maxQueuedLines } = collector
  if (otlp !== null) return { otlp, maxQueuedLines }
  const endpoint = tracing === null ? null : logsBeside(tracing.otlp.endpoint)
  // The schema lets none of these pass (`logCollectorFault`).
  if (tracing === null || endpoint === null) throw new Error('log.collector.otlp is null, and nobody else says where')
  return { otlp: { ...tracing.otlp, endpoint }, maxQueuedLines }
}

/** Where a collector takes lines, by where it takes traces; null: that does not say. */
function logsBeside(traces: string): string | null {
  const url = new URL(traces)
  if (!url.pathname.endsWith(TRACES)) return null
  url.pathname = `${url.pathname.slice(0, -TRACES.length)}${LOGS}`
  return url.href
}

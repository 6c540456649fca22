import type { StatementObserver } from '@gatehouse/core'
import type { Logger } from 'pino'
import gatewayPackage from '../../package.json' with { type: 'json' }
import type { ExportAccount } from '@gatehouse/monitoring'
import type { TracingConfig } from './tracing-settings.ts'

/** What traces statements. */
export interface Tracing {
  readonly observer: StatementObserver
  readonly account: ExportAccount
  /** Sends what is left, for a few seconds at most. Never rejects. */
  close(): Promise<void>
}

/** Begins to trace; null: nothing is traced, and nothing is loaded for it. `beside`: watches statements as well; null: nobody does. `failed`: told what is thrown while spans are made. */
export async function openTracing(
  config: TracingConfig | null,
  gatewayId: string,
  beside: StatementObserver | null,
  failed: (error: unknown) => void,
  log: Logger,
): Promise<Tracing | null> {
  if (config === null) return null
  const [{ startOtlp }, { StatementSpans }] = await Promise.all([
    import('./otlp-tracing.ts'),
    import('./statement-spans.ts'),
  ])
  const service = { instance: gatewayId, version: gatewayPackage.version }
  const otlp = startOtlp(config, service, (error) => {
    if (error === null) log.info('traces are sent again')
    else log.warn({ error }, 'traces cannot be sent: they are dropped and counted, and traffic goes on')
  })
  return {
    observer: new StatementSpans(otlp.tracer, beside, failed),
    account: otlp.account,
    close: () => otlp.close().catch(() => undefined),
  }
}

import type { StatementObserver } from '@gatehouse/core'
import type { ExportAccount } from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/index.ts'
import { OftenSaid } from '../often-said.ts'
import { openTracing } from '../tracing/open-tracing.ts'
import { messageOf } from '../upstream-dial.ts'
import { StatementTally } from './statement-tally.ts'

/** Whoever watches the statements of a gateway. */
export interface ObservedStatements {
  /** Null: nobody does. */
  readonly observer: StatementObserver | null
  readonly statements: StatementTally
  /** What became of spans; null: nothing is traced. */
  readonly spans: () => ExportAccount | null
  /** Sends what is left of traces. Never rejects. */
  close(): Promise<void>
}

/** Begins to count statements where somebody asks for metrics, and to trace them where that is configured. */
export async function observeStatements(
  { monitoring, tracing: traced, gatewayId }: Pick<GatewayConfig, 'monitoring' | 'tracing' | 'gatewayId'>,
  log: Logger,
): Promise<ObservedStatements> {
  const faults = new OftenSaid((facts) => log.error(facts, 'statements cannot be watched as they should; they go on'))
  const failed = (error: unknown): void => faults.say({ error: messageOf(error) })
  const statements = new StatementTally(failed)
  const counting = monitoring === null ? null : statements
  const tracing = await openTracing(traced, gatewayId, counting, failed, log)
  return {
    observer: tracing?.observer ?? counting,
    statements,
    spans: () => tracing?.account ?? null,
    close: async () => {
      await tracing?.close()
    },
  }
}

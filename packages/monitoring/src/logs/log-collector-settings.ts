import type { OtlpConfig } from '@gatehouse/configuration'
import * as z from 'zod'

/** Where the lines of a log go besides standard output. */
export interface LogCollectorConfig<Otlp = OtlpConfig> {
  readonly otlp: Otlp
  /** Lines that may wait to be sent; more are dropped, and counted. */
  readonly maxQueuedLines: number
}

/** The settings of a log's collector, `otlp` being those of the collector itself. */
export function logCollectorSettings<Otlp>(otlp: z.ZodType<Otlp>): z.ZodType<LogCollectorConfig<Otlp>> {
  return z.strictObject({
    otlp,
    maxQueuedLines: z
      .int()
      .min(128)
      .max(100_000)
      .default(4_096)
      .describe('Lines that may wait to be sent. More are dropped, and counted: nothing waits for a collector.'),
  })
}

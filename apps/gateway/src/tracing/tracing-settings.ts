import { type OtlpConfig, otlpSettings } from '@gatehouse/configuration'
import * as z from 'zod'

/** Where traces go. */
export interface TracingConfig {
  readonly otlp: OtlpConfig
  /** The part of traces that begin here which is kept, 0 to 1. One that an agent began is kept when the agent says so. */
  readonly sampling: number
  /** Spans that may wait to be sent; more are dropped, and counted. */
  readonly maxQueuedSpans: number
}

/** The settings of tracing; null by default: nothing is traced. Relative paths begin at `directory`. */
export function tracingSettings(directory: string): z.ZodType<TracingConfig | null> {
  return z
    .strictObject({
      otlp: otlpSettings(directory, 'spans', '/v1/traces'),
      sampling: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe(
          'The part of traces that is kept of those which begin here. What an agent began is kept when its `traceparent` says so.',
        ),
      maxQueuedSpans: z
        .int()
        .min(128)
        .max(1_000_000)
        .default(16_384)
        .describe('Spans that may wait to be sent. More are dropped, and counted: traffic never waits.'),
    })
    .nullable()
    .default(null)
    .describe('Where a trace of every statement is sent. Null: nothing is traced.')
}

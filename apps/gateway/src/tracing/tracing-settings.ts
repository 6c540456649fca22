import { existingFile, isSafeUrl, secret } from '@gatehouse/configuration'
import type { Secret } from '@gatehouse/core'
import * as z from 'zod'

/** Where traces go. */
export interface TracingConfig {
  readonly otlp: {
    /** The whole address, with the path: `https://collector.example.com/v1/traces`. */
    readonly endpoint: string
    readonly protocol: 'http/protobuf' | 'http/json'
    readonly headers: Readonly<Record<string, Secret<string>>>
    /** Authorities in PEM; null: the system's. */
    readonly caFile: string | null
    readonly timeoutSeconds: number
  }
  /** The part of traces that begin here which is kept, 0 to 1. One that an agent began is kept when the agent says so. */
  readonly sampling: number
  /** Spans that may wait to be sent; more are dropped, and counted. */
  readonly maxQueuedSpans: number
}

/** The settings of tracing; null by default: nothing is traced. Relative paths begin at `directory`. */
export function tracingSettings(directory: string): z.ZodType<TracingConfig | null> {
  return z
    .strictObject({
      otlp: z
        .strictObject({
          endpoint: z
            .string()
            .refine(isSafeUrl, {
              error: 'must be an https address, or an http one on this machine, without a password',
            })
            .describe(
              'Where spans are sent, with the path: `https://collector.example.com/v1/traces`. Without TLS on this machine only.',
            ),
          protocol: z.enum(['http/protobuf', 'http/json']).default('http/protobuf').describe('How they are written.'),
          headers: z
            .record(z.string().regex(/^[A-Za-z0-9-]{1,64}$/), secret)
            .default({})
            .describe('Headers of each request, such as `authorization`; every value by reference.'),
          caFile: existingFile(directory)
            .nullable()
            .default(null)
            .describe('Authorities in PEM that its certificate is verified by. Null: those of the system.'),
          timeoutSeconds: z.int().min(1).max(60).default(10).describe('So long an answer is waited for.'),
        })
        .describe('A collector that takes OTLP over HTTP.'),
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

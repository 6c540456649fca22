import type { Secret } from '@gatehouse/core'
import * as z from 'zod'
import { existingFile } from './file-settings.ts'
import { isSafeUrl } from './safe-url.ts'
import { secret } from './secret-setting.ts'

/** A collector that takes OTLP over HTTP. */
export interface OtlpConfig {
  /** The whole address, with the path: `https://collector.example.com/v1/traces`. */
  readonly endpoint: string
  readonly protocol: 'http/protobuf' | 'http/json'
  readonly headers: Readonly<Record<string, Secret<string>>>
  /** Authorities in PEM; null: the system's. */
  readonly caFile: string | null
  /** Of one request, with its repetitions. */
  readonly timeoutSeconds: number
}

/** The settings of a collector. `sent`, such as `spans`, is what goes to `path`, such as `/v1/traces`. Relative paths begin at `directory`. */
export function otlpSettings(directory: string, sent: string, path: string): z.ZodType<OtlpConfig> {
  return z
    .strictObject({
      endpoint: z
        .string()
        .refine(isSafeUrl, {
          error: 'must be an https address, or an http one on this machine, without a password',
        })
        .describe(
          `Where ${sent} are sent, with the path: \`https://collector.example.com${path}\`. Without TLS on this machine only.`,
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
    .describe('A collector that takes OTLP over HTTP.')
}

import {
  CheckpointPublisher,
  type CheckpointSink,
  fileSink,
  readSigningKey,
  type TrailOptions,
  webhookSink,
} from '@gatehouse/audit-trail'
import type { Secret } from '@gatehouse/core'
import * as z from 'zod'
import { anyPath } from './file-settings.ts'
import { isSafeUrl } from './safe-url.ts'
import { secret } from './secret-setting.ts'

/** How a trail is proven to be what was written. */
export interface TrailProof {
  /** The Ed25519 private key in PEM that seals segments and signs checkpoints; null: there are no seals. */
  readonly signingKey: Secret<string> | null
  readonly checkpoints: {
    readonly everySeconds: number
    readonly files: readonly string[]
    readonly webhooks: readonly { readonly url: string; readonly token: Secret<string> | null }[]
  }
}

/** The settings of `TrailProof`, for the `audit` part of a service's file. Relative paths begin at `directory`. */
export function trailProofSettings(directory: string): {
  readonly signingKey: z.ZodType<TrailProof['signingKey']>
  readonly checkpoints: z.ZodType<TrailProof['checkpoints']>
} {
  return {
    signingKey: secret
      .refine((key) => signingKeyFault(key) === null, {
        error: 'is no Ed25519 private key in PEM (`gatehouse audit keygen` makes one)',
      })
      .nullable()
      .default(null)
      .describe(
        'The Ed25519 private key, in PEM, that seals segments and signs checkpoints, by reference. Null: none is sealed.',
      ),
    checkpoints: z
      .strictObject({
        everySeconds: z
          .int()
          .min(1)
          .max(86_400)
          .default(60)
          .describe('How often the newest checkpoint is kept elsewhere.'),
        files: z
          .array(anyPath(directory))
          .default([])
          .describe('Files that lines are added to, best on another machine.'),
        webhooks: z
          .array(
            z.strictObject({
              url: z
                .string()
                .refine(isSafeUrl, { error: 'must be an https address, or http on this machine' })
                .describe('Where each checkpoint is sent by POST.'),
              token: secret.nullable().default(null).describe('A bearer token for it, by reference. Null: none.'),
            }),
          )
          .default([])
          .describe('Addresses that are told.'),
      })
      .prefault({})
      .describe('Where the head of the trail is kept besides: what is cut off later shows by it.'),
  }
}

/** What a trail is opened with to be proven so, and how to end it. `onFailure`: a checkpoint could not be kept. */
export function openTrailProof(
  { signingKey, checkpoints }: TrailProof,
  onFailure: (sink: string, error: unknown) => void,
): { readonly options: Pick<TrailOptions, 'signing' | 'onCheckpoint'>; readonly close: () => Promise<void> } {
  const signing = signingKey === null ? null : readSigningKey(signingKey.expose())
  const sinks: readonly CheckpointSink[] = [
    ...checkpoints.files.map(fileSink),
    ...checkpoints.webhooks.map(({ url, token }) => webhookSink(url, token?.expose() ?? null)),
  ]
  if (sinks.length === 0) return { options: { signing }, close: () => Promise.resolve() }
  const publisher = new CheckpointPublisher(sinks, checkpoints.everySeconds, onFailure)
  return { options: { signing, onCheckpoint: publisher.tell }, close: () => publisher.close() }
}

function signingKeyFault(key: Secret<string>): string | null {
  try {
    readSigningKey(key.expose())
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

import { databaseAddressFault } from '@gatehouse/audit-trail'
import { isLoopbackHost, type Secret } from '@gatehouse/core'
import * as z from 'zod'
import { existingFile } from './file-settings.ts'
import { isSafeUrl } from './safe-url.ts'
import { secret } from './secret-setting.ts'

/** Where the trail is shipped to. Nowhere is the default: the segments on the disk are searched as they are. */
export interface ShippingConfig {
  /** Bytes of the trail and of recordings that may wait to be shipped; beyond it traffic stops. */
  readonly spoolBytes: number
  readonly postgres: { readonly url: Secret<string>; readonly caFile: string | null } | null
  readonly s3: S3Config | null
  readonly webhooks: readonly { readonly url: string; readonly token: Secret<string> | null }[]
  readonly syslog: readonly SyslogConfig[]
}

/** A bucket of S3-compatible storage. */
export interface S3Config {
  /** Null: the service of AWS in `region`. */
  readonly endpoint: string | null
  readonly region: string
  readonly bucket: string
  /** Stands before every name; empty: nothing does. */
  readonly prefix: string
  /** The bucket is part of the path, not of the host name. */
  readonly pathStyle: boolean
  /** Null, as `secretAccessKey`: what the environment gives (a role, a profile). */
  readonly accessKeyId: string | null
  readonly secretAccessKey: Secret<string> | null
  /** Object Lock; null: objects are not locked. */
  readonly objectLock: { readonly mode: 'governance' | 'compliance'; readonly days: number } | null
}

/** A collector that takes syslog (RFC 5424). */
export interface SyslogConfig {
  readonly host: string
  readonly port: number
  /** TLS (RFC 5425); null: plain TCP (RFC 6587), on this machine only. */
  readonly tls: { readonly caFile: string | null } | null
}

/** Shipped nowhere. */
export const NO_SHIPPING: ShippingConfig = {
  spoolBytes: 10 * 1024 ** 3,
  postgres: null,
  s3: null,
  webhooks: [],
  syslog: [],
}

/** A PostgreSQL database that records are shipped to, and searched in. Relative paths begin at `directory`. */
export function trailDatabase(directory: string): z.ZodType<NonNullable<ShippingConfig['postgres']>> {
  return z.strictObject({
    url: secret
      .superRefine((url, context) => {
        const fault = databaseAddressFault(url.expose())
        if (fault !== null) context.addIssue({ code: 'custom', message: fault })
      })
      .describe('Its own database: `postgres://user:password@host:port/database`, by reference.'),
    caFile: authoritiesFile(directory),
  })
}

function authoritiesFile(directory: string): z.ZodType<string | null> {
  return existingFile(directory)
    .nullable()
    .prefault(null)
    .describe('Authorities in PEM that its certificate is verified by. Null: those of the system.')
}

/** The `shipping` part of a trail's settings. Relative paths begin at `directory`. */
export function shippingSettings(directory: string): z.ZodType<ShippingConfig> {
  const caFile = authoritiesFile(directory)
  return z
    .strictObject({
      spoolBytes: z
        .int()
        .min(16 * 1024 * 1024)
        .default(10 * 1024 * 1024 * 1024)
        .describe(
          'Bytes that may wait on this disk to be shipped; beyond it all traffic stops. Without a destination it means nothing.',
        ),
      postgres: trailDatabase(directory)
        .nullable()
        .default(null)
        .describe('A PostgreSQL database that records are searched in. Null: none.'),
      s3: z
        .strictObject({
          endpoint: safeUrl.nullable().default(null).describe('Its address. Null: that of AWS in `region`.'),
          region: z.string().min(1).default('us-east-1').describe('The region that requests are signed for.'),
          bucket: z.string().min(1).describe('The bucket; it must be there.'),
          prefix: z.string().default('').describe('Stands before every name of an object.'),
          pathStyle: z.boolean().default(false).describe('The bucket is part of the path, not of the host name.'),
          accessKeyId: z.string().min(1).nullable().default(null).describe('Null: what the environment gives.'),
          secretAccessKey: secret.nullable().default(null).describe('By reference. Null: what the environment gives.'),
          objectLock: z
            .strictObject({
              mode: z
                .enum(['governance', 'compliance'])
                .default('governance')
                .describe('Who may shorten it: some, or nobody.'),
              days: z.int().min(1).max(36_500).describe('How long an object can be neither replaced nor deleted.'),
            })
            .nullable()
            .default(null)
            .describe('Object Lock, in a bucket that has it. Null: none.'),
        })
        .refine(({ accessKeyId, secretAccessKey }) => (accessKeyId === null) === (secretAccessKey === null), {
          error: 'accessKeyId and secretAccessKey go together',
        })
        .nullable()
        .default(null)
        .describe('S3-compatible storage that sealed segments and recordings are kept in. Null: none.'),
      webhooks: z
        .array(
          z.strictObject({
            url: safeUrl.describe('Where events are sent by POST.'),
            token: secret
              .nullable()
              .default(null)
              .describe(
                'A bearer token for it, or one with its scheme before it (`Splunk …`, `ApiKey …`, `Basic …`), by reference. Null: none.',
              ),
          }),
        )
        .default([])
        .describe('Collectors that take OCSF events as JSON.'),
      syslog: z
        .array(
          z
            .strictObject({
              host: z.string().min(1).describe('Its name or address.'),
              port: z.int().min(1).max(65_535).default(6514).describe('Its port.'),
              tls: z
                .strictObject({ caFile })
                .nullable()
                .prefault({ caFile: null })
                .describe('TLS (RFC 5425). Null: plain TCP, on a loopback address only.'),
            })
            .refine(({ host, tls }) => tls !== null || isLoopbackHost(host), {
              error: 'without tls the collector must be on a loopback address',
            }),
        )
        .default([])
        .describe('Collectors that take OCSF events as syslog messages (RFC 5424).'),
    })
    .prefault({})
    .describe('Where records go besides the disk.')
}

const safeUrl = z.string().refine(isSafeUrl, { error: 'must be an https address, or http on this machine' })

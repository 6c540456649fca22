import { readFileSync } from 'node:fs'
import { Shipping, type ShippingLog, type ShippingPlaces, type TrailWriter } from '@gatehouse/audit-trail'
import type { TrailDatabase } from '@gatehouse/audit-trail/postgres'
import type { S3Config, ShippingConfig } from './shipping-settings.ts'

/** Ships a trail, once it is open, to where its settings say. */
export interface TrailShipping {
  /** What is shipped; null: nothing is, or not yet. */
  readonly shipping: Shipping | null
  /** Begins. `gateway`: what the trail's records call its writer. Nothing happens without a destination. Rejects when the directory cannot be read. */
  begin(trail: TrailWriter, directory: string, gateway: string): Promise<void>
  /** Ships what is left, for a few seconds at most. To be called when the trail is closed. */
  close(): Promise<void>
}

/** What ships a trail as configured. */
export function trailShipping(config: ShippingConfig, log: ShippingLog): TrailShipping {
  let shipping: Shipping | null = null
  const { spoolBytes } = config
  return {
    get shipping() {
      return shipping
    },
    begin: async (trail, directory, gateway) => {
      if (!isShipped(config)) return
      shipping = await Shipping.open(trail, { directory, gateway, places: placesOf(config), spoolBytes, log })
    },
    close: async () => {
      await shipping?.close()
    },
  }
}

function isShipped({ postgres, s3, webhooks, syslog }: ShippingConfig): boolean {
  return postgres !== null || s3 !== null || webhooks.length > 0 || syslog.length > 0
}

function placesOf({ postgres, s3, webhooks, syslog }: ShippingConfig): ShippingPlaces {
  return {
    postgres: postgres === null ? null : databaseOf(postgres),
    s3: s3 === null ? null : bucketOf(s3),
    webhooks: webhooks.map(({ url, token }) => ({ url, token: token?.expose() ?? null })),
    syslog: syslog.map(({ host, port, tls }) => ({
      host,
      port,
      tls: tls === null ? null : { ca: authorities(tls.caFile) },
    })),
  }
}

/** A database as it is reached. Throws where its authorities cannot be read. */
export function databaseOf({ url, caFile }: NonNullable<ShippingConfig['postgres']>): TrailDatabase {
  return { url: url.expose(), ca: authorities(caFile) }
}

function bucketOf({ accessKeyId, secretAccessKey, ...bucket }: S3Config): ShippingPlaces['s3'] {
  const given = accessKeyId !== null && secretAccessKey !== null
  return { ...bucket, credentials: given ? { accessKeyId, secretAccessKey: secretAccessKey.expose() } : null }
}

function authorities(file: string | null): string | null {
  return file === null ? null : readFileSync(file, 'utf8')
}

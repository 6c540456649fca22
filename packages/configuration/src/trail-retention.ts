import { Retention, type RetentionOptions, type Shipping, type TrailWriter } from '@gatehouse/audit-trail'
import type { LegalHolds } from '@gatehouse/coordination'
import { DatabaseRetention } from './database-retention.ts'
import { KeptHolds } from './kept-holds.ts'
import type { RetentionConfig } from './retention-settings.ts'
import type { ShippingConfig } from './shipping-settings.ts'
import { databaseOf } from './trail-shipping.ts'

/** What tells operators of files that are removed. */
export interface RetentionLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
}

/** What a trail's retention works with, beside its settings. */
export interface TrailRetentionPorts extends Pick<RetentionOptions, 'directory' | 'schedule'> {
  readonly trail: TrailWriter
  readonly legalHolds: LegalHolds
  /** What the trail is shipped by; null: by nothing. */
  readonly shipping: Pick<Shipping, 'shippedThrough'> | null
  /** The database that is kept short, and for how many days; null: none is. */
  readonly database: { readonly at: NonNullable<ShippingConfig['postgres']>; readonly days: number } | null
  readonly log: RetentionLog
}

/** Everything is shipped that is to be, where nothing is. */
const ALL = { segment: Infinity, recording: Infinity }

/** Removes what is older than is kept, from now on. Null: everything is kept for ever. To be closed before the trail is. */
export function startRetention(
  config: RetentionConfig,
  { legalHolds, shipping, database, log, ...ports }: TrailRetentionPorts,
): { readonly close: () => Promise<void> } | null {
  if (config.recordsDays === null && config.recordingsDays === null && database === null) return null
  const holds = new KeptHolds(ports.directory, legalHolds, (error) =>
    log.warn({ error: String(error) }, 'legal holds could not be kept beside the audit trail'),
  )
  const retention = new Retention({
    ...config,
    ...ports,
    held: () => holds.names(),
    shippedThrough: () => (shipping === null ? ALL : shipping.shippedThrough),
    told: ({ removed, kept }) => {
      if (removed.length > 0)
        log.info(
          { files: removed.map(({ file }) => file) },
          'files of the audit trail were removed: they are older than is kept',
        )
      if (kept.length > 0) log.info({ kept }, 'files of the audit trail stay, though they are older than is kept')
    },
    failed: (error) =>
      log.warn(
        { error: String(error) },
        'nothing more of the audit trail is removed now; it is tried again in a few hours',
      ),
  })
  retention.start()
  const inDatabase =
    database === null
      ? null
      : new DatabaseRetention({
          database: databaseOf(database.at),
          days: database.days,
          held: () => holds.names(),
          trail: ports.trail,
          told: (removed) => {
            if (removed.days + removed.rows > 0)
              log.info(removed, 'records were removed from the database: they are older than is kept')
          },
          failed: (error) =>
            log.warn(
              { error: String(error) },
              'nothing more is removed from the database now; it is tried again in a few hours',
            ),
        })
  return {
    close: async () => {
      await inDatabase?.close()
      await retention.close()
      await holds.close()
    },
  }
}

import * as z from 'zod'

/** How long what is on a trail's disk is kept, in days; null: for ever. */
export interface RetentionConfig {
  readonly recordsDays: number | null
  /** Null: as long as the records that name them. */
  readonly recordingsDays: number | null
}

const MAX_DAYS = 36_500

const recordsDays = z
  .int()
  .min(1)
  .max(MAX_DAYS)
  .nullable()
  .default(null)
  .describe('Days that segments stay on this disk, when they are shipped and no legal hold names them. Null: for ever.')

/** The `retention` part of a gateway's trail. */
export const retentionSettings: z.ZodType<RetentionConfig> = z
  .strictObject({
    recordsDays,
    recordingsDays: z
      .int()
      .min(1)
      .max(MAX_DAYS)
      .nullable()
      .default(null)
      .describe('The same of recordings, which may go earlier. Null: as long as the records.'),
  })
  .refine(
    ({ recordsDays: records, recordingsDays: recordings }) =>
      records === null || recordings === null || recordings <= records,
    { path: ['recordingsDays'], error: 'must not be more than recordsDays: nothing would say what they are of' },
  )
  .prefault({})
  .describe('How long what is on the disk is kept; docs/retention.md.')

/** The same of the admin service, whose trail nothing is recorded beside, and which looks after the database of all trails. */
export interface AdminRetentionConfig extends RetentionConfig {
  /** Of records of all gateways in `audit.shipping.postgres`. */
  readonly databaseDays: number | null
}

/** The `retention` part of the admin service's trail. */
export const adminRetentionSettings: z.ZodType<AdminRetentionConfig> = z
  .strictObject({
    recordsDays,
    databaseDays: z
      .int()
      .min(1)
      .max(MAX_DAYS)
      .nullable()
      .default(null)
      .describe(
        'Days that records of all gateways stay in the database (`audit.shipping.postgres`), when no legal hold names them. Null: for ever.',
      ),
  })
  .transform((ages) => ({ ...ages, recordingsDays: null }))
  .prefault({})
  .describe('How long what is on the disk is kept; docs/retention.md.')

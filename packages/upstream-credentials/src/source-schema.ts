import type * as z from 'zod'

/** The schema of one kind of source: an object whose setting `source` says which. */
export type SourceSchema<Config> = z.ZodType<Config> & z.core.$ZodTypeDiscriminable

/** What several routes take. */
import * as z from 'zod'

/** An id of the store, or a session's. */
export const id: z.ZodString = z.string().regex(/^[A-Za-z0-9:_-]{1,128}$/)

/** In the path. */
export const idParams: z.ZodType<{ id: string }> = z.strictObject({ id })

/** A person's words. */
export const reason: z.ZodString = z.string().trim().min(1).max(1000)

/** A name of a principal, target or the like. */
export const name: z.ZodString = z.string().min(1).max(2048)

import { Secret } from '@gatehouse/core'
import * as z from 'zod'

/** A setting that refers to a secret; what it refers to was read before the schema sees it. */
export const secret: z.ZodType<Secret<string>> = z
  .custom<Secret<string>>((value) => value instanceof Secret, {
    error: 'must be a reference, ${NAME} or file:path',
    params: { ofType: true },
  })
  .meta({ secretReference: true })

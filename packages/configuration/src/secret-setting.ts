import { Secret } from '@gatehouse/core'
import * as z from 'zod'
import type { SecretReference } from './secret-reference.ts'

/** A setting that refers to a secret; what it refers to was read before the schema sees it. */
export const secret: z.ZodType<Secret<string>> = z
  .custom<Secret<string>>((value) => value instanceof Secret, {
    error: 'must be a reference, ${NAME} or file:path',
    params: { ofType: true },
  })
  .meta({ secretReference: true })

/** Where secrets of a configuration were read from. */
const references = new WeakMap<Secret<string>, SecretReference>()

/** Keeps account of where a secret was read from, for `secretReference`. */
export function rememberReference(value: Secret<string>, reference: SecretReference): Secret<string> {
  references.set(value, reference)
  return value
}

/**
 * A setting that refers to a secret, which is read again each time it is needed: the configuration holds only where it is. That it can be
 * read is seen at the start, like that of any other.
 */
export const secretReference: z.ZodType<SecretReference> = secret.transform((value, context) => {
  const reference = references.get(value)
  if (reference !== undefined) return reference
  context.addIssue({ code: 'custom', message: 'must be a reference, ${NAME} or file:path' })
  return z.NEVER
})

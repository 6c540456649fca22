import { type SecretReference, secretReference } from '@gatehouse/configuration'
import * as z from 'zod'
import type { CredentialSource } from '../credential-source.ts'
import { openReference } from '../open-reference.ts'
import type { SourceSchema } from '../source-schema.ts'

/** A password in an environment variable. */
export interface EnvironmentConfig {
  readonly source: 'environment'
  readonly password: SecretReference
}

/** The settings of this source. */
export const environmentSchema: SourceSchema<EnvironmentConfig> = z.strictObject({
  source: z.literal('environment').describe('A password in an environment variable.'),
  password: secretReference
    .refine(({ kind }) => kind === 'environment', { error: 'must be ${NAME} here; for a file, write source: file' })
    .describe('The variable, as `${NAME}`. The target says the `user`.'),
})

/** The source that is configured so. */
export function openEnvironment({ password }: EnvironmentConfig): CredentialSource {
  return openReference(password)
}

import * as z from 'zod'
import type { CredentialSource } from '../credential-source.ts'
import type { SourceSchema } from '../source-schema.ts'
import { tokenSource } from '../token-source.ts'

/** All that the token can be used for. */
const LOGIN_SCOPE = 'https://www.googleapis.com/auth/sqlservice.login'
/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 256 * 1024
const ATTEMPT_MILLISECONDS = 5000

/** An access token for IAM authentication of Cloud SQL. */
export interface GoogleCloudSqlIamConfig {
  readonly source: 'google-cloud-sql-iam'
}

/** The settings of this source. */
export const googleCloudSqlIamSchema: SourceSchema<GoogleCloudSqlIamConfig> = z.strictObject({
  source: z
    .literal('google-cloud-sql-iam')
    .describe(
      'An access token for IAM authentication of Cloud SQL, by application default credentials. Without `user` the target logs in as the service account that they are of.',
    ),
})

/** The source that is configured so. The library keeps a token until shortly before it expires. */
export function openGoogleCloudSqlIam(): CredentialSource {
  return tokenSource('Google Cloud', {
    async open() {
      const { GoogleAuth } = await import('google-auth-library')
      const transporterOptions = { size: MAX_ANSWER_BYTES, timeout: ATTEMPT_MILLISECONDS }
      // No token needs a project; the library would look for one, among other ways by running `gcloud`.
      const projectId = 'none'
      return new GoogleAuth({ scopes: LOGIN_SCOPE, projectId, clientOptions: { transporterOptions } })
    },
    async read(auth, { user, engine }) {
      const token = (await auth.getAccessToken()) ?? ''
      if (user !== null) return { user: null, token }
      const { client_email: email } = await auth.getCredentials()
      if (email === undefined) throw new Error('the credentials are of no service account: set user')
      return { user: cloudSqlUser(email, engine), token }
    },
  })
}

/**
 * What Cloud SQL calls the user of an account, by its e-mail address: PostgreSQL leaves out `.gserviceaccount.com`, MySQL everything from
 * the `@` on. Both are in small letters.
 */
export function cloudSqlUser(email: string, engine: 'postgres' | 'mysql'): string {
  const small = email.toLowerCase()
  return engine === 'mysql' ? small.replace(/@.*$/, '') : small.replace(/\.gserviceaccount\.com$/, '')
}

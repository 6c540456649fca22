import type { CredentialConfig } from './open-source.ts'

/** What of a target has to go with the source of its credential. */
export interface SourcedTarget {
  readonly engine: 'postgres' | 'mysql'
  readonly user: string | null
  readonly credential: CredentialConfig | null
  readonly tls: { readonly mode: string }
}

/** What does not go with it, at which setting of the target; null: nothing. */
export function targetFault(target: SourcedTarget): { readonly path: string[]; readonly message: string } | null {
  const { engine, user, credential, tls } = target
  if (credential === null || !TOKENS.has(credential.source)) return null
  const { source } = credential
  if (!VERIFIED.has(tls.mode))
    return {
      path: ['tls', 'mode'],
      message: `must be verify-full, verify-ca or pinned with source ${source}: the token is sent as it is, and whoever reads it can log in`,
    }
  if (source !== 'google-cloud-sql-iam')
    return user === null ? { path: ['user'], message: `is missing: a token of source ${source} is for a user` } : null
  if (engine === 'mysql' && user?.includes('@') === true)
    return { path: ['user'], message: 'must be without @ and what follows: so Cloud SQL for MySQL knows it' }
  if (user?.endsWith('.gserviceaccount.com') === true)
    return { path: ['user'], message: 'must be without .gserviceaccount.com: so Cloud SQL for PostgreSQL knows it' }
  return null
}

const VERIFIED: ReadonlySet<string> = new Set(['verify-full', 'verify-ca', 'pinned'])

/** Sources whose password is a bearer token, which the database asks for in clear text. */
const TOKENS: ReadonlySet<string> = new Set(['aws-rds-iam', 'google-cloud-sql-iam', 'azure-entra'])

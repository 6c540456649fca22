import { randomBytes } from 'node:crypto'
import { json, LoopbackService } from '@gatehouse/upstream-credentials/testing'
import { vi } from 'vitest'
import type { LeasedTarget, TestTarget } from '../harness/start-gateway.ts'

/** An account of the database that a cloud gives the credential of. */
export interface Account {
  readonly user: string
  password: string
}

/** Three clouds on this machine, each with an account for one database. */
export interface Cloud {
  /** The one of the secret; put another password there to rotate it. */
  readonly secret: Account
  readonly google: Account
  readonly entra: Account
  /** How often the secret was read. */
  readonly readings: () => number
  /** A target for each: `by-secret`, `by-cloud-sql` and `by-entra`. `caFile` vouches for the database. */
  targets(target: TestTarget, caFile: string): Readonly<Record<string, LeasedTarget>>
  close(): Promise<void>
}

/** Starts them, and points this process at them. `engine` decides what Cloud SQL calls the service account. */
export async function openCloud(engine: 'postgres' | 'mysql'): Promise<Cloud> {
  // As long as a real one, but for MySQL, which stores no longer password.
  const token = (kind: string): string => `${kind}.${randomBytes(engine === 'mysql' ? 150 : 700).toString('base64url')}`
  const unique = randomBytes(4).toString('hex')
  const email = `gw-${unique}@shop-project.iam.gserviceaccount.com`
  const secret = { user: `secret_${unique}`, password: `first ${unique}` }
  const google = {
    user: engine === 'mysql' ? `gw-${unique}` : `gw-${unique}@shop-project.iam`,
    password: token('ya29'),
  }
  const entra = { user: `entra_${unique}`, password: token('eyJ0') }
  const service = await LoopbackService.start((asked, response) => {
    const flavor = { 'metadata-flavor': 'Google' }
    const [path = ''] = asked.path.split('?')
    if (path === '/') json(response, secretOf(secret))
    else if (path === '/msi/token') {
      const expires_on = Math.floor(Date.now() / 1000) + 3600
      json(response, { token_type: 'Bearer', expires_on, access_token: entra.password })
    } else if (path.endsWith('/default/token'))
      json(response, { access_token: google.password, expires_in: 3599, token_type: 'Bearer' }, 200, flavor)
    else if (path.endsWith('/default/email')) response.writeHead(200, flavor).end(email)
    else if (path.endsWith('/project-id')) response.writeHead(200, flavor).end('shop-project')
    else if (path.endsWith('/universe-domain')) response.writeHead(200, flavor).end('googleapis.com')
    else if (path.endsWith('/service-accounts/default'))
      json(response, { default: { aliases: ['default'], email, scopes: [] } }, 200, flavor)
    else response.writeHead(404, flavor).end()
  })
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a secret key of the tests')
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent')
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GCE_METADATA_HOST', service.url)
  vi.stubEnv('IDENTITY_ENDPOINT', `${service.url}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'a header of the tests')
  return {
    secret,
    google,
    entra,
    readings: () => service.asked.filter(({ path }) => path === '/').length,
    targets({ user: _user, password: _password, ...target }, caFile) {
      const secured = { ...target, host: 'localhost', tls: { mode: 'verify-full', caFile } }
      const stored = { source: 'aws-secrets-manager', secretId: 'shop', region: 'eu-central-1', endpoint: service.url }
      return {
        'by-secret': { ...secured, credential: stored },
        'by-cloud-sql': { ...secured, credential: { source: 'google-cloud-sql-iam' } },
        'by-entra': { ...secured, user: entra.user, credential: { source: 'azure-entra', identity: 'managed' } },
      }
    },
    async close() {
      vi.unstubAllEnvs()
      await service.stop()
    },
  }
}

function secretOf({ user, password }: Account): object {
  return { ARN: 'arn', Name: 'shop', VersionId: 'v', SecretString: JSON.stringify({ username: user, password }) }
}

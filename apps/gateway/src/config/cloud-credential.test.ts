import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { parseGatewayConfig } from './load-gateway-config.ts'

const SECRETS_MANAGER = { source: 'aws-secrets-manager', secretId: 'shop', region: 'eu-central-1' }
const RDS = { source: 'aws-rds-iam', region: 'eu-central-1' }
const CLOUD_SQL = { source: 'google-cloud-sql-iam' }
const ENTRA = { source: 'azure-entra' }

test.each([
  ['a secret, over anything', { credential: SECRETS_MANAGER, tls: { mode: 'require-unverified' } }],
  ['a token of RDS', { credential: RDS, user: 'gateway' }],
  ['a token of Cloud SQL, of the service account', { credential: CLOUD_SQL, tls: { mode: 'verify-ca' } }],
  ['a token of Cloud SQL, of a user', { credential: CLOUD_SQL, user: 'gateway@shop.iam' }],
  [
    'a token of RDS, to a pinned server',
    { credential: RDS, user: 'gateway', tls: { mode: 'pinned', pinnedSha256: ['ab'.repeat(32)] } },
  ],
  ['a token of Entra', { credential: ENTRA, user: 'gateway' }],
])('a target may have %s', (_what, target) => {
  expect(problemsOf(target)).toEqual([])
})

test.each([
  ...[RDS, CLOUD_SQL, ENTRA].flatMap((credential) => [
    { credential, user: 'gateway', tls: { mode: 'require-unverified' }, at: 'tls.mode' },
    { credential, user: 'gateway', tls: { mode: 'clear-text-over-network' }, at: 'tls.mode' },
    { credential, user: 'gateway', host: '127.0.0.1', tls: { mode: 'disable' }, at: 'tls.mode' },
  ]),
  { credential: RDS, at: 'user' },
  { credential: ENTRA, at: 'user' },
  { credential: CLOUD_SQL, user: 'gateway@shop.iam.gserviceaccount.com', at: 'user' },
  { credential: CLOUD_SQL, user: 'gateway@shop.iam', engine: 'mysql', at: 'user' },
  { credential: RDS, user: 'gateway', password: '${PASSWORD}', at: 'credential' },
  { credential: { source: 'gcp' }, at: 'credential.source' },
])('a target is refused: %j', ({ at, ...target }) => {
  expect(problemsOf(target)).toContainEqual(expect.stringContaining(`targets.shop.${at}`))
})

function problemsOf(target: object): string[] {
  const config = {
    issuers: [{ issuer: 'https://login.example.com', audience: 'gatehouse' }],
    listeners: { postgres: { address: '127.0.0.1:0', allowClearTextPasswordOnLoopback: true } },
    policyFile: import.meta.filename,
    maskingKey: '${MASKING_KEY}',
    audit: { directory: '/nonexistent/trail' },
    targets: { shop: { engine: 'postgres', host: 'shop.example.com', database: 'shop', ...target } },
  }
  const environment = { MASKING_KEY: 'a masking key for tests, 32 characters', PASSWORD: 'hunter2' }
  const loading = parseGatewayConfig(stringify(config), '/', environment)
  return loading.kind === 'problems' ? loading.problems.map((problem) => JSON.stringify(problem)) : []
}

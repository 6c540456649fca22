import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CredentialSource, CredentialUnavailable } from '../credential-source.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { loopbackOnly, type Strays } from '../testing/loopback-only.ts'
import { type Asked, endless, json, LoopbackService } from '../testing/loopback-service.ts'
import { cloudSqlUser, googleCloudSqlIamSchema, openGoogleCloudSqlIam } from './google-cloud-sql-iam.ts'

const TOKEN = 'ya29.c.b0AXv0zTPQ_a-token-of-the-tests'
const EMAIL = 'gateway@shop-project.iam.gserviceaccount.com'
const SCOPE = 'https://www.googleapis.com/auth/sqlservice.login'
const FLAVOR = { 'metadata-flavor': 'Google' }

let strays: Strays
let folder: string
const services: LoopbackService[] = []
const opened: CredentialSource[] = []

beforeEach(() => {
  strays = loopbackOnly()
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-adc-'))
  const own = /^(?:GOOGLE|GCE|GCLOUD|CLOUDSDK|METADATA|HTTPS?_PROXY|https?_proxy)/
  for (const name of Object.keys(process.env)) if (own.test(name)) vi.stubEnv(name, undefined)
  vi.stubEnv('CLOUDSDK_CONFIG', folder)
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
})

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close()
  for (const service of services.splice(0)) await service.stop()
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
  strays.restore()
  expect(strays.tried).toEqual([])
})

test.each([
  ['postgres', 'gateway@shop-project.iam'],
  ['mysql', 'gateway'],
] as const)(
  "on a machine of Google's, %s is logged in to as its service account, by a token for logins alone",
  async (engine, user) => {
    const metadata = await machine()
    const lease = await open().lease(leaseRequest({ engine }), soon())
    expect([lease.user, tokenOf(lease)]).toEqual([user, TOKEN])
    const asked = metadata.asked.find(({ path }) => path.includes('/token'))
    expect(asked?.headers['metadata-flavor']).toBe('Google')
    expect(new URL(asked?.path ?? '', metadata.url).searchParams.get('scopes')).toBe(SCOPE)
  },
)

test('a user that is configured is logged in as, by the same token', async () => {
  await machine()
  const lease = await open().lease(leaseRequest({ user: 'reader@shop-project.iam' }), soon())
  expect([lease.user, tokenOf(lease)]).toEqual(['reader@shop-project.iam', TOKEN])
})

test('a token is asked for once while it is good', async () => {
  const metadata = await machine()
  const source = open()
  for (let n = 0; n < 3; n++) await source.lease(leaseRequest({ user: 'gateway' }), soon())
  expect(metadata.asked.filter(({ path }) => path.includes('/token'))).toHaveLength(1)
})

test('a token that is about to expire is not used again', async () => {
  const metadata = await machine({ expires_in: 1 })
  const source = open()
  for (let n = 0; n < 2; n++) await source.lease(leaseRequest({ user: 'gateway' }), soon())
  expect(metadata.asked.filter(({ path }) => path.includes('/token')).length).toBeGreaterThan(1)
})

test('outside, the identity of another cloud is exchanged, and that service account taken on', async () => {
  const google = await federation()
  const lease = await open().lease(leaseRequest(), soon())
  expect([lease.user, tokenOf(lease)]).toEqual(['gateway@shop-project.iam', TOKEN])
  const [exchange, impersonation] = google.asked
  expect(new URLSearchParams(exchange?.body).get('subject_token')).toBe('a token of the pod')
  expect(impersonation?.headers.authorization).toBe('Bearer a-federated-token')
  expect(JSON.parse(impersonation?.body ?? '')).toMatchObject({ scope: [SCOPE] })
})

test.each([
  [400, { error: 'invalid_grant', error_description: 'The token has expired.' }, 'invalid_grant'],
  [401, { error: 'invalid_client' }, 'invalid_client'],
  [500, 'not today', 'status 500'],
])('what Google refuses with %i %j is told to the log alone', async (status, body, told) => {
  const google = await federation()
  google.answer = (_asked, response) => json(response, body, status)
  const refused = await refusal(open())
  expect(refused.message).toBe('no credential could be had from Google Cloud')
  expect(refused.detail).toContain(told)
})

test('a refused impersonation is told with its reason', async () => {
  const google = await federation()
  const well = google.answer
  google.answer = (asked, response) =>
    asked.path.startsWith('/v1/token')
      ? well(asked, response)
      : json(
          response,
          { error: { code: 403, message: 'Permission denied on resource', status: 'PERMISSION_DENIED' } },
          403,
        )
  expect((await refusal(open())).detail).toMatch(/status 403.*denied/i)
})

test.each([
  ['JSON that breaks off', `{"access_token":"${TOKEN}`],
  ['no JSON', TOKEN],
  ['a page', `<html>${TOKEN}</html>`],
  ['nothing', ''],
  ['null', 'null'],
  ['no token', '{"expires_in":3600}'],
  ['a token that is a number', '{"access_token":42,"expires_in":3600}'],
  ['a token with a line break', `{"access_token":"${TOKEN}\\nx","expires_in":3600}`],
  ['a token of a megabyte', JSON.stringify({ access_token: TOKEN.repeat(30_000), expires_in: 3600 })],
])('an answer of %s is refused, and not told', async (_what, body) => {
  const metadata = await machine()
  const well = metadata.answer
  metadata.answer = (asked, response) => {
    if (asked.path.includes('/token')) json(response, body, 200, FLAVOR)
    else well(asked, response)
  }
  await refusal(open())
})

test('an endless answer is refused, and its connection closed', async () => {
  const google = await federation()
  const well = google.answer
  google.answer = (asked, response) => {
    if (asked.path.startsWith('/v1/token')) well(asked, response)
    else endless(response)
  }
  await refusal(open())
  await vi.waitFor(async () => expect(await google.connections).toBe(0), 20_000)
})

test('a service that does not answer is given up when the session is, and asked again for the next', async () => {
  const google = await federation()
  const well = google.answer
  google.answer = () => undefined
  const source = open()
  await refusal(source, AbortSignal.timeout(300))
  google.answer = well
  expect(tokenOf(await source.lease(leaseRequest(), soon()))).toBe(TOKEN)
})

test('what answers in the place of a metadata server, without its header, is not believed', async () => {
  const metadata = await machine()
  metadata.answer = (_asked, response) => json(response, { access_token: TOKEN, expires_in: 3600 })
  await refusal(open())
})

test('without credentials nothing is asked for', async () => {
  expect((await refusal(open())).detail).toContain('Could not load the default credentials')
})

test('credentials that are no file are refused with their name', async () => {
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(folder, 'missing.json'))
  expect((await refusal(open())).detail).toContain('missing.json')
})

test('a key file that is no JSON is refused, and not told', async () => {
  const file = join(folder, 'key.json')
  writeFileSync(file, `{"private_key": "${TOKEN}`)
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
  await refusal(open())
})

test('a closed source gives nothing', async () => {
  const metadata = await machine()
  const source = open()
  await source.close()
  await refusal(source)
  expect(metadata.asked).toEqual([])
})

test.each([
  ['postgres', EMAIL, 'gateway@shop-project.iam'],
  ['postgres', 'Ada@Example.com', 'ada@example.com'],
  ['postgres', 'x@gserviceaccount.com.example.com', 'x@gserviceaccount.com.example.com'],
  ['mysql', EMAIL, 'gateway'],
  ['mysql', 'Ada@Example.com', 'ada'],
] as const)('%s knows %s as %s', (engine, email, user) => {
  expect(cloudSqlUser(email, engine)).toBe(user)
})

test('an unknown setting is refused', () => {
  expect(googleCloudSqlIamSchema.safeParse({ source: 'google-cloud-sql-iam', scope: 'x' }).success).toBe(false)
})

function open(): CredentialSource {
  const source = openGoogleCloudSqlIam()
  opened.push(source)
  return source
}

async function serve(answer: LoopbackService['answer']): Promise<LoopbackService> {
  const service = await LoopbackService.start(answer)
  services.push(service)
  return service
}

/** A machine of Google's: its metadata server gives a token for the service account that it has. */
async function machine(changes: object = {}): Promise<LoopbackService> {
  const metadata = await serve((asked, response) => {
    const property = asked.path.replace(/^\/computeMetadata\/v1\//, '').replace(/\?.*$/, '')
    if (property === 'instance/service-accounts/default/token')
      json(response, { access_token: TOKEN, expires_in: 3599, token_type: 'Bearer', ...changes }, 200, FLAVOR)
    else if (property === 'instance/service-accounts/default/email') response.writeHead(200, FLAVOR).end(EMAIL)
    else if (property === 'project/project-id') response.writeHead(200, FLAVOR).end('shop-project')
    else if (property === 'universe/universe-domain') response.writeHead(200, FLAVOR).end('googleapis.com')
    else if (property.startsWith('instance/service-accounts/default'))
      json(response, { default: { aliases: ['default'], email: EMAIL, scopes: [SCOPE] } }, 200, FLAVOR)
    else response.writeHead(404, FLAVOR).end()
  })
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GCE_METADATA_HOST', metadata.url)
  return metadata
}

/** Workload identity federation: Google's token exchange and impersonation, configured by a file. */
async function federation(): Promise<LoopbackService> {
  const google = await serve((asked: Asked, response) => {
    if (asked.path.startsWith('/v1/token')) {
      const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
      json(response, { access_token: 'a-federated-token', issued_token_type, token_type: 'Bearer', expires_in: 3600 })
    } else json(response, { accessToken: TOKEN, expireTime: new Date(Date.now() + 3_600_000).toISOString() })
  })
  const subject = join(folder, 'pod-token')
  writeFileSync(subject, 'a token of the pod')
  const file = join(folder, 'federation.json')
  const configuration = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/cluster',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${google.url}/v1/token`,
    service_account_impersonation_url: `${google.url}/v1/projects/-/serviceAccounts/${EMAIL}:generateAccessToken`,
    credential_source: { file: subject },
  }
  writeFileSync(file, JSON.stringify(configuration))
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
  return google
}

/** That no credential could be had; and neither message nor account of it holds the token. */
async function refusal(source: CredentialSource, signal = soon()): Promise<CredentialUnavailable> {
  const refused: unknown = await source.lease(leaseRequest({ user: null }), signal).catch((error: unknown) => error)
  if (!(refused instanceof CredentialUnavailable)) throw new Error(`not refused as it should be: ${inspect(refused)}`)
  expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain(TOKEN.slice(0, 5))
  return refused
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000)
}

function tokenOf({ password }: { readonly password: { expose(): Buffer } | null }): string {
  return password?.expose().toString() ?? ''
}

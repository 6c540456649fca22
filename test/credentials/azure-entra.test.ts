import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inspect, promisify } from 'node:util'
import {
  CredentialUnavailable,
  type CredentialSource,
  credentialSchema,
  openSource,
} from '@gatehouse/upstream-credentials'
import {
  type Asked,
  endless,
  json,
  leaseRequest,
  loopbackOnly,
  LoopbackService,
  type Strays,
} from '@gatehouse/upstream-credentials/testing'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { makeAuthority } from '../servers/certificates.ts'

const TOKEN = 'eyJ0eXAiOiJKV1QifQ.eyJvaWQiOiJ0ZXN0cyJ9.c2lnbmF0dXJl'
const TENANT = '8c1f0e2a-1f5b-4c43-9a53-0c5b7d1f2e3a'
const CLIENT = '2b7d1f2e-3a8c-4c43-9a53-1f0e2a1f5b0c'
const RESOURCE = 'https://ossrdbms-aad.database.windows.net'

const authority = makeAuthority()
const { certificate: cert, key } = authority.forServer(['127.0.0.1'])

let strays: Strays
let folder: string
const services: LoopbackService[] = []
const opened: CredentialSource[] = []

beforeAll(() => {
  const usual = getCACertificates()
  setDefaultCACertificates([...usual, authority.certificate])
  return () => setDefaultCACertificates(usual)
})

beforeEach(() => {
  strays = loopbackOnly()
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-entra-'))
  const own = /^(?:AZURE|IDENTITY|IMDS|MSI|HTTPS?_PROXY|https?_proxy)/
  for (const name of Object.keys(process.env)) if (own.test(name)) vi.stubEnv(name, undefined)
  vi.stubEnv('AZURE_TOKEN_CREDENTIALS', 'prod')
})

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close()
  for (const service of services.splice(0)) await service.stop()
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
  strays.restore()
  expect(strays.tried).toEqual([])
})

test('the managed identity of an app gives a token for the databases', async () => {
  const endpoint = await appService()
  expect(await leaseOnce({ identity: 'managed' })).toEqual({ user: 'gateway', password: TOKEN, strays: [] })
  const [asked] = endpoint.asked
  expect(asked?.headers['x-identity-header']).toBe('a header of the tests')
  expect(new URL(asked?.path ?? '', endpoint.url).searchParams.get('resource')).toBe(RESOURCE)
})

test('a user-assigned identity is asked for by its client ID', async () => {
  const endpoint = await appService()
  await leaseOnce({ identity: 'managed', clientId: CLIENT })
  expect(new URL(endpoint.asked[0]?.path ?? '', endpoint.url).searchParams.get('client_id')).toBe(CLIENT)
})

test('the managed identity of a machine gives a token by its metadata service', async () => {
  const metadata = await serve((_asked, response) => give(response))
  vi.stubEnv('AZURE_POD_IDENTITY_AUTHORITY_HOST', metadata.url)
  expect(await leaseOnce({ identity: 'managed' })).toEqual({ user: 'gateway', password: TOKEN, strays: [] })
  const asked = metadata.asked.at(-1)
  expect(asked?.headers['metadata']).toBe('true')
  expect(asked?.path).toContain('/metadata/identity/oauth2/token')
})

test.each([
  ['a token that has expired', { access_token: TOKEN, token_type: 'Bearer', expires_on: 1_600_000_000 }],
  ['JSON that breaks off', `{"access_token":"${TOKEN}`],
  ['no JSON', TOKEN],
])('an answer of %s to a managed identity is refused, and not told', async (_what, body) => {
  await appService((response) => json(response, body))
  const refused = await leaseOnce({ identity: 'managed' })
  expect(refused).toMatchObject({ message: 'no credential could be had from Microsoft Entra ID', strays: [] })
  expect(JSON.stringify(refused)).not.toContain(TOKEN.slice(0, 6))
})

test('the identity of a pod is exchanged for a token', async () => {
  const entra = await serveEntra()
  stubPod()
  expect(tokenOf(await open({ identity: 'workload', authority: entra.url }).lease(wish(), soon()))).toBe(TOKEN)
  const form = formOf(entra)
  expect([form.get('client_assertion'), form.get('client_id')]).toEqual(['a token of the pod', CLIENT])
  expect(form.get('scope')).toContain(`${RESOURCE}/.default`)
})

test('a service principal in the environment gets a token for its secret', async () => {
  const entra = await serveEntra()
  vi.stubEnv('AZURE_TENANT_ID', TENANT)
  vi.stubEnv('AZURE_CLIENT_ID', CLIENT)
  vi.stubEnv('AZURE_CLIENT_SECRET', 'a client secret')
  expect(tokenOf(await open({ identity: 'environment', authority: entra.url }).lease(wish(), soon()))).toBe(TOKEN)
  expect(formOf(entra).get('client_secret')).toBe('a client secret')
})

test('the default chain finds the pod, and a national cloud is another scope', async () => {
  const entra = await serveEntra()
  stubPod()
  const scope = 'https://ossrdbms-aad.database.usgovcloudapi.net/.default'
  expect(tokenOf(await open({ authority: entra.url, scope }).lease(wish(), soon()))).toBe(TOKEN)
  expect(formOf(entra).get('scope')).toContain(scope)
})

test('a token is asked for once while it is good', async () => {
  const entra = await serveEntra()
  stubPod()
  const source = open({ identity: 'workload', authority: entra.url })
  for (let n = 0; n < 3; n++) await source.lease(wish(), soon())
  expect(entra.asked.filter(({ method }) => method === 'POST')).toHaveLength(1)
})

test.each([
  [400, { error: 'invalid_request', error_description: 'Identity not found' }],
  [
    401,
    {
      error: 'unauthorized_client',
      error_description: `AADSTS700016: Application with identifier '${CLIENT}' was not found.`,
    },
  ],
  [403, 'forbidden'],
])('what Entra refuses with %i %j is told to the log alone', async (status, body) => {
  const entra = await serveEntra((response) => json(response, body, status))
  stubPod()
  const refused = await refusal(open({ identity: 'workload', authority: entra.url }))
  expect(refused.message).toBe('no credential could be had from Microsoft Entra ID')
  if (typeof body === 'object' && body.error_description.startsWith('AADSTS'))
    expect(refused.detail).toContain('AADSTS700016')
})

test.each([
  ['JSON that breaks off', `{"access_token":"${TOKEN}`],
  ['no JSON', TOKEN],
  ['a page', `<html>${TOKEN}</html>`],
  ['nothing', ''],
  ['null', 'null'],
  ['no token', '{"expires_in":3600,"token_type":"Bearer"}'],
  ['a token that is a number', '{"access_token":42,"expires_in":3600,"token_type":"Bearer"}'],
])('an answer of %s is refused, and not told', async (_what, body) => {
  const entra = await serveEntra((response) => json(response, body))
  stubPod()
  await refusal(open({ identity: 'workload', authority: entra.url }))
})

test.each([429, 500, 503])('a service that answers %i once is asked again', async (status) => {
  const entra = await serveEntra((response) => {
    if (entra.asked.filter(({ method }) => method === 'POST').length > 1) give(response)
    else json(response, { error: 'temporarily_unavailable' }, status, { 'retry-after': '0' })
  })
  stubPod()
  expect(tokenOf(await open({ identity: 'workload', authority: entra.url }).lease(wish(), soon()))).toBe(TOKEN)
})

test('a service that does not answer is given up when the session is, and asked again for the next', async () => {
  let well = false
  const entra = await serveEntra((response) => {
    if (well) give(response)
  })
  stubPod()
  const source = open({ identity: 'workload', authority: entra.url })
  await refusal(source, AbortSignal.timeout(300))
  well = true
  expect(tokenOf(await source.lease(wish(), soon()))).toBe(TOKEN)
})

test('an endless answer is given up when the session is', async () => {
  const entra = await serveEntra(endless)
  stubPod()
  await refusal(open({ identity: 'workload', authority: entra.url }), AbortSignal.timeout(500))
})

test('an authority whose certificate nobody vouches for is told nothing', async () => {
  const stranger = makeAuthority().forServer(['127.0.0.1'])
  const entra = await serve((_asked, response) => give(response), { cert: stranger.certificate, key: stranger.key })
  stubPod()
  await refusal(open({ identity: 'workload', authority: entra.url }), AbortSignal.timeout(3000))
  expect(entra.asked).toEqual([])
})

test('without an identity there is no token, and why is told to the log', async () => {
  const refused = await refusal(open({ identity: 'workload' }))
  expect(refused.detail).toContain('WorkloadIdentityCredential')
})

test.each([
  [{ authority: 'http://127.0.0.1' }, 'credential.authority'],
  [{ authority: 'https://user:password@example.com' }, 'credential.authority'],
  [{ identity: 'environment', clientId: CLIENT }, 'credential.clientId'],
  [{ identity: 'anybody' }, 'credential.identity'],
])('the settings %j are refused', (changes, path) => {
  const { error } = credentialSchema('/').safeParse({ source: 'azure-entra', ...changes })
  expect(`credential.${error?.issues[0]?.path.join('.')}`).toBe(path)
})

function open(changes: object): CredentialSource {
  const log = { info: () => undefined, warn: () => undefined }
  const source = openSource(credentialSchema('/').parse({ source: 'azure-entra', ...changes }), log)
  opened.push(source)
  return source
}

/** In a process of its own: the library keeps the managed identity that it found, and its token. */
async function leaseOnce(changes: object): Promise<unknown> {
  const settings = JSON.stringify({ source: 'azure-entra', ...changes })
  const program = join(import.meta.dirname, 'lease-once.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, settings, '20000'])
  return JSON.parse(stdout)
}

function wish(): ReturnType<typeof leaseRequest> {
  return leaseRequest({ user: 'gateway' })
}

async function serve(
  answer: LoopbackService['answer'],
  tls: { cert: string; key: string } | null = null,
): Promise<LoopbackService> {
  const service = await LoopbackService.start(answer, tls)
  services.push(service)
  return service
}

/** The endpoint for tokens that Azure gives an app. */
async function appService(answer: (response: ServerResponse) => void = give): Promise<LoopbackService> {
  const endpoint = await serve((_asked, response) => answer(response))
  vi.stubEnv('IDENTITY_ENDPOINT', `${endpoint.url}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'a header of the tests')
  return endpoint
}

/** An authority of Entra's: metadata, and `answer` at the endpoint for tokens. */
async function serveEntra(answer: (response: ServerResponse) => void = give): Promise<LoopbackService> {
  const entra = await serve(
    (asked: Asked, response) => {
      if (!asked.path.includes('/.well-known/openid-configuration')) {
        answer(response)
        return
      }
      const base = `${entra.url}/${TENANT}`
      json(response, {
        issuer: `${base}/v2.0`,
        authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
        token_endpoint: `${base}/oauth2/v2.0/token`,
        jwks_uri: `${base}/discovery/v2.0/keys`,
      })
    },
    { cert, key },
  )
  return entra
}

/** As AKS gives an identity to a pod. */
function stubPod(): void {
  const file = join(folder, 'pod-token')
  writeFileSync(file, 'a token of the pod')
  vi.stubEnv('AZURE_TENANT_ID', TENANT)
  vi.stubEnv('AZURE_CLIENT_ID', CLIENT)
  vi.stubEnv('AZURE_FEDERATED_TOKEN_FILE', file)
}

function formOf(entra: LoopbackService): URLSearchParams {
  return new URLSearchParams(entra.asked.find(({ method }) => method === 'POST')?.body)
}

function give(response: ServerResponse, changes: object = {}): void {
  const expires_on = Math.floor(Date.now() / 1000) + 3600
  json(response, {
    token_type: 'Bearer',
    expires_in: 3600,
    expires_on,
    resource: RESOURCE,
    access_token: TOKEN,
    ...changes,
  })
}

/** That no credential could be had; and neither message nor account of it holds the token. */
async function refusal(source: CredentialSource, signal = soon()): Promise<CredentialUnavailable> {
  const refused: unknown = await source.lease(wish(), signal).catch((error: unknown) => error)
  if (!(refused instanceof CredentialUnavailable)) throw new Error(`not refused as it should be: ${inspect(refused)}`)
  expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain(TOKEN.slice(0, 6))
  return refused
}

function soon(): AbortSignal {
  return AbortSignal.timeout(25_000)
}

function tokenOf({ password }: { readonly password: { expose(): Buffer } | null }): string {
  return password?.expose().toString() ?? ''
}

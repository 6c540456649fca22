import type { ServerResponse } from 'node:http'
import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { CredentialSource } from '../credential-source.ts'
import { CredentialUnavailable } from '../credential-source.ts'
import { AWS_KEYS, stubAwsEnvironment } from '../testing/aws-environment.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { loopbackOnly, type Strays } from '../testing/loopback-only.ts'
import { endless, json, LoopbackService } from '../testing/loopback-service.ts'
import { isSigned } from '../testing/signature-v4.ts'
import { type AwsSecretsManagerConfig, awsSecretsManagerSchema, openAwsSecretsManager } from './aws-secrets-manager.ts'

const PASSWORD = 'hunter2-of-the-shop'

let service: LoopbackService
let strays: Strays
const opened: CredentialSource[] = []

beforeEach(async () => {
  strays = loopbackOnly()
  stubAwsEnvironment()
  service = await LoopbackService.start((_asked, response) => give(response, { username: 'shop', password: PASSWORD }))
})

afterEach(async () => {
  for (const source of opened.splice(0)) await source.close()
  await service.stop()
  vi.unstubAllEnvs()
  strays.restore()
  expect(strays.tried).toEqual([])
})

test('a secret in the form that RDS writes gives user and password', async () => {
  const lease = await open().lease(leaseRequest(), soon())
  expect([lease.user, passwordOf(lease)]).toEqual(['shop', PASSWORD])
  expect(lease.dedicated).toBe(false)
})

test('what is asked for is the version that is configured, in a request signed with the keys of the environment', async () => {
  await open({ versionStage: 'AWSPREVIOUS' }).lease(leaseRequest(), soon())
  const [asked] = service.asked
  expect(asked?.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue')
  expect(JSON.parse(asked?.body ?? '')).toEqual({ SecretId: 'shop/gateway', VersionStage: 'AWSPREVIOUS' })
  expect(asked !== undefined && isSigned(asked, AWS_KEYS, 'secretsmanager', 'eu-central-1')).toBe(true)
})

test('a plain secret is the password of the user that the target names', async () => {
  service.answer = (_asked, response) => give(response, PASSWORD)
  const lease = await open({ format: 'plain' }).lease(leaseRequest({ user: 'reader' }), soon())
  expect([lease.user, passwordOf(lease)]).toEqual(['reader', PASSWORD])
})

test('the fields of the object can have other names', async () => {
  service.answer = (_asked, response) => give(response, { login: 'shop', pass: PASSWORD })
  const lease = await open({ userField: 'login', passwordField: 'pass' }).lease(leaseRequest(), soon())
  expect([lease.user, passwordOf(lease)]).toEqual(['shop', PASSWORD])
})

test('sessions that begin together share one reading, and those after it use it again', async () => {
  const source = open()
  const leases = await Promise.all([1, 2, 3].map(() => source.lease(leaseRequest(), soon())))
  leases.push(await source.lease(leaseRequest(), soon()))
  expect(service.asked).toHaveLength(1)
  await leases[0]?.release()
  expect(leases.map(passwordOf)).toEqual(['\0'.repeat(PASSWORD.length), PASSWORD, PASSWORD, PASSWORD])
})

test('a session that gives up does not take the reading from those that wait for it', async () => {
  const { promise: asked, resolve: hear } = Promise.withResolvers<ServerResponse>()
  service.answer = (_asked, response) => hear(response)
  const source = open()
  const impatient = new AbortController()
  const first = source.lease(leaseRequest(), impatient.signal)
  const second = source.lease(leaseRequest(), soon())
  const response = await asked
  impatient.abort()
  await expect(first).rejects.toThrow(CredentialUnavailable)
  give(response, { username: 'shop', password: PASSWORD })
  expect(passwordOf(await second)).toBe(PASSWORD)
})

test('a secret is forgotten after its time', async () => {
  const source = open({ cacheSeconds: 1 })
  await source.lease(leaseRequest(), soon())
  service.answer = (_asked, response) => give(response, { username: 'shop', password: 'the next one' })
  await vi.waitFor(
    async () => expect(passwordOf(await source.lease(leaseRequest(), soon()))).toBe('the next one'),
    20_000,
  )
})

test('with a cache of no seconds each login reads', async () => {
  const source = open({ cacheSeconds: 0 })
  const leases = [await source.lease(leaseRequest(), soon()), await source.lease(leaseRequest(), soon())]
  expect(service.asked).toHaveLength(2)
  expect(leases.map(passwordOf)).toEqual([PASSWORD, PASSWORD])
  expect(leases[1]?.refused?.()).toBe(false)
})

test('after a rotation the refusal of the database brings the new password at the next try', async () => {
  const source = open()
  await source.lease(leaseRequest(), soon())
  service.answer = (_asked, response) => give(response, { username: 'shop_clone', password: 'rotated' })
  const stale = await source.lease(leaseRequest(), soon())
  expect(stale.refused?.()).toBe(true)
  const fresh = await source.lease(leaseRequest(), soon())
  expect([fresh.user, passwordOf(fresh)]).toEqual(['shop_clone', 'rotated'])
})

test('the refusal of a password that was just read asks for no second try', async () => {
  const lease = await open().lease(leaseRequest(), soon())
  expect(lease.refused?.()).toBe(false)
})

test('the refusal of an old password does not throw away the one that was read since', async () => {
  const source = open()
  await source.lease(leaseRequest(), soon())
  const [one, two] = [await source.lease(leaseRequest(), soon()), await source.lease(leaseRequest(), soon())]
  one.refused?.()
  await source.lease(leaseRequest(), soon())
  expect(two.refused?.()).toBe(true)
  await source.lease(leaseRequest(), soon())
  expect(service.asked).toHaveLength(2)
})

test('a secret of another user than the configured one is refused', async () => {
  await expect(open().lease(leaseRequest({ user: 'admin' }), soon())).rejects.toThrow('of another user')
})

test.each([
  ['no password', { username: 'shop' }],
  ['an empty password', { username: 'shop', password: '' }],
  ['a password that is a number', { username: 'shop', password: 12345678 }],
  ['a password with a NUL', { username: 'shop', password: `${PASSWORD}\0x` }],
  ['a user that is a list', { username: ['shop'], password: PASSWORD }],
  ['no user, and the target has none', { password: PASSWORD }],
  ['a list', [PASSWORD]],
  ['a text that is no JSON', `{"password":"${PASSWORD}`],
  ['null', 'null'],
  ['two passwords', `{"username":"shop","password":"${PASSWORD}","password":"${PASSWORD}2"}`],
])('a secret with %s is refused, and not told', async (_what, secret) => {
  service.answer = (_asked, response) => give(response, secret)
  await refusal(open())
})

test('a binary secret is refused', async () => {
  service.answer = (_asked, response) =>
    json(response, { Name: 'x', SecretBinary: Buffer.from(PASSWORD).toString('base64') })
  expect((await refusal(open())).detail).toContain('binary')
})

test('throttling is waited out', async () => {
  service.answer = (_asked, response) =>
    service.asked.length < 3
      ? fail(response, 400, 'ThrottlingException')
      : give(response, { username: 'shop', password: PASSWORD })
  expect(passwordOf(await open().lease(leaseRequest(), soon()))).toBe(PASSWORD)
})

test.each([
  [400, 'ThrottlingException', 3],
  [500, 'InternalServiceError', 3],
  [400, 'ResourceNotFoundException', 1],
  [400, 'AccessDeniedException', 1],
  [400, 'ExpiredTokenException', 1],
  [400, 'UnrecognizedClientException', 1],
])('a failure with %i %s is told to the log alone, after %i attempts', async (status, type, attempts) => {
  service.answer = (_asked, response) => fail(response, status, type)
  const refused = await refusal(open())
  expect(refused.message).toBe('no credential could be had from AWS Secrets Manager')
  expect(refused.detail).toContain(type)
  expect(refused.detail).toContain(`status ${status}`)
  expect(service.asked).toHaveLength(attempts)
})

test.each([
  ['JSON that breaks off', `{"SecretString":"${PASSWORD}`],
  ['no JSON', PASSWORD],
  ['a page', `<html>${PASSWORD}</html>`],
  ['nothing', ''],
  ['a list', `["${PASSWORD}"]`],
  ['a secret that is a number', '{"SecretString":42}'],
])('an answer of %s is refused, and not told', async (_what, body) => {
  service.answer = (_asked, response) => json(response, body)
  await refusal(open())
})

test('an endless answer is refused, and its connection closed', async () => {
  service.answer = (_asked, response) => endless(response)
  expect((await refusal(open())).detail).toContain('larger than')
  await vi.waitFor(async () => expect(await service.connections).toBe(0), 20_000)
})

test('a service that does not answer is given up when the session is', async () => {
  service.answer = () => undefined
  await refusal(open(), AbortSignal.timeout(300))
})

test('a service that nobody listens at is given up', async () => {
  await refusal(open({ endpoint: 'http://127.0.0.1:1' }))
})

test('without credentials of its own nothing is asked for', async () => {
  stubAwsEnvironment(null)
  expect((await refusal(open())).detail).toContain('Could not load credentials')
  expect(service.asked).toEqual([])
})

test('credentials come from where a container has them, and again before they expire', async () => {
  const given = await LoopbackService.start((asked, response) => {
    expect(asked.headers.authorization).toBe('a token of the pod')
    json(response, {
      AccessKeyId: `AKID${given.asked.length}`,
      SecretAccessKey: `secret${given.asked.length}`,
      Token: `session${given.asked.length}`,
      Expiration: new Date(Date.now() + 60_000).toISOString(),
    })
  })
  try {
    stubAwsEnvironment(null)
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${given.url}/v1/credentials`)
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'a token of the pod')
    const source = open({ cacheSeconds: 0 })
    await source.lease(leaseRequest(), soon())
    await vi.waitFor(async () => {
      await source.lease(leaseRequest(), soon())
      const last = service.asked.at(-1)
      expect(last?.headers['x-amz-security-token']).toBe('session2')
      const keys = { accessKeyId: 'AKID2', secretAccessKey: 'secret2' }
      expect(last !== undefined && isSigned(last, keys, 'secretsmanager', 'eu-central-1')).toBe(true)
    }, 20_000)
  } finally {
    await given.stop()
  }
})

test('credentials that do not come are given up when the session is', async () => {
  const given = await LoopbackService.start(() => undefined)
  try {
    stubAwsEnvironment(null)
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${given.url}/v1/credentials`)
    await refusal(open(), AbortSignal.timeout(300))
  } finally {
    await given.stop()
  }
})

test('a closed source gives nothing, and what was leased ends with its session', async () => {
  const source = open()
  const lease = await source.lease(leaseRequest(), soon())
  await source.close()
  expect(passwordOf(lease)).toBe(PASSWORD)
  await refusal(source)
  expect(service.asked).toHaveLength(1)
})

test('closing ends a reading', async () => {
  service.answer = () => undefined
  const source = open()
  const refused = refusal(source)
  await vi.waitFor(() => expect(service.asked).toHaveLength(1), 20_000)
  await source.close()
  await refused
  await vi.waitFor(async () => expect(await service.connections).toBe(0), 20_000)
})

test.each([
  [{ secretId: '' }, 'secretId'],
  [{ endpoint: 'http://vpce.example.com' }, 'endpoint'],
  [{ endpoint: 'https://user:password@vpce.example.com' }, 'endpoint'],
  [{ cacheSeconds: -1 }, 'cacheSeconds'],
  [{ secretID: 'shop' }, ''],
])('the settings %j are refused', (changes, path) => {
  const { error } = awsSecretsManagerSchema.safeParse({ ...settings(), ...changes })
  expect(error?.issues[0]?.path.join('.')).toBe(path)
})

function settings(): object {
  return { source: 'aws-secrets-manager', secretId: 'shop/gateway', region: 'eu-central-1', endpoint: service.url }
}

function open(changes: Partial<AwsSecretsManagerConfig> = {}): CredentialSource {
  const source = openAwsSecretsManager(awsSecretsManagerSchema.parse({ ...settings(), ...changes }))
  opened.push(source)
  return source
}

/** That no credential could be had; and neither message nor account of it holds the password. */
async function refusal(source: CredentialSource, signal = soon()): Promise<CredentialUnavailable> {
  const refused: unknown = await source.lease(leaseRequest(), signal).catch((error: unknown) => error)
  if (!(refused instanceof CredentialUnavailable)) throw new Error(`not refused as it should be: ${inspect(refused)}`)
  expect(inspect(refused, { depth: 10, showHidden: true })).not.toContain(PASSWORD.slice(0, 4))
  return refused
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000)
}

function passwordOf({ password }: { readonly password: { expose(): Buffer } | null }): string {
  return password?.expose().toString() ?? ''
}

/** As GetSecretValue answers. */
function give(response: ServerResponse, secret: unknown): void {
  json(response, {
    ARN: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/gateway-a1b2c3',
    Name: 'shop/gateway',
    VersionId: '4e1c0f64-8f2b-4b8e-9a55-0f1a2b3c4d5e',
    VersionStages: ['AWSCURRENT'],
    CreatedDate: 1_700_000_000,
    SecretString: typeof secret === 'string' ? secret : JSON.stringify(secret),
  })
}

function fail(response: ServerResponse, status: number, type: string): void {
  json(response, { __type: type, Message: 'as the service puts it' }, status, { 'x-amzn-errortype': type })
}

import { inspect } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type CredentialSource, CredentialUnavailable, type LeaseRequest } from '../credential-source.ts'
import { AWS_KEYS, stubAwsEnvironment } from '../testing/aws-environment.ts'
import { leaseRequest } from '../testing/lease-request.ts'
import { loopbackOnly, type Strays } from '../testing/loopback-only.ts'
import { json, LoopbackService } from '../testing/loopback-service.ts'
import { isRdsToken } from '../testing/signature-v4.ts'
import { awsRdsIamSchema, openAwsRdsIam } from './aws-rds-iam.ts'

const REGION = 'eu-central-1'
const HOST = 'shop.cluster-abc.eu-central-1.rds.amazonaws.com'

let strays: Strays
const services: LoopbackService[] = []

beforeEach(() => {
  strays = loopbackOnly()
  stubAwsEnvironment()
})

afterEach(async () => {
  for (const service of services.splice(0)) await service.stop()
  vi.unstubAllEnvs()
  strays.restore()
  expect(strays.tried).toEqual([])
})

test.each([
  ['postgres', 5432, 'shop_reader'],
  ['mysql', 3306, 'shop reader+*(é)'],
] as const)('the token for %s is a request that is signed for this endpoint and user', async (engine, port, user) => {
  const lease = await open().lease(leaseRequest({ engine, host: HOST, port, user }), soon())
  expect(lease.user).toBe(user)
  const wanted = { host: HOST, port, user, region: REGION }
  expect(isRdsToken(tokenOf(lease), AWS_KEYS, wanted)).toBe(true)
  expect(isRdsToken(tokenOf(lease), AWS_KEYS, { ...wanted, user: 'admin' })).toBe(false)
  expect(isRdsToken(tokenOf(lease).replace('DBUser=', 'DBUser=x'), AWS_KEYS, { ...wanted, user: `x${user}` })).toBe(
    false,
  )
  expect(isRdsToken(tokenOf(lease), { ...AWS_KEYS, secretAccessKey: 'another' }, wanted)).toBe(false)
})

test('an endpoint that the target knows by another name is signed by its own', async () => {
  const lease = await open({ host: HOST, port: 5432 }).lease(wish({ host: '10.0.0.7', port: 15_432 }), soon())
  expect(isRdsToken(tokenOf(lease), AWS_KEYS, { host: HOST, port: 5432, user: 'shop', region: REGION })).toBe(true)
})

test('a role of a pod is taken by its token, which STS exchanges once for many logins', async () => {
  const sts = await serve((asked, response) => {
    const form = new URLSearchParams(asked.body)
    expect(form.get('Action')).toBe('AssumeRoleWithWebIdentity')
    expect(form.get('RoleArn')).toBe('arn:aws:iam::123456789012:role/gateway')
    expect(form.get('WebIdentityToken')).toBe('a token of the pod')
    response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed('ASIAROLE', hours(1)))
  })
  stubWebIdentity(sts.url)
  const source = open()
  for (const session of ['1', '2', '3']) {
    const lease = await source.lease(wish({ session }), soon())
    const keys = { accessKeyId: 'ASIAROLE', secretAccessKey: 'role secret', sessionToken: 'role session/+=' }
    expect(isRdsToken(tokenOf(lease), keys, { host: HOST, port: 5432, user: 'shop', region: REGION })).toBe(true)
  }
  expect(sts.asked).toHaveLength(1)
})

test('a key that is about to expire is exchanged for a new one', async () => {
  const sts = await serve((_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed(`ASIA${sts.asked.length}`, hours(0.01)))
  })
  stubWebIdentity(sts.url)
  const source = open()
  await source.lease(wish(), soon())
  const before = sts.asked.length
  await source.lease(wish(), soon())
  expect(sts.asked.length).toBeGreaterThan(before)
})

test.each([
  [403, 'AccessDenied'],
  [400, 'ExpiredTokenException'],
  [500, 'InternalFailure'],
])('what STS refuses with %i %s is told to the log alone', async (status, code) => {
  const sts = await serve((_asked, response) => {
    const error = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`
    response.writeHead(status, { 'content-type': 'text/xml' }).end(error)
  })
  stubWebIdentity(sts.url)
  const refused = await refusal(open())
  expect(refused.message).toBe('no credential could be had from AWS')
  expect(refused.detail).toContain(code)
})

test('an answer of STS that cannot be read is refused, and not told', async () => {
  const sts = await serve((_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed('ASIAROLE', hours(1)).slice(0, -40))
  })
  stubWebIdentity(sts.url)
  expect(inspect(await refusal(open()), { showHidden: true })).not.toContain('role secret')
})

test('STS that does not answer is given up when the session is, and asked again for the next', async () => {
  const sts = await serve(() => undefined)
  stubWebIdentity(sts.url)
  const source = open()
  await refusal(source, AbortSignal.timeout(300))
  sts.answer = (_asked, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed('ASIAROLE', hours(1)))
  }
  expect(tokenOf(await source.lease(wish(), soon()))).toContain('ASIAROLE')
})

test('the keys of an instance come from its metadata service', async () => {
  const metadata = await serve((asked, response) => {
    if (asked.method === 'PUT') {
      response.end('a session of the metadata service')
      return
    }
    expect(asked.headers['x-aws-ec2-metadata-token']).toBe('a session of the metadata service')
    const { accessKeyId, secretAccessKey } = AWS_KEYS
    if (!asked.path.endsWith('/gateway')) response.end('gateway')
    else
      json(response, {
        Code: 'Success',
        Type: 'AWS-HMAC',
        AccessKeyId: accessKeyId,
        SecretAccessKey: secretAccessKey,
        Token: 'of the instance',
        LastUpdated: new Date().toISOString(),
        Expiration: hours(6),
      })
  })
  stubAwsEnvironment(null)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined)
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.url)
  const lease = await open().lease(wish(), soon())
  const keys = { ...AWS_KEYS, sessionToken: 'of the instance' }
  expect(isRdsToken(tokenOf(lease), keys, { host: HOST, port: 5432, user: 'shop', region: REGION })).toBe(true)
})

test('a metadata service that does not answer is given up when the session is', async () => {
  const metadata = await serve(() => undefined)
  stubAwsEnvironment(null)
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined)
  vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.url)
  await refusal(open(), AbortSignal.timeout(300))
})

test('without keys there is no token', async () => {
  stubAwsEnvironment(null)
  expect((await refusal(open())).detail).toContain('Could not load credentials')
})

test('a target without a user has no token', async () => {
  const refused = await open()
    .lease(leaseRequest(), soon())
    .catch((error: unknown) => error)
  expect(refused).toMatchObject({ name: 'CredentialUnavailable', detail: expect.stringContaining('no user') })
})

test('a closed source signs nothing', async () => {
  const source = open()
  await source.close()
  await refusal(source)
})

test('a token is nowhere in what a lease shows', async () => {
  const lease = await open().lease(wish(), soon())
  expect(inspect(lease, { depth: 10 }) + JSON.stringify(lease)).not.toContain('X-Amz')
  await lease.release()
  expect(tokenOf(lease)).toMatch(/^\0+$/)
})

function open(changes: object = {}): CredentialSource {
  return openAwsRdsIam(awsRdsIamSchema.parse({ source: 'aws-rds-iam', region: REGION, ...changes }))
}

function wish(changes: Partial<LeaseRequest> = {}): LeaseRequest {
  return leaseRequest({ host: HOST, user: 'shop', ...changes })
}

async function refusal(source: CredentialSource, signal = soon()): Promise<CredentialUnavailable> {
  const refused: unknown = await source.lease(wish(), signal).catch((error: unknown) => error)
  if (!(refused instanceof CredentialUnavailable)) throw new Error(`not refused as it should be: ${inspect(refused)}`)
  return refused
}

async function serve(answer: LoopbackService['answer']): Promise<LoopbackService> {
  const service = await LoopbackService.start(answer)
  services.push(service)
  return service
}

/** As EKS gives a role to a pod. */
function stubWebIdentity(url: string): void {
  stubAwsEnvironment(null)
  vi.stubEnv('AWS_REGION', REGION)
  vi.stubEnv('AWS_ENDPOINT_URL_STS', url)
  vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::123456789012:role/gateway')
  vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', new URL('../testing/pod-token', import.meta.url).pathname)
}

function assumed(accessKeyId: string, expiration: string): string {
  return `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>
    <Credentials><AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>role secret</SecretAccessKey>
    <SessionToken>role session/+=</SessionToken><Expiration>${expiration}</Expiration></Credentials>
    <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/gateway/x</Arn><AssumedRoleId>AROA:x</AssumedRoleId></AssumedRoleUser>
    </AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`
}

function hours(count: number): string {
  return new Date(Date.now() + count * 3_600_000).toISOString()
}

function soon(): AbortSignal {
  return AbortSignal.timeout(20_000)
}

function tokenOf({ password }: { readonly password: { expose(): Buffer } | null }): string {
  return password?.expose().toString() ?? ''
}

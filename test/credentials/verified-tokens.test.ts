import { credentialSchema, openSource } from '@gatehouse/upstream-credentials'
import { json, leaseRequest, LoopbackService, loopbackOnly, type Strays } from '@gatehouse/upstream-credentials/testing'
import { generateKeyPair, SignJWT } from 'jose'
import { type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2/promise'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startTestGateway, type LeasedTarget, type TestGateway } from '../harness/start-gateway.ts'
import { ALLOW_ALL } from '../postgres/scene.ts'
import { type LdapServer, startLdap } from '../servers/ldap.ts'
import type { MysqlServer } from '../servers/mysql.ts'
import { PAM_SERVICE, startPamMariadb, whyNoPamMariadb } from '../servers/pam-mariadb.ts'
import { type PostgresServer, startPostgres, whyAbsent } from '../servers/postgres.ts'
import { ENTRA_AUDIENCE, isGoodToken, type TokenJudge } from './token-judge.ts'

// Real servers that take a token only where it is genuine: PostgreSQL by LDAP, MariaDB by PAM, both asking a judge that verifies as the clouds say they do.

const REGION = 'eu-central-1'
const RDS_HOST = 'shop.cluster-abc.eu-central-1.rds.amazonaws.com'
const AWS_KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret key of the tests' }
const OID = '0d9c2f3e-1111-4222-8333-944444444444'
const EMAIL = 'gw@shop-project.iam.gserviceaccount.com'
const ENTRA_ISSUER = 'https://sts.windows.net/8c1f0e2a-1f5b-4c43-9a53-0c5b7d1f2e3a/'
const LOGIN_SCOPE = 'https://www.googleapis.com/auth/sqlservice.login'

const entraKeys = await generateKeyPair('RS256')
const googleTokens = new Map<string, { email: string; scope: string; expiresAt: number }>()
const judgeFor = (port: number): TokenJudge => ({
  endpoint: { host: RDS_HOST, port, region: REGION },
  awsKeys: AWS_KEYS,
  rds: new Set(['rds_gateway', 'rds_other']),
  entra: new Map([[OID, 'entra_gateway']]),
  entraKey: entraKeys.publicKey,
  entraIssuer: ENTRA_ISSUER,
  googleTokens,
  google: new Map([[EMAIL, 'gw@shop-project.iam']]),
})

/** As the gateway's own source signs it. */
async function rdsToken(
  port: number,
  { user = 'rds_gateway', host = RDS_HOST, region = REGION, secret = AWS_KEYS.secretAccessKey } = {},
): Promise<string> {
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', secret)
  const log = { info: () => undefined, warn: () => undefined }
  const source = openSource(credentialSchema('/').parse({ source: 'aws-rds-iam', region, host, port }), log)
  try {
    const { password } = await source.lease(leaseRequest({ user }), AbortSignal.timeout(20_000))
    return password?.expose().toString() ?? ''
  } finally {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', AWS_KEYS.secretAccessKey)
    await source.close()
  }
}

/** What was signed so many minutes ago. */
async function minutesAgo(minutes: number, sign: () => Promise<string>): Promise<string> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - minutes * 60_000 })
  try {
    return await sign()
  } finally {
    vi.useRealTimers()
  }
}

function entraToken(changes: Readonly<Record<string, unknown>> = {}, key = entraKeys.privateKey): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: ENTRA_ISSUER, aud: ENTRA_AUDIENCE, oid: OID, iat: now, exp: now + 3600, ...changes }
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT' }).sign(key)
}

function googleToken(changes: Partial<{ email: string; scope: string; expiresAt: number }> = {}): string {
  const token = `ya29.${String(googleTokens.size)}.${'x'.repeat(700)}`
  googleTokens.set(token, { email: EMAIL, scope: LOGIN_SCOPE, expiresAt: Date.now() + 3_600_000, ...changes })
  return token
}

let strays: Strays
/** What the clouds' own services on this machine give out next. */
const given = { entra: '', google: '' }
let cloud: LoopbackService
beforeAll(async () => {
  strays = loopbackOnly()
  const flavor = { 'metadata-flavor': 'Google' }
  cloud = await LoopbackService.start((asked, response) => {
    const [path = ''] = asked.path.split('?')
    const expires_on = Math.floor(Date.now() / 1000) + 3600
    if (path === '/msi/token') json(response, { token_type: 'Bearer', expires_on, access_token: given.entra })
    else if (path.endsWith('/default/token'))
      json(response, { access_token: given.google, expires_in: 3599, token_type: 'Bearer' }, 200, flavor)
    else if (path.endsWith('/default/email')) response.writeHead(200, flavor).end(EMAIL)
    else if (path.endsWith('/universe-domain')) response.writeHead(200, flavor).end('googleapis.com')
    else if (path.endsWith('/service-accounts/default'))
      json(response, { default: { aliases: ['default'], email: EMAIL, scopes: [] } }, 200, flavor)
    else response.writeHead(404, flavor).end()
  })
  for (const name of Object.keys(process.env)) if (/^(AWS|AZURE|GOOGLE)_/.test(name)) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_ACCESS_KEY_ID', AWS_KEYS.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', AWS_KEYS.secretAccessKey)
  vi.stubEnv('CLOUDSDK_CONFIG', '/nonexistent')
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
  vi.stubEnv('GCE_METADATA_HOST', cloud.url)
  vi.stubEnv('IDENTITY_ENDPOINT', `${cloud.url}/msi/token`)
  vi.stubEnv('IDENTITY_HEADER', 'a header of the tests')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await cloud.stop()
  strays.restore()
  expect(strays.tried).toEqual([])
})

const noPostgres = await whyAbsent(15)
describe.skipIf(noPostgres !== null)(`PostgreSQL 15 that verifies tokens (${noPostgres ?? 'by LDAP'})`, () => {
  let ldap: LdapServer
  let server: PostgresServer
  let gateway: TestGateway
  let judge: TokenJudge

  beforeAll(async () => {
    ldap = await startLdap((name, password) => {
      const [, user = ''] = /^cn=(.*),dc=cloud$/.exec(name) ?? []
      return isGoodToken(judge, user.replaceAll('\\', ''), password, Date.now())
    })
    const method = `ldap ldapserver=127.0.0.1 ldapport=${String(ldap.port)} ldapprefix="cn=" ldapsuffix=",dc=cloud"`
    const accounts = ['rds_gateway', 'rds_other', 'entra_gateway', '"gw@shop-project.iam"']
    server = await startPostgres({
      version: 15,
      hba: accounts.map((account) => `hostssl all ${account} 127.0.0.1/32 ${method}`),
      initSql: `${accounts.map((account) => `CREATE ROLE ${account} LOGIN;`).join('')}
        CREATE TABLE t AS SELECT 7 AS n; GRANT SELECT ON t TO PUBLIC`,
    })
    judge = judgeFor(server.port)
    const tls = { mode: 'verify-full', caFile: server.tls?.caFile ?? '' }
    const target = { host: 'localhost', port: server.port, database: 'postgres', tls }
    const rds = { source: 'aws-rds-iam', region: REGION, host: RDS_HOST }
    const targets: Record<string, LeasedTarget> = {
      'by-rds': { ...target, user: 'rds_gateway', credential: rds },
      'by-rds-elsewhere': { ...target, user: 'rds_gateway', credential: { ...rds, region: 'us-east-1' } },
      'by-rds-unnamed': { ...target, user: 'rds_gateway', credential: { source: 'aws-rds-iam', region: REGION } },
      'by-entra': { ...target, user: 'entra_gateway', credential: { source: 'azure-entra', identity: 'managed' } },
      'by-cloud-sql': { ...target, credential: { source: 'google-cloud-sql-iam' } },
    }
    gateway = await startTestGateway({ targets, policy: ALLOW_ALL })
  })
  afterAll(async () => {
    await gateway?.close()
    await server?.stop()
    await ldap?.stop()
  })

  const direct = (user: string, password: string): Client =>
    new Client({
      host: '127.0.0.1',
      port: server.port,
      database: 'postgres',
      user,
      password,
      ssl: { rejectUnauthorized: false },
    })

  async function who(client: Client): Promise<unknown> {
    await client.connect()
    try {
      return (await client.query('SELECT current_user AS who, n FROM t')).rows
    } finally {
      await client.end()
    }
  }

  async function through(target: string): Promise<unknown> {
    return await who(new Client({ connectionString: await gateway.url(target) }))
  }

  test('the server itself takes a genuine token of RDS, and none that is another’s, of another place, forged or past its time', async () => {
    const { port } = server
    expect(await who(direct('rds_gateway', await rdsToken(port)))).toEqual([{ who: 'rds_gateway', n: 7 }])
    expect(await who(direct('rds_gateway', await minutesAgo(14, () => rdsToken(port))))).toHaveLength(1)
    const good = await rdsToken(port)
    const bad = {
      'of another user': await rdsToken(port, { user: 'rds_other' }),
      'of another endpoint': await rdsToken(port, { host: 'other.eu-central-1.rds.amazonaws.com' }),
      'of another port': await rdsToken(port + 1),
      'of another region': await rdsToken(port, { region: 'us-east-1' }),
      'under another key': await rdsToken(port, { secret: 'a guess' }),
      'past its time': await minutesAgo(16, () => rdsToken(port)),
      'with a time of its own': good.replace('X-Amz-Expires=900', 'X-Amz-Expires=90000'),
      'without its signature': good.replace(/&X-Amz-Signature=[0-9a-f]+/, ''),
      'no token at all': 'a password',
    }
    for (const [what, token] of Object.entries(bad))
      await expect(who(direct('rds_gateway', token)), what).rejects.toThrow('LDAP authentication failed')
  })

  test('the gateway logs in by a token of RDS that it signs for the endpoint; where the key, the region or the endpoint’s name is another, the server refuses', async () => {
    const before = ldap.asked.length
    expect(await through('by-rds')).toEqual([{ who: 'rds_gateway', n: 7 }])
    expect(ldap.asked.slice(before)).toContain('cn=rds_gateway,dc=cloud')
    for (const target of ['by-rds-elsewhere', 'by-rds-unnamed'])
      await expect(through(target), target).rejects.toThrow(/refused the gateway \(SQLSTATE 28000\)/)
  })

  test('the gateway logs in by a token of Entra that the server verifies; one of another tenant or key, or past its time, lets nobody in', async () => {
    const now = Math.floor(Date.now() / 1000)
    const strange = (await generateKeyPair('RS256')).privateKey
    const bad = [
      await entraToken({ aud: 'https://management.azure.com' }),
      await entraToken({ iss: 'https://sts.windows.net/another/' }),
      await entraToken({ oid: 'another' }),
      await entraToken({ exp: now - 60 }),
      await entraToken({}, strange),
    ]
    for (const token of bad) await expect(who(direct('entra_gateway', token))).rejects.toThrow('LDAP authentication')
    given.entra = await entraToken()
    expect(await through('by-entra')).toEqual([{ who: 'entra_gateway', n: 7 }])
  })

  test('the gateway logs in by an access token of Google whose account and scope the server looks up', async () => {
    const bad = [
      googleToken({ email: 'other@shop-project.iam.gserviceaccount.com' }),
      googleToken({ scope: 'https://www.googleapis.com/auth/cloud-platform.read-only' }),
      googleToken({ expiresAt: Date.now() - 1000 }),
      `ya29.unknown.${'x'.repeat(700)}`,
    ]
    for (const token of bad)
      await expect(who(direct('gw@shop-project.iam', token))).rejects.toThrow('LDAP authentication')
    given.google = googleToken()
    expect(await through('by-cloud-sql')).toEqual([{ who: 'gw@shop-project.iam', n: 7 }])
  })

  test('an open session goes on though the server takes its account’s tokens no more: they are for logins', async () => {
    const client = new Client({ connectionString: await gateway.url('by-rds') })
    await client.connect()
    // The account is taken away at the cloud; who is in stays in.
    judge = { ...judge, rds: new Set() }
    expect((await client.query('SELECT n FROM t')).rows).toEqual([{ n: 7 }])
    await expect(through('by-rds')).rejects.toThrow(/SQLSTATE 28000/)
    judge = judgeFor(server.port)
    await client.end()
  })
})

const noMariadb = await whyNoPamMariadb()
describe('MariaDB that verifies tokens by PAM', () => {
  let server: MysqlServer
  let gateway: TestGateway
  let judge: TokenJudge

  beforeAll(async () => {
    if (noMariadb !== null) return
    server = await startPamMariadb(
      (user, password) => isGoodToken(judge, user, password, Date.now()),
      [
        'CREATE DATABASE shop;',
        'CREATE TABLE shop.t AS SELECT 7 AS n;',
        ...['rds_gateway', 'rds_other'].flatMap((account) => [
          `CREATE USER ${account}@'%' IDENTIFIED VIA pam USING '${PAM_SERVICE}' REQUIRE SSL;`,
          `GRANT ALL ON *.* TO ${account}@'%';`,
        ]),
      ].join('\n'),
    )
    judge = judgeFor(server.port)
    const tls = { mode: 'verify-full', caFile: server.tls?.caFile ?? '' }
    const target = { engine: 'mysql', host: 'localhost', port: server.port, database: 'shop', tls } as const
    const rds = { source: 'aws-rds-iam', region: REGION, host: RDS_HOST }
    gateway = await startTestGateway({
      targets: {
        'by-rds': { ...target, user: 'rds_gateway', credential: rds },
        'by-rds-elsewhere': { ...target, user: 'rds_gateway', credential: { ...rds, region: 'us-east-1' } },
      },
      policy: ALLOW_ALL,
    })
  })
  afterAll(async () => {
    await gateway?.close()
    await server?.stop()
  })
  beforeEach((context) => {
    if (noMariadb !== null) context.skip(noMariadb)
  })

  async function who(options: ConnectionOptions): Promise<unknown> {
    const connection = await createConnection(options)
    try {
      return (await connection.query<RowDataPacket[]>('SELECT user() AS who, n FROM shop.t'))[0]
    } finally {
      await connection.end()
    }
  }

  const direct = (user: string, password: string): Promise<unknown> =>
    who({
      host: '127.0.0.1',
      port: server.port,
      user,
      password,
      ssl: { rejectUnauthorized: false },
      authPlugins: { mysql_clear_password: () => () => Buffer.from(`${password}\0`) },
    })

  async function through(target: string): Promise<unknown> {
    const { host, port } = gateway
    const password = await gateway.token()
    const authPlugins = { mysql_clear_password: () => () => Buffer.from(`${password}\0`) }
    return await who({ host, port, user: 'agent', password, database: target, authPlugins })
  }

  test('the server itself takes a genuine token of RDS, and none that is another’s, of another place, forged or past its time', async () => {
    const { port } = server
    expect(await direct('rds_gateway', await rdsToken(port))).toMatchObject([{ n: 7 }])
    const bad = [
      await rdsToken(port, { user: 'rds_other' }),
      await rdsToken(port, { host: 'other.eu-central-1.rds.amazonaws.com' }),
      await rdsToken(port, { secret: 'a guess' }),
      await minutesAgo(16, () => rdsToken(port)),
      'a password',
    ]
    for (const token of bad) await expect(direct('rds_gateway', token)).rejects.toMatchObject({ errno: 1045 })
  })

  test('the gateway logs in by a token of RDS that it signs for the endpoint, and is refused where it is for another region', async () => {
    expect(await through('by-rds')).toMatchObject([{ who: expect.stringMatching(/^rds_gateway@/), n: 7 }])
    await expect(through('by-rds-elsewhere')).rejects.toThrow(/refused the gateway/)
  })
})

import { type Coordination, openRedisCoordination } from '@gatehouse/coordination'
import { makeCredentialName } from '@gatehouse/session-credentials'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type IssuedCredential, issueCredential } from '../harness/issue-credential.ts'
import { startTestGateway, type TestGateway } from '../harness/start-gateway.ts'
import { freePort } from '../servers/local-tools.ts'
import { createDatabase } from '../servers/postgres.ts'
import { type RedisServer, startRedis, whyNoRedis } from '../servers/redis.ts'
import { tryCredential } from './credential-client.ts'
import { ALLOW_ALL, recordsOf, targetOf } from './scene.ts'
import { errorOf, WireClient } from './wire-client.ts'

const { postgres18 } = inject('servers')
const absent = 'absent' in postgres18 ? postgres18.absent : await whyNoRedis()

describe.skipIf(absent !== null)('Session credentials on two gateways that share a Redis', () => {
  let redis: RedisServer
  let redisPort: number
  let database: Awaited<ReturnType<typeof createDatabase>>
  let coordination: Coordination
  let gateways: readonly TestGateway[] = []

  const share = (): Promise<Coordination> =>
    openRedisCoordination({ at: { kind: 'server', host: '127.0.0.1', port: redisPort } })
  const gateway = (at: number): TestGateway => {
    const found = gateways[at]
    if (found === undefined) throw new Error('that gateway was not started')
    return found
  }
  const enter = ({ host, port }: TestGateway, { name: user, secret: password }: IssuedCredential) =>
    WireClient.login({ host, port }, { user, password, database: 'shop' })

  beforeAll(async () => {
    if (!('address' in postgres18)) return
    redisPort = await freePort()
    redis = await startRedis({ port: redisPort })
    database = await createDatabase(postgres18.address, `credentials_${String(Math.random()).slice(2, 12)}`)
    const options = {
      targets: { shop: targetOf(postgres18.address, database.database) },
      policy: ALLOW_ALL,
      coordination: share,
    }
    gateways = await Promise.all([startTestGateway(options), startTestGateway(options)])
    coordination = await share()
  })
  afterAll(async () => {
    for (const one of gateways) await one.close()
    await coordination.close()
    await redis.stop()
    await database.drop()
  })

  test('is good for as many logins as it says, whoever comes when and where', async () => {
    for (const uses of [1, 3]) {
      const credential = await issueCredential(coordination.credentials, { uses })
      const tried = await Promise.all(
        Array.from({ length: 12 }, (_, at) => {
          const { host, port } = gateway(at % 2)
          return tryCredential({ host, port }, credential)
        }),
      )
      expect(tried.filter(({ refusal }) => refusal === null)).toHaveLength(uses)
      for (const { refusal } of tried) if (refusal !== null) expect(refusal).toMatchObject({ C: '28P01' })
    }
  })

  test('that there is not looks the same on both', async () => {
    const unknown = { name: makeCredentialName(), secret: 'x' }
    const [one, other] = await Promise.all(gateways.map(({ host, port }) => tryCredential({ host, port }, unknown)))
    expect(one?.challenge?.salt).toEqual(other?.challenge?.salt)
    expect(one?.refusal).toEqual(other?.refusal)
  })

  test.each(['deleted', 'revoked by its name'] as const)(
    'ends its sessions on both, and no other session, when it is %s',
    async (how) => {
      const [credential, bystander] = await Promise.all([
        issueCredential(coordination.credentials),
        issueCredential(coordination.credentials),
      ])
      const sessions = await Promise.all(gateways.map((one) => enter(one, credential)))
      const others = await Promise.all(gateways.map((one) => enter(one, bystander)))
      others.push(await WireClient.login(gateway(0), { database: 'shop', password: await gateway(0).token() }))
      for (const session of sessions) session.send({ kind: 'Query', text: 'select pg_sleep(60)' })
      if (how === 'deleted') await coordination.credentials.revoke(credential.name)
      else {
        const what = { kind: 'credential', credential: credential.name } as const
        const by = { issuer: 'https://idp', subject: 'op', actor: null }
        await coordination.revocations.revoke({ what, reason: 'it was seen in a log', by, until: null })
      }
      for (const session of sessions) {
        const error = errorOf(await session.untilReady())
        expect(error?.fields.get('C')).toBe('57P01')
        expect(error?.fields.get('D')).toBe('{"code":"ACCESS_REVOKED"}')
        expect(error?.fields.get('M')).toContain(how === 'deleted' ? 'credential it began with' : 'seen in a log')
      }
      for (const other of others) {
        expect(await other.rows('select 1')).toEqual([['1']])
        await other.end()
      }
      const again = await tryCredential(gateway(0), credential)
      expect(again.refusal).toMatchObject({ C: how === 'deleted' ? '28P01' : '42501' })
    },
  )

  test('are refused, and said to be, while what is shared cannot be reached; one that is forgotten ends its session', async () => {
    const credential = await issueCredential(coordination.credentials)
    const session = await enter(gateway(0), credential)
    const other = await WireClient.login(gateway(0), { database: 'shop', password: await gateway(0).token() })
    await redis.stop()
    await vi.waitFor(async () => {
      const tried = await tryCredential(gateway(0), credential)
      expect(tried.kinds).toEqual(['ErrorResponse'])
      expect(tried.refusal).toMatchObject({ C: '58030', D: '{"code":"COORDINATION_LOST"}' })
    }, 20_000)
    const unknown = await tryCredential(gateway(0), { name: makeCredentialName(), secret: 'x' })
    expect(unknown.refusal).toMatchObject({ D: '{"code":"COORDINATION_LOST"}' })
    expect(await session.rows('select 1')).toEqual([['1']])
    redis = await startRedis({ port: redisPort })
    const error = errorOf(await session.untilReady())
    expect(error?.fields.get('D')).toBe('{"code":"ACCESS_REVOKED"}')
    expect(await other.rows('select 1')).toEqual([['1']])
    await other.end()
    await vi.waitFor(async () => {
      const refused = await recordsOf(gateway(0).trailDirectory, ({ kind }) => kind === 'login_refused')
      expect(refused.map(({ refusal }) => (refusal as { code: string }).code)).toContain('COORDINATION_LOST')
    }, 20_000)
  }, 60_000)
})

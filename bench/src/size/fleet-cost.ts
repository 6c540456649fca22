import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Coordination,
  type GatewayLease,
  openRedisCoordination,
  type SessionRecord,
} from '@gatehouse/coordination'
import { accountOf, commandsBetween } from './redis-account.ts'

/** What is measured of each number of gateways. */
export interface FleetOptions {
  readonly gateways: readonly number[]
  readonly seconds: number
}

const LOGINS = 200
const AT_ONCE = 20
/** As a gateway tells what its sessions do, and how often it is done. */
const TOLD_AT_ONCE = 50
const TOLD_TIMES = 100
const REVOKED = 10
const HEARD = 100

/** What gateways that do nothing ask of Redis, and what a login costs among them: all of them are in this process, each with connections of its own. */
export async function fleetRows(
  redis: { readonly host: string; readonly port: number },
  { gateways, seconds }: FleetOptions,
  tell: (text: string) => void,
): Promise<readonly string[]> {
  const rows: string[] = []
  for (const count of gateways) {
    const opened: Coordination[] = []
    try {
      const keyPrefix = `fleet_${String(count)}`
      const leases: GatewayLease[] = []
      const at = { kind: 'server', host: redis.host, port: redis.port } as const
      for (let next = 0; next < count; next += AT_ONCE) {
        const some = await Promise.all(
          Array.from({ length: Math.min(AT_ONCE, count - next) }, () => openRedisCoordination({ at, keyPrefix })),
        )
        opened.push(...some)
        for (const [place, one] of some.entries())
          leases.push(await one.sessions.enlist(`gateway-${String(next + place)}`))
      }
      // After this the caretakers look for lost gateways too.
      await sleep(7000)
      const asked = (): number => opened.reduce((sum, { traffic }) => sum + traffic.operations, 0)
      const failed = (): number => opened.reduce((sum, { traffic }) => sum + traffic.failures, 0)
      const [before, requests, failures, begun] = [await accountOf(redis), asked(), failed(), performance.now()]
      await sleep(seconds * 1000)
      const took = (performance.now() - begun) / 1000
      const after = await accountOf(redis)
      const perSecond = (asked() - requests) / took
      const unanswered = failed() - failures
      const cpu = (after.cpuSeconds - before.cpuSeconds) / took
      const out = (after.bytesOut - before.bytesOut) / took
      const login = await loginAmong(redis, leases, { cpu, commands: commandsBetween(before, after).all / took })
      const told = await toldBy(redis, leases[0])
      const revoked = await revokedAmong(redis, opened, { cpu, requests: perSecond })
      const heard = await heardBy(redis, opened, cpu)
      tell(`${String(count)} gateways: ${perSecond.toFixed(0)} requests a second`)
      rows.push(
        `| ${String(count)} | ${perSecond.toFixed(0)} | ${(perSecond / count).toFixed(1)} | ${(commandsBetween(before, after).all / took / count).toFixed(0)} | ${(cpu * 100).toFixed(1)} % | ${((cpu * 1e6) / count).toFixed(0)} | ${(out / 1024).toFixed(0)} | ${String(unanswered)} | ${login.commands.toFixed(0)} | ${login.microseconds.toFixed(0)} | ${told.microseconds.toFixed(1)} | ${told.bytes.toFixed(0)} | ${revoked.requests.toFixed(0)} | ${revoked.microseconds.toFixed(0)} | ${heard.toFixed(0)} |`,
      )
    } finally {
      for (const one of opened) await one.close()
    }
  }
  return [
    `**What gateways that do nothing ask of Redis**, over ${String(seconds)} s; all of them in one process, each with two connections of its own.`,
    '',
    '| gateways | requests per second | of each | commands of each per second | Redis CPU, of one core | µs per second of each | KiB per second from Redis | not answered in 1 s | a session entered and left: commands | Redis CPU µs | a change of a session told: Redis CPU µs | bytes | a revocation made or lifted: requests | Redis CPU µs | a change that all hear of: Redis CPU µs |',
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ]
}

/** What a session costs that is shown among so many gateways and taken away again, beyond what is asked always. */
async function loginAmong(
  redis: { readonly host: string; readonly port: number },
  leases: readonly GatewayLease[],
  always: { readonly cpu: number; readonly commands: number },
): Promise<{ readonly commands: number; readonly microseconds: number }> {
  const begun = performance.now()
  const before = await accountOf(redis)
  for (let at = 0; at < LOGINS; at++) {
    const lease = leases[at % leases.length]
    const id = `session-${String(at)}`
    const outcome = await lease?.enter(record(id, at), { sessionsPerPrincipal: 200 })
    if (outcome?.kind !== 'entered') throw new Error(`a session was not entered: ${outcome?.kind ?? 'by nobody'}`)
    await lease?.leave(id)
  }
  const seconds = (performance.now() - begun) / 1000
  const after = await accountOf(redis)
  return {
    commands: (commandsBetween(before, after).all - always.commands * seconds) / LOGINS,
    microseconds: ((after.cpuSeconds - before.cpuSeconds - always.cpu * seconds) * 1e6) / LOGINS,
  }
}

/** What it costs that one gateway tells what its sessions do, 50 of them at once, for each of them. */
async function toldBy(
  redis: { readonly host: string; readonly port: number },
  lease: GatewayLease | undefined,
): Promise<{ readonly microseconds: number; readonly bytes: number }> {
  const ids = Array.from({ length: TOLD_AT_ONCE }, (_, at) => `told-${String(at)}`)
  for (const [at, id] of ids.entries()) await lease?.enter(record(id, at), { sessionsPerPrincipal: TOLD_AT_ONCE })
  const before = await accountOf(redis)
  for (let time = 1; time <= TOLD_TIMES; time++) await lease?.update(ids.map((id) => ({ id, statements: time })))
  const after = await accountOf(redis)
  for (const id of ids) await lease?.leave(id)
  const changes = TOLD_AT_ONCE * TOLD_TIMES
  return {
    microseconds: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / changes,
    bytes: (after.bytesIn - before.bytesIn) / changes,
  }
}

/** What it costs that every process hears of a revocation made or lifted, and looks at it. */
async function revokedAmong(
  redis: { readonly host: string; readonly port: number },
  opened: readonly Coordination[],
  always: { readonly cpu: number; readonly requests: number },
): Promise<{ readonly requests: number; readonly microseconds: number }> {
  const [first] = opened
  const by = { issuer: 'https://issuer.example.com', subject: 'operator@example.com', actor: null }
  const asked = (): number => opened.reduce((sum, { traffic }) => sum + traffic.operations, 0)
  const requestsBefore = asked()
  const before = await accountOf(redis)
  const begun = performance.now()
  for (let at = 0; at < REVOKED; at++) {
    const what = { kind: 'session', session: `nobody-${String(at)}` } as const
    const made = await first?.revocations.revoke({ what, reason: 'measured', by, until: null })
    if (made !== undefined) await first?.revocations.lift(made.id)
  }
  // All have heard of it.
  await sleep(2000)
  const seconds = (performance.now() - begun) / 1000
  const after = await accountOf(redis)
  return {
    requests: Math.max(0, asked() - requestsBefore - always.requests * seconds) / (2 * REVOKED),
    microseconds: Math.max(0, (after.cpuSeconds - before.cpuSeconds - always.cpu * seconds) * 1e6) / (2 * REVOKED),
  }
}

/** Redis' CPU microseconds for a change that every process hears of and none looks at: of a session credential. */
async function heardBy(
  redis: { readonly host: string; readonly port: number },
  [first]: readonly Coordination[],
  alwaysCpu: number,
): Promise<number> {
  const principal = { issuer: 'https://issuer.example.com', subject: 'size', actor: null, groups: [] }
  const until = Date.now() + 3_600_000
  const before = await accountOf(redis)
  const begun = performance.now()
  for (let at = 0; at < HEARD; at++) {
    const own = { ...principal, claims: {}, expiresAt: until }
    await first?.credentials.put(`heard-${String(at)}`, {
      verifiers: {},
      principal: own,
      target: 'shop',
      address: null,
      until,
      uses: null,
    })
  }
  await sleep(1000)
  const seconds = (performance.now() - begun) / 1000
  const after = await accountOf(redis)
  return Math.max(0, (after.cpuSeconds - before.cpuSeconds - alwaysCpu * seconds) * 1e6) / HEARD
}

function record(id: string, at: number): SessionRecord {
  return {
    id,
    gateway: '',
    principal: {
      issuer: 'https://issuer.example.com',
      subject: 'size@example.com',
      actor: 'copilot',
      groups: ['ai-agents'],
    },
    target: 'shop',
    engine: 'postgres',
    credential: null,
    clientAddress: '127.0.0.1',
    applicationName: 'bench',
    startedAt: Date.now(),
    state: 'idle',
    since: Date.now(),
    approval: null,
    statements: 0,
    cancelKey: { processId: at + 1, secretHash: 'f'.repeat(64) },
  }
}

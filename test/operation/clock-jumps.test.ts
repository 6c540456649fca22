import { verifyTrail } from '@gatehouse/audit-trail'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type GatewayProcess, startGatewayProcess } from '../harness/gateway-process.ts'
import { recordsOf, targetOf } from '../postgres/scene.ts'
import { errorOf, WireClient } from '../postgres/wire-client.ts'
import { type ClockSetter, openClockSetter } from '../servers/clock-setter.ts'
import { createDatabase } from '../servers/postgres.ts'

const { postgres18 } = inject('servers')
const HOUR = 3600
const POLICY = `
rules:
  - { name: read, allow: { actions: [select], relations: ["*"], functions: ["*"] } }
  - name: asked
    approve: { actions: [insert], relations: [public.notes], by: { groups: [dba] }, holdTimeoutSeconds: 60 }
limits:
  - { who: { groups: [few] }, statementsPerMinute: 3 }
`

const clock = await openClockSetter()

describe.skipIf('absent' in postgres18 || 'absent' in clock)('A gateway whose clock is set while it runs', () => {
  let gateway: GatewayProcess
  let database: Awaited<ReturnType<typeof createDatabase>>

  beforeAll(async () => {
    if ('absent' in postgres18 || 'absent' in clock) return
    const name = `clock_${String(Math.random()).slice(2, 12)}`
    database = await createDatabase(postgres18.address, name, 'CREATE TABLE notes (id int)')
    gateway = await startGatewayProcess({
      targets: { shop: targetOf(postgres18.address, name) },
      policy: POLICY,
      environment: clock.environment,
      // None is rolled for its age unless the clock has to do with it.
      audit: { segmentSeconds: HOUR },
    })
  }, 60_000)
  afterAll(async () => {
    await gateway.close()
    await database.drop()
    setter().remove()
  })

  const setter = (): ClockSetter => {
    if ('absent' in clock) throw new Error(clock.absent)
    return clock
  }
  /** A session whose token is good for so many seconds, by the true clock. */
  const enter = async (seconds: number, claims: Readonly<Record<string, unknown>> = {}): Promise<WireClient> => {
    const exp = Math.floor(Date.now() / 1000) + seconds
    return WireClient.login(gateway, { database: 'shop', password: await gateway.token({ exp, ...claims }) })
  }
  /** Why a session ended, and nothing else came. */
  const codeOfEnd = async (session: WireClient): Promise<string | undefined> =>
    errorOf(await session.until('ErrorResponse'))?.fields.get('C')

  test('ends sessions when their right ends, neither later nor because of nothing, and what is held ends in its time', async () => {
    setter().set(0)
    const long = await enter(5 * HOUR)
    const middle = await enter(HOUR)
    const brief = await enter(6)
    const held = await enter(5 * HOUR)
    held.send({ kind: 'Query', text: 'INSERT INTO notes VALUES (1)' })
    await held.until('NoticeResponse')

    setter().set(-2 * HOUR)
    // It would live for two hours more by the clock that stands on the wall now.
    expect(await codeOfEnd(brief)).toBe('57P01')
    expect(await long.rows('SELECT 1')).toEqual([['1']])
    expect(await middle.rows('SELECT 1')).toEqual([['1']])

    setter().set(2 * HOUR)
    expect(await codeOfEnd(middle)).toBe('57P01')
    expect(await long.rows('SELECT 2')).toEqual([['2']])
    // Nobody said yes: it ends by itself, and has not run.
    const answer = errorOf(await held.until('ReadyForQuery'))
    expect(answer?.fields.get('C')).toBe('57014')
    expect(await held.rows('SELECT count(*) FROM notes')).toEqual([['0']])
    // A token whose end is past by this clock lets nobody in.
    await expect(enter(HOUR)).rejects.toThrow()

    setter().set(0)
    const next = await enter(HOUR)
    for (const session of [long, held, next]) {
      expect(await session.rows('SELECT 3')).toEqual([['3']])
      await session.end()
    }
    const ends = await expect
      .poll(() => recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'session_end'))
      .toHaveLength(5)
      .then(() => recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'session_end'))
    const reasons = ends.map((record) => (Reflect.get(record, 'end') as { readonly reason: string }).reason)
    expect(reasons.toSorted()).toEqual([
      'client_closed',
      'client_closed',
      'client_closed',
      'token_expired',
      'token_expired',
    ])
    for (const record of ends) {
      const { duration_us } = Reflect.get(record, 'end') as { readonly duration_us: number }
      expect(duration_us).toBeGreaterThan(0)
      expect(duration_us / 1e6).toBeLessThan(HOUR)
    }
    const [ended] = await recordsOf(gateway.trailDirectory, ({ kind }) => kind === 'approval_ended')
    const heldFor = Number(Reflect.get(Reflect.get(ended ?? {}, 'approval') as object, 'held_us'))
    expect(heldFor).toBeGreaterThan(0)
    expect(heldFor / 1e6).toBeLessThan(HOUR)
    expect(gateway.alive()).toBe(true)
  }, 90_000)

  test('has limits that last as long as they say, whatever the clock does', async () => {
    setter().set(0)
    const few = await enter(5 * HOUR, { groups: ['ai-agents', 'few'] })
    const spent = async (): Promise<string | undefined> => errorOf(await few.query('SELECT 1'))?.fields.get('C')
    await expect.poll(spent).toBe('53400')
    setter().set(-2 * HOUR)
    const [refused] = (await few.query('SELECT 1')).filter(({ kind }) => kind === 'ErrorResponse')
    const detail = JSON.parse(errorOf(refused === undefined ? [] : [refused])?.fields.get('D') ?? '{}') as {
      readonly retryAfterSeconds?: number
    }
    // A window that the clock has left two hours behind would last as long.
    expect(detail.retryAfterSeconds ?? 0).toBeLessThanOrEqual(60)
    setter().set(2 * HOUR)
    await few.end()
  }, 60_000)

  test('leaves a trail that is whole, in the order in which things happened', async () => {
    await gateway.kill()
    const records = await recordsOf(gateway.trailDirectory)
    const times = records.map(({ time }) => Date.parse(String(time)))
    // The clock did go back, by hours.
    expect(times.some((time, at) => time < (times[at - 1] ?? 0) - HOUR * 1000)).toBe(true)
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, at) => at + 1))
    expect(await verifyTrail(gateway.trailDirectory)).toMatchObject({ firstBreak: null, segments: 1 })
    // And whoever goes on from there finds its end.
    setter().set(-2 * HOUR)
    const next = await gateway.restart()
    const session = await WireClient.login(next, { database: 'shop', password: await next.token({ iat: 0 }) })
    expect(await session.rows('SELECT 1')).toEqual([['1']])
    await session.end()
    expect(await verifyTrail(gateway.trailDirectory)).toMatchObject({ firstBreak: null, segments: 2 })
    await next.close()
  })
})

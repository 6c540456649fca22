import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { ask, recordsOf, type TrailRecord } from '../postgres/scene.ts'
import { sqlstates } from '../postgres/wire-client.ts'
import { whyAbsent } from '../servers/postgres.ts'
import { openStorm, type Storm } from './storm.ts'

const { redis } = inject('servers')
const absent = 'absent' in redis ? redis.absent : await whyAbsent(18)

const SESSIONS = { sessions: 1_000, running: 20, held: 10, others: 50 }

describe.skipIf(absent !== null)(
  `A principal with ${String(SESSIONS.sessions)} sessions on two gateways${absent === null ? '' : ` (skipped: ${absent})`}`,
  () => {
    let storm: Storm
    beforeAll(async () => {
      if (!('absent' in redis)) storm = await openStorm({ redis: redis.address, ...SESSIONS })
    }, 180_000)
    afterAll(() => storm.close(), 60_000)

    const runningNow = async (): Promise<unknown> =>
      (
        await ask(
          storm.server.url,
          `select count(*)::int as n from pg_stat_activity where state = 'active' and query like 'select pg_sleep%'`,
        )
      )[0]
    const ends = async (): Promise<TrailRecord[]> => {
      const trails = storm.installation.trails.map((directory) =>
        recordsOf(directory, ({ kind }) => kind === 'session_end'),
      )
      return (await Promise.all(trails)).flat()
    }

    test('is revoked: all of them end and are told why, nobody else does, nothing runs or waits any more, the trails have each', async () => {
      const { leaving, staying, operator } = storm
      await vi.waitFor(async () => expect(await runningNow()).toEqual({ n: SESSIONS.running }), 20_000)
      await vi.waitFor(async () => expect(await operator.pending()).toHaveLength(SESSIONS.held), 20_000)

      await storm.revoke()
      for (const [at, client] of leaving.entries()) {
        const messages = await client.until('ErrorResponse')
        expect(sqlstates(messages), `session ${String(at)}`).toEqual(['57P01'])
        const last = messages.at(-1)
        expect(last?.kind === 'ErrorResponse' && last.fields.get('D')).toContain('ACCESS_REVOKED')
        expect(await client.next()).toBe(null)
      }
      await vi.waitFor(async () => expect(await runningNow()).toEqual({ n: 0 }), 20_000)
      await vi.waitFor(async () => expect(await operator.pending()).toEqual([]), 20_000)
      for (const client of staying) expect(await client.rows('select 1')).toEqual([['1']])

      await vi.waitFor(async () => expect(await ends()).toHaveLength(SESSIONS.sessions), 20_000)
      for (const record of await ends())
        expect(record).toMatchObject({ principal: { subject: 'leaver@example.com' }, end: { reason: 'revoked' } })
      await vi.waitFor(async () => expect(await operator.sessions()).toHaveLength(SESSIONS.others), 20_000)
    }, 120_000)
  },
)

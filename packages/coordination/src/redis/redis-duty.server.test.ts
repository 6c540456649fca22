import { describe, expect, inject, test } from 'vitest'
import { RedisConnection } from './redis-connection.ts'
import { redisDuty } from './redis-duty.ts'

const { redis } = inject('servers')
const absent = 'absent' in redis ? redis.absent : null
const at = 'absent' in redis ? { host: '', port: 0 } : redis.address

/** `count` processes, each with connections of its own, that share what `prefix` begins. */
async function processes(count: number, tick: number): Promise<{ ask: () => Promise<boolean>; close: () => void }[]> {
  const keyPrefix = `test-duty-${String(Math.random()).slice(2)}`
  return Promise.all(
    Array.from({ length: count }, async () => {
      const connection = new RedisConnection({ at: { kind: 'server', ...at }, keyPrefix })
      await connection.open()
      return {
        ask: redisDuty(connection, { heartbeat: 1, lostAfter: 1, tick }),
        close: () => connection.close(),
      }
    }),
  )
}

describe.skipIf(absent !== null)('of many processes', () => {
  test('one has the duty until its time is over', async () => {
    const all = await processes(5, 3_600_000)
    const answers = await Promise.all(all.map(({ ask }) => ask()))
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await Promise.all(all.map(({ ask }) => ask()))).toEqual(Array.from({ length: 5 }, () => false))
    for (const one of all) one.close()
  })

  test('another has it when the one that had it is gone', async () => {
    const [first, second] = await processes(2, 200)
    if (first === undefined || second === undefined) throw new Error('there are no two')
    expect(await first.ask()).toBe(true)
    first.close()
    await expect.poll(() => second.ask(), { timeout: 20_000 }).toBe(true)
    second.close()
  })
})

import { Caretaker } from '../caretaker.ts'
import type { Coordination } from '../coordination.ts'
import { furnish } from '../rooms.ts'
import { TIMING, type Timing } from '../timing.ts'
import { RedisConnection } from './redis-connection.ts'
import { RedisCounters } from './redis-counters.ts'
import { redisDuty } from './redis-duty.ts'
import { RedisMessages } from './redis-messages.ts'
import type { RedisOptions } from './redis-options.ts'
import { RedisRoom } from './redis-room.ts'
import { RedisSessions } from './redis-sessions.ts'

/** Coordination through a Redis or Valkey of at least 6.2. Rejects with `CoordinationLost` when it cannot be reached. */
export async function openRedisCoordination(options: RedisOptions, timing: Timing = TIMING): Promise<Coordination> {
  const redis = new RedisConnection(options)
  await redis.open()
  const rooms = {
    approvals: new RedisRoom(redis, 'approvals'),
    revocations: new RedisRoom(redis, 'revocations'),
    grants: new RedisRoom(redis, 'grants'),
    credentials: new RedisRoom(redis, 'credentials'),
    deliveries: new RedisRoom(redis, 'deliveries'),
    legalHolds: new RedisRoom(redis, 'legal-holds'),
  }
  const sessions = new RedisSessions(redis, timing)
  const messages = new RedisMessages(redis)
  const all = Object.values(rooms)
  try {
    await Promise.all([...all.map((room) => room.open()), messages.open()])
    const { stop, ...furnished } = await furnish(rooms, () => redis.now())
    const caretaker = new Caretaker(furnished.approvals, sessions, () => redis.state, timing, redisDuty(redis, timing))
    const check = async (): Promise<void> => {
      await redis.check()
      if (redis.state.kind === 'connected') await Promise.all(all.map((room) => room.check(false)))
    }
    const timer = setInterval(() => {
      // What could not be checked now is checked by the next tick.
      check().catch(() => undefined)
    }, timing.tick)
    timer.unref()
    redis.onStateChange((state) => {
      if (state.kind === 'lost') return
      sessions.reconnected()
      // A room that cannot be looked at now is looked at by the next tick, which finds what was missed.
      for (const room of all) room.check(true).catch(() => undefined)
    })
    return {
      ...furnished,
      sessions,
      messages,
      counters: new RedisCounters(redis),
      get state() {
        return redis.state
      },
      traffic: redis.traffic,
      onStateChange: (listener) => redis.onStateChange(listener),
      close: async (how) => {
        clearInterval(timer)
        stop()
        caretaker.stop()
        await sessions.close(how?.abruptly ?? false)
        redis.close()
      },
    }
  } catch (error) {
    redis.close()
    throw error
  }
}

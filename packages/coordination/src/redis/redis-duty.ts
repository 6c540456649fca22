import type { Timing } from '../timing.ts'
import type { RedisConnection } from './redis-connection.ts'

/** Of a tick: whoever asks behind it is next. */
const SHARE = 0.9

/** Whether this process is the one that looks after all for the next tick. Of many that ask, one is; one that ends is missed for a tick. */
export function redisDuty(redis: RedisConnection, timing: Timing): () => Promise<boolean> {
  const key = `${redis.prefix}:duty`
  const milliseconds = Math.max(1, Math.round(timing.tick * SHARE))
  return async () => (await redis.ask((client) => client.set(key, '', 'PX', milliseconds, 'NX'))) === 'OK'
}

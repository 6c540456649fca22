import { createHash } from 'node:crypto'
import type { Counters, Taken } from '../counters.ts'
import type { RedisConnection } from './redis-connection.ts'
import { TAKE } from './scripts.ts'

/** Counters in Redis, each key for itself, so that a cluster spreads them. */
export class RedisCounters implements Counters {
  readonly #redis: RedisConnection

  constructor(redis: RedisConnection) {
    this.#redis = redis
  }

  async take(key: string, amount: number, limit: number, windowSeconds: number): Promise<Taken> {
    const name = `${this.#redis.prefix}:counters:${createHash('sha256').update(key).digest('base64url')}`
    const answer = (await this.#redis.run(TAKE, [name], [amount, limit, windowSeconds * 1000])) as [
      number,
      number,
      string,
      string,
    ]
    const [granted, left, now, ends] = answer
    const windowEndsAt = Number(ends)
    const retryAfterSeconds = Math.max(1, Math.ceil((windowEndsAt - Number(now)) / 1000))
    return { granted, left, retryAfterSeconds, windowEndsAt }
  }
}

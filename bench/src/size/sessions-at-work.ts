import { setTimeout as sleep } from 'node:timers/promises'
import type { Conversation } from '../conversation.ts'
import { statementsOf } from '../mixed-work.ts'
import { percentile } from '../statistics.ts'

/** What sessions that work showed in a while; latencies in milliseconds, as the client sees them. */
export interface Worked {
  readonly statements: number
  readonly seconds: number
  readonly p50Milliseconds: number
  readonly p99Milliseconds: number
  /** What did not end well, each text once. A session that failed says no more. */
  readonly errors: readonly string[]
  readonly failed: number
}

/** Sessions that each say one round of the mixed work, pause, and say the next. */
export class SessionsAtWork {
  readonly #all: Promise<unknown>
  #over = false
  #latencies: number[] = []
  #errors = new Set<string>()
  #failed = 0
  #since: number = performance.now()

  /** Their first rounds are spread over a pause. */
  constructor(sessions: readonly Conversation[], pauseMilliseconds: number) {
    this.#all = Promise.all(
      sessions.map((session, at) =>
        this.#work(session, at, pauseMilliseconds, (at / sessions.length) * pauseMilliseconds),
      ),
    )
  }

  /** What was seen since it was last asked for, or since they began. */
  take(): Worked {
    const worked: Worked = {
      statements: this.#latencies.length,
      seconds: (performance.now() - this.#since) / 1000,
      p50Milliseconds: percentile(this.#latencies, 0.5),
      p99Milliseconds: percentile(this.#latencies, 0.99),
      errors: [...this.#errors],
      failed: this.#failed,
    }
    this.#latencies = []
    this.#errors = new Set()
    this.#failed = 0
    this.#since = performance.now()
    return worked
  }

  /** Resolves when each has said what it was saying. */
  async stop(): Promise<void> {
    this.#over = true
    await this.#all
  }

  async #work(session: Conversation, at: number, pause: number, first: number): Promise<void> {
    await sleep(first)
    try {
      for (let round = at; !this.#over; round++) {
        for (const text of statementsOf(round, `size_${String(at)}_${String(round)}`)) {
          const begun = performance.now()
          await session.say(text)
          this.#latencies.push(performance.now() - begun)
        }
        await sleep(pause)
      }
    } catch (error) {
      this.#failed++
      this.#errors.add(error instanceof Error ? error.message.slice(0, 160) : String(error))
    }
  }
}

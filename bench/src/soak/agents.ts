import { type Conversation, converse } from '../conversation.ts'
import type { EngineName } from '../engine.ts'
import { statementsOf } from '../mixed-work.ts'

/** Something that did not end well for an agent. */
export interface Failure {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly subject: string
  readonly during: 'login' | 'statement'
  readonly what: string
}

/** Where agents go, and how fast. */
export interface AgentOptions {
  readonly ports: Readonly<Record<EngineName, number>>
  readonly token: (claims: Readonly<Record<string, unknown>>) => Promise<string>
  readonly perEngine: number
  readonly pauseMilliseconds: number
  /** A session lives for so long, and up to half as much more. */
  readonly sessionMilliseconds: number
}

/** Agents of both engines that connect, work for a while, leave, and come back. Each session has a subject of its own. */
export class Agents {
  readonly failures: Failure[] = []
  statements = 0
  sessions = 0
  readonly #options: AgentOptions
  #over = false
  readonly #all: Promise<unknown>

  constructor(options: AgentOptions) {
    this.#options = options
    const places = Array.from({ length: options.perEngine }, (_, at) => at)
    this.#all = Promise.all(places.flatMap((at) => [this.#agent('postgres', at), this.#agent('mysql', at)]))
  }

  /** Resolves when all have left. */
  async stop(): Promise<void> {
    this.#over = true
    await this.#all
  }

  async #agent(engine: EngineName, at: number): Promise<void> {
    const { pauseMilliseconds, sessionMilliseconds } = this.#options
    for (let session = 0; !this.#over; session++) {
      const subject = `${engine}-${String(at)}-${String(session)}`
      let conversation: Conversation
      try {
        conversation = await this.#enter(engine, subject)
        this.sessions++
      } catch (error) {
        this.#failed(subject, 'login', error)
        await sleep(pauseMilliseconds)
        continue
      }
      const until = performance.now() + sessionMilliseconds * (1 + ((at * 7 + session * 3) % 10) / 20)
      try {
        for (let round = 0; !this.#over && performance.now() < until; round++) {
          for (const text of statementsOf(
            round,
            `soak_${engine.charAt(0)}${String(at)}_${String(session)}_${String(round)}`,
          )) {
            await conversation.say(text)
            this.statements++
          }
          await sleep(pauseMilliseconds)
        }
      } catch (error) {
        this.#failed(subject, 'statement', error)
      }
      conversation.leave()
    }
  }

  #failed(subject: string, during: Failure['during'], error: unknown): void {
    const what = error instanceof Error ? error.message : String(error)
    this.failures.push({ at: Date.now(), subject, during, what: what.slice(0, 160) })
  }

  async #enter(engine: EngineName, sub: string): Promise<Conversation> {
    const { ports, token } = this.#options
    return converse(engine, ports[engine], engine === 'postgres' ? 'shop' : 'orders', await token({ sub }))
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

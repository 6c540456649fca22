import { CommandClient } from '@gatehouse/test/mysql/command-client.ts'
import { errorOf, WireClient } from '@gatehouse/test/postgres/wire-client.ts'
import type { EngineName } from '../engine.ts'

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

/** What one agent says to its database, one after the other. */
interface Conversation {
  say(text: string): Promise<void>
  leave(): void
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
    const at = { host: '127.0.0.1', port: ports[engine] }
    const password = await token({ sub })
    if (engine === 'postgres') {
      const client = await WireClient.login(at, { database: 'shop', password })
      return {
        say: async (text) => {
          const messages = await client.query(text)
          const error = errorOf(messages)
          if (error !== null) throw new Error(`${error.fields.get('C') ?? '?'}: ${error.fields.get('M') ?? '?'}`)
          if (messages.at(-1)?.kind !== 'ReadyForQuery') throw new Error('the connection ended without a word')
        },
        leave: () => client.destroy(),
      }
    }
    const client = await CommandClient.login(at, { database: 'orders', password })
    return {
      say: async (text) => {
        const { error } = await client.query(text)
        if (error !== null) throw new Error(`${String(error.errorCode)}: ${error.errorMessage}`)
      },
      leave: () => client.socket.destroy(),
    }
  }
}

/** One round of work; each statement has a tag of its own. Those of both engines read alike. */
function statementsOf(round: number, tag: string): readonly string[] {
  const literal = (at: number): string => `'${tag}_${String(at)}'`
  const id = String((round % 50) + 1)
  switch (round % 4) {
    case 0:
      return [`SELECT ${literal(0)} AS tag, id, amount FROM stock WHERE id = ${id}`]
    case 1:
      return [`SELECT ${literal(0)} AS tag, id, email FROM people WHERE id < 20 ORDER BY id`]
    case 2:
      return [`INSERT INTO journal (tag) VALUES (${literal(0)})`]
    default:
      return [
        'BEGIN',
        `INSERT INTO journal (tag) VALUES (${literal(0)})`,
        `SELECT ${literal(1)} AS tag, count(*) FROM stock WHERE amount > 10`,
        'COMMIT',
      ]
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

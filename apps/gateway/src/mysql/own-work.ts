import { setImmediate as endOfTurn } from 'node:timers/promises'
import type { SessionSettings } from '@gatehouse/core'
import type { PreparedStatement } from './asked.ts'
import { type IdleUpstream, OwnQueries } from './own-queries.ts'
import type { SessionNames } from './session-names.ts'
import { readSettings } from './settings-question.ts'
import { quoteName, settleSession } from './session-settings.ts'

/** What the gateway itself has to do on a session's upstream between two commands of the client. */
export class OwnWork {
  /** The session was reset: it has to be made one whose texts can be read. */
  settle = false
  readonly #target: string
  readonly #upstream: IdleUpstream
  readonly #patienceMilliseconds: number
  readonly #names: SessionNames
  /** As after SET ROLE; null: the server's choice. */
  readonly #role: string | null

  /** `role`: what the session runs under; null: the user's own rights. */
  constructor(
    target: string,
    upstream: IdleUpstream,
    patienceMilliseconds: number,
    names: SessionNames,
    role: string | null,
  ) {
    this.#role = role === null ? null : quoteName(role)
    this.#target = target
    this.#upstream = upstream
    this.#patienceMilliseconds = patienceMilliseconds
    this.#names = names
  }

  /**
   * Begins what there is to do; null: nothing. Whoever reads the upstream has to take it over again when it resolves. Rejects
   * with `UpstreamUnavailable`; the session is of no use then.
   */
  begin(toReset: Set<PreparedStatement>): Promise<void> | null {
    const { resultsUnpinned, trackingLost } = this.#names
    if (!this.settle && !trackingLost && !resultsUnpinned && toReset.size === 0) return null
    return this.#run(toReset)
  }

  /** What the session is set to other than the server. As `begin`: the upstream has to be taken over again. */
  async askSettings(): Promise<SessionSettings> {
    await endOfTurn()
    const queries = new OwnQueries(this.#target, this.#upstream, this.#patienceMilliseconds)
    const settings = await readSettings(queries)
    queries.release()
    return settings
  }

  async #run(toReset: Set<PreparedStatement>): Promise<void> {
    // What was staged in this turn is written at its end, and comes before.
    await endOfTurn()
    const queries = new OwnQueries(this.#target, this.#upstream, this.#patienceMilliseconds)
    if (this.settle) toReset.clear()
    if (this.settle || this.#names.trackingLost) {
      this.settle = false
      this.#names.settle(await settleSession(this.#target, queries, this.#role))
    }
    if (this.#names.resultsUnpinned) {
      await queries.rows('SET SESSION character_set_results = utf8mb4')
      this.#names.resultsUnpinned = false
    }
    for (const statement of toReset) {
      await queries.resetStatement(statement.id)
      statement.memory.longData = undefined
    }
    toReset.clear()
    queries.release()
  }
}

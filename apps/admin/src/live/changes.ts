import type { Coordination } from '@gatehouse/coordination'
import type { Permission } from '../access/permissions.ts'

/** Something changed, or may have (`resync`). */
export interface Change {
  readonly kind: 'approval' | 'session' | 'grant' | 'revocation' | 'credential' | 'resync'
  /** What changed; null: look at all of them. */
  readonly id: string | null
}

/** What somebody must be permitted to read to be told of a change. */
export const CHANGE_PERMISSIONS: Readonly<Record<Exclude<Change['kind'], 'resync'>, Permission>> = {
  approval: 'approvals:read',
  session: 'sessions:read',
  grant: 'grants:read',
  revocation: 'revocations:read',
  credential: 'credentials:read',
}

/** How often sessions are looked at while somebody listens. */
const SESSIONS_MILLISECONDS = 1_000

/** Tells changes of what is shared, whichever replica made them, to whoever listens in this process. */
export class Changes {
  readonly #coordination: Coordination
  readonly #listeners = new Set<(change: Change) => void>()
  readonly #stops: (() => void)[]
  #timer: NodeJS.Timeout | null = null
  /** Sessions as they were last seen, by id; null: not looked at since somebody listens. */
  #sessions: Map<string, string> | null = null
  #looking = false

  constructor(coordination: Coordination) {
    this.#coordination = coordination
    this.#stops = [
      coordination.approvals.watch((event) => {
        this.#tell(event.kind === 'resync' ? { kind: 'resync', id: null } : { kind: 'approval', id: event.id })
      }),
      coordination.grants.onChange(() => this.#tell({ kind: 'grant', id: null })),
      coordination.revocations.onChange(() => this.#tell({ kind: 'revocation', id: null })),
      coordination.credentials.onRevoked(() => this.#tell({ kind: 'credential', id: null })),
      coordination.onStateChange(() => this.#tell({ kind: 'resync', id: null })),
    ]
  }

  /** The function that comes back ends it. */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    this.#timer ??= setInterval(() => void this.#lookAtSessions(), SESSIONS_MILLISECONDS).unref()
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#rest()
    }
  }

  close(): void {
    for (const stop of this.#stops) stop()
    this.#listeners.clear()
    this.#rest()
  }

  #rest(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#sessions = null
  }

  #tell(change: Change): void {
    for (const listener of this.#listeners) listener(change)
  }

  async #lookAtSessions(): Promise<void> {
    if (this.#looking) return
    this.#looking = true
    try {
      const records = await this.#coordination.sessions.list()
      const seen = new Map(records.map((record) => [record.id, JSON.stringify(record)]))
      const before = this.#sessions
      this.#sessions = seen
      if (before === null) return
      for (const [id, text] of seen) if (before.get(id) !== text) this.#tell({ kind: 'session', id })
      for (const id of before.keys()) if (!seen.has(id)) this.#tell({ kind: 'session', id })
    } catch {
      // That the others cannot be reached is told by the change of state.
    } finally {
      this.#looking = false
    }
  }
}

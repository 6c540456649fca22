import type { SessionPatch } from '@gatehouse/coordination'
import type { Session, SessionActivity } from './session.ts'

/** So many sessions are told about at once: where more of them work, each is told about the less often, and no store of many gateways drowns in it. */
const MOST_AT_ONCE = 50

interface Told extends SessionActivity {
  /** Milliseconds since the epoch. */
  readonly at: number
}

interface Change extends SessionActivity {
  readonly id: string
  readonly before: Told | null
}

/** What the other gateways know of what sessions do here. */
export class ToldActivity {
  readonly #told = new Map<string, Told>()

  /**
   * What is to be told now, where it is not what they know: whoever is held, or no longer is, and of the others first those that were told about
   * longest ago, at most 50.
   */
  changes(sessions: Iterable<Pick<Session, 'id' | 'activity'>>, now: number): readonly SessionPatch[] {
    const urgent: Change[] = []
    const others: Change[] = []
    for (const session of sessions) {
      const before = this.#told.get(session.id) ?? null
      const { state, approval, statements } = session.activity()
      if (before?.state === state && before.approval === approval && before.statements === statements) continue
      const change = { id: session.id, state, approval, statements, before }
      if ((before?.approval ?? null) === approval) others.push(change)
      else urgent.push(change)
    }
    if (others.length > MOST_AT_ONCE) others.sort((a, b) => (a.before?.at ?? 0) - (b.before?.at ?? 0))
    return [...urgent, ...others.slice(0, MOST_AT_ONCE)].map(({ id, state, approval, statements, before }) => {
      this.#told.set(id, { state, approval, statements, at: now })
      return { id, state, approval, statements, ...(before?.state === state ? {} : { since: now }) }
    })
  }

  /** A session is over. */
  forget(id: string): void {
    this.#told.delete(id)
  }

  /** They may not have heard it: all is told again. */
  forgetAll(): void {
    this.#told.clear()
  }
}

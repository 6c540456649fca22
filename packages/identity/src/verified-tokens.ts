import { hash } from 'node:crypto'
import type { Principal } from '@gatehouse/core'

/** The longest time a verified token is taken on its word, in milliseconds. */
export const MAX_TRUST_MILLISECONDS = 60_000

/** Tokens verified a moment ago, so that a storm of reconnects is not a storm of signatures. Keeps hashes, never tokens. */
export class VerifiedTokens {
  readonly #limit: number
  readonly #entries = new Map<
    string,
    { readonly principal: Principal; readonly from: number; readonly until: number }
  >()

  /** At most `limit` tokens are remembered; 0: none. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The principal of a token seen good a moment before `now`, or null. */
  find(token: string, now: number): Principal | null {
    if (this.#limit === 0) return null
    const key = keyOf(token)
    const entry = this.#entries.get(key)
    if (entry === undefined) return null
    // A clock that was set back proves nothing about the token, hence both ends.
    if (now >= entry.from && now < entry.until) return entry.principal
    this.#entries.delete(key)
    return null
  }

  /** Remembers a token that was verified at `now`, until its right ends or the trust does, in milliseconds; 0: not at all. */
  remember(token: string, principal: Principal, now: number, trust: number = MAX_TRUST_MILLISECONDS): void {
    if (this.#limit === 0 || trust === 0) return
    this.#makeRoom(now)
    const until = Math.min(principal.expiresAt, now + Math.min(trust, MAX_TRUST_MILLISECONDS))
    this.#entries.set(keyOf(token), { principal, from: now, until })
  }

  // Oldest first: those of no more use, and one more when there is no room.
  #makeRoom(now: number): void {
    for (const [key, { until }] of this.#entries) {
      if (until > now && this.#entries.size < this.#limit) return
      this.#entries.delete(key)
    }
  }

  /** Forgets one: its issuer says that it is good no more. */
  forget(token: string): void {
    this.#entries.delete(keyOf(token))
  }

  /** How many are remembered now. */
  get size(): number {
    return this.#entries.size
  }

  /** Forgets everything: a key may have been withdrawn. */
  clear(): void {
    this.#entries.clear()
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64')
}

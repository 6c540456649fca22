import type { Principal } from '@gatehouse/core'

/** Longest time that one timer can wait; a token that lives longer is looked at again. */
const LONGEST_TIMER_MILLISECONDS = 0x7fff_ffff

/** Calls once when the principal's token expires. `now`: milliseconds since the epoch. */
export class TokenExpiry {
  readonly #principal: Principal
  readonly #now: () => number
  readonly #expired: () => void
  #timer: NodeJS.Timeout | null = null

  constructor(principal: Principal, now: () => number, expired: () => void) {
    this.#principal = principal
    this.#now = now
    this.#expired = expired
  }

  watch(): void {
    const left = this.#principal.expiresAt - this.#now()
    this.#timer = setTimeout(
      () => (left > LONGEST_TIMER_MILLISECONDS ? this.watch() : this.#expired()),
      Math.max(0, Math.min(left, LONGEST_TIMER_MILLISECONDS)),
    )
  }

  forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}

import type { Principal } from '@gatehouse/core'

/** Longest time that one timer can wait; a token that lives longer is looked at again. */
const LONGEST_TIMER_MILLISECONDS = 0x7fff_ffff

/** What is done about a right that ends. */
export interface TokenExpiryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** How long before its end `soon` is called; 0: it is not. */
  readonly warningSeconds: number
  /** Called once, with the seconds that are left, at least 1: at once where fewer than `warningSeconds` are. */
  readonly soon: (seconds: number) => void
  /** Called once, at the end. */
  readonly expired: () => void
}

/** Watches a principal's token: says when it is about to expire, and when it has. */
export class TokenExpiry {
  readonly #expiresAt: number
  readonly #options: TokenExpiryOptions
  #warned: boolean
  #timer: NodeJS.Timeout | null = null

  constructor({ expiresAt }: Principal, options: TokenExpiryOptions) {
    this.#expiresAt = expiresAt
    this.#options = options
    this.#warned = options.warningSeconds === 0
  }

  /** Begins to watch. `expired` is never called before it returns. */
  watch(): void {
    const { now, warningSeconds, soon, expired } = this.#options
    const left = this.#expiresAt - now()
    const beforeWarning = left - warningSeconds * 1_000
    if (!this.#warned && beforeWarning <= 0 && left > 0) {
      this.#warned = true
      soon(Math.ceil(left / 1_000))
    }
    const wait = Math.max(0, this.#warned ? left : beforeWarning)
    this.#timer = setTimeout(
      () => (now() < this.#expiresAt ? this.watch() : expired()),
      Math.min(wait, LONGEST_TIMER_MILLISECONDS),
    )
  }

  forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
  }
}

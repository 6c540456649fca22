import type { Principal } from '@gatehouse/core'

/** Longest time that one timer can wait; a token that lives longer is looked at again. */
const LONGEST_TIMER_MILLISECONDS = 0x7fff_ffff

/** What is done about a right that ends. */
export interface TokenExpiryOptions {
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic: () => number
  /** How long before its end `soon` is called; 0: it is not. */
  readonly warningSeconds: number
  /** Called once, with the seconds that are left, at least 1: at once where fewer than `warningSeconds` are. */
  readonly soon: (seconds: number) => void
  /** Called once, at the end. */
  readonly expired: () => void
}

/**
 * Watches a principal's token: says when it is about to expire, and when it has. Whoever sets the clock never makes a session longer: it ends
 * when the clock says so, and at the latest after what was left when it began.
 */
export class TokenExpiry {
  readonly #expiresAt: number
  /** By the monotonic clock; set when it begins to watch. */
  #endsAt = Infinity
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
    const { now, monotonic } = this.#options
    this.#endsAt = monotonic() + this.#expiresAt - now()
    this.#wait()
  }

  /** Looks at the clock, which may have been set: no timer hears of that. Called every second. */
  check(): void {
    if (this.#timer === null) return
    const left = this.#left()
    if (left <= 0) this.#expire()
    else this.#warn(left)
  }

  #left(): number {
    const { now, monotonic } = this.#options
    return Math.min(this.#expiresAt - now(), this.#endsAt - monotonic())
  }

  #wait(): void {
    const left = this.#left()
    this.#warn(left)
    const until = this.#warned ? left : left - this.#options.warningSeconds * 1_000
    const wait = Math.min(Math.max(0, until), LONGEST_TIMER_MILLISECONDS)
    this.#timer = setTimeout(() => (this.#left() > 0 ? this.#wait() : this.#expire()), wait)
  }

  #warn(left: number): void {
    if (this.#warned || left <= 0 || left > this.#options.warningSeconds * 1_000) return
    this.#warned = true
    this.#options.soon(Math.ceil(left / 1_000))
  }

  #expire(): void {
    this.forget()
    this.#options.expired()
  }

  forget(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}

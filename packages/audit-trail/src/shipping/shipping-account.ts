import { ShippingAlarm } from './destination.ts'
import type { DestinationState } from './shipping-state.ts'

/** Keeps count of how shipping to one destination goes. */
export class ShippingAccount {
  #failures = 0
  #failure: Pick<DestinationState, 'failure' | 'alarm'> = { failure: null, alarm: null }
  /** Since when it has not had everything, in milliseconds of a monotonic clock; null: it has. */
  #behindSince: number | null = performance.now()

  failed(error: unknown): void {
    this.#failures++
    this.#behindSince ??= performance.now()
    this.#failure = { failure: messageOf(error), alarm: error instanceof ShippingAlarm ? error.code : null }
  }

  /** Something was delivered. */
  delivered(): void {
    this.#failure = { failure: null, alarm: null }
  }

  /** It has everything, or there is more to ship. */
  caughtUp(everything: boolean): void {
    if (everything) this.#behindSince = null
    else this.#behindSince ??= performance.now()
  }

  state(name: string, lagRecords: number | null, lagBytes: number): DestinationState {
    const lagSeconds = this.#behindSince === null ? 0 : Math.floor((performance.now() - this.#behindSince) / 1000)
    return { name, lagRecords, lagBytes, lagSeconds, failures: this.#failures, ...this.#failure }
  }
}

/** An error in words; some of those of sockets have theirs in a list of causes alone. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  if (!(error instanceof Error)) return String(error)
  return error.message === '' || error.message === 'UnknownError' ? error.name : error.message
}

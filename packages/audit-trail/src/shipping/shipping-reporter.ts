import type { DestinationState, ShippingState } from './shipping-state.ts'

/** While a destination fails, the log says so this often. */
const REPEAT_MILLISECONDS = 60_000

/** A log with fields, as pino's. */
export interface ShippingLog {
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** Tells of destinations that fail: the first time, then each minute, and when it is over; what needs an operator is an alarm in the trail. */
export class ShippingReporter {
  readonly #log: ShippingLog
  readonly #trail: { alarm(code: string, message: string): void }
  /** When each destination's failure was told last, by a monotonic clock. */
  readonly #told = new Map<string, number>()
  readonly #alarmed = new Set<string>()

  constructor(log: ShippingLog, trail: { alarm(code: string, message: string): void }) {
    this.#log = log
    this.#trail = trail
  }

  take({ destinations }: ShippingState): void {
    for (const state of destinations) this.#takeOne(state)
  }

  /** What did not get everything, in words. */
  whatIsBehind({ destinations }: ShippingState): string {
    const behind = destinations.filter(({ lagBytes }) => lagBytes > 0)
    if (behind.length === 0) return 'Nothing is heard from shipping: see the log'
    return `Behind: ${behind.map(({ name, lagBytes, failure }) => `${name} by ${lagBytes} bytes (${failure ?? 'it takes them, but slowly'})`).join(', ')}`
  }

  /** The process ends. */
  ended(state: ShippingState): void {
    if (state.destinations.some(({ lagBytes }) => lagBytes > 0))
      this.#log.warn(
        { behind: this.whatIsBehind(state) },
        'not all of the audit trail is shipped: the next start goes on',
      )
  }

  #takeOne({ name: destination, failure, alarm, failures, lagRecords, lagBytes, lagSeconds }: DestinationState): void {
    const told = this.#told.get(destination)
    const fields = { destination, failures, lagRecords, lagBytes, lagSeconds }
    if (failure === null) {
      if (told !== undefined) this.#log.info(fields, 'the audit trail is shipped again')
      this.#told.delete(destination)
      return
    }
    if (told !== undefined && performance.now() - told < REPEAT_MILLISECONDS) return
    this.#told.set(destination, performance.now())
    this.#log.error({ ...fields, error: failure }, 'the audit trail cannot be shipped to a destination')
    const message = `${destination}: ${failure}`
    if (alarm === null || this.#alarmed.has(message)) return
    this.#alarmed.add(message)
    this.#trail.alarm(alarm, message)
  }
}

import { type Counters, MemoryHub, type Taken } from '@gatehouse/coordination'
import { parseAddressRange } from '@gatehouse/session-credentials'
import type { Logger } from 'pino'
import { placeOf } from './address-place.ts'
import type { LoginConfig } from './config/index.ts'
import { farewell } from './farewell.ts'
import { LoginRefused } from './login-refused.ts'

const WINDOW_SECONDS = 60

/** From where a client tries to log in, and as which session credential (null: as none). */
export interface Attempt {
  readonly address: string
  readonly credential: string | null
}

/**
 * Lets an address that has failed too often wait. Failures are counted by address, and by credential name and neighbourhood, over
 * all gateways; where the others cannot be reached, this one counts alone. An address that has not failed is never kept waiting,
 * whoever else has failed with its name.
 */
export class LoginBackOff {
  readonly #counters: Counters
  readonly #alone: Counters
  readonly #settings: LoginConfig
  readonly #shared: readonly { has(address: string): boolean }[]
  readonly #log: Logger
  #lost = false

  constructor(counters: Counters, settings: LoginConfig, log: Logger, now: () => number) {
    this.#counters = counters
    this.#alone = new MemoryHub(now).counters
    this.#settings = settings
    this.#shared = settings.sharedAddresses.flatMap((text) => parseAddressRange(text) ?? [])
    this.#log = log
  }

  /** Has a client prove who it is, if it may try. Throws `LoginRefused`, and what `prove` throws; a wrong guess is counted first. */
  async guard<Result>(attempt: Attempt, prove: () => Promise<Result>): Promise<Result> {
    await this.#mayTry(attempt)
    try {
      return await prove()
    } catch (error) {
      if (error instanceof LoginRefused && error.guess) await this.#take(attempt, 1)
      throw error
    }
  }

  async #mayTry(attempt: Attempt): Promise<void> {
    const { address, name } = await this.#take(attempt, 0)
    const { failuresPerAddress } = this.#settings
    const byAddress = address !== null && address.left === 0
    // One that has failed with no name is no part of what its neighbourhood does.
    const clean = address !== null && address.left === failuresPerAddress
    const byName = name !== null && name.left === 0 && !clean
    const spent = byAddress ? address : byName ? name : null
    if (spent === null) return
    const seconds = spent.retryAfterSeconds
    const whose = byAddress ? `address ${attempt.address}` : `${attempt.credential ?? ''} from ${attempt.address}`
    throw new LoginRefused(
      farewell(
        'too many failures',
        'LOGIN_BACK_OFF',
        'too many logins from here have failed',
        `Try again in ${String(seconds)} seconds.`,
        seconds,
      ),
      `too many failed logins of ${whose}; again in ${String(seconds)} s`,
    )
  }

  /** Takes from what an attempt may still fail. */
  async #take(
    { address, credential }: Attempt,
    failures: 0 | 1,
  ): Promise<{ readonly address: Taken | null; readonly name: Taken | null }> {
    const { failuresPerAddress, failuresPerName } = this.#settings
    const counted = !this.#shared.some((range) => range.has(address))
    const place = placeOf(address)
    const asked = (counters: Counters) =>
      Promise.all([
        counted ? counters.take(`login failures at ${place.own}`, failures, failuresPerAddress, WINDOW_SECONDS) : null,
        credential === null
          ? null
          : counters.take(
              `login failures of ${credential} near ${place.near}`,
              failures,
              failuresPerName,
              WINDOW_SECONDS,
            ),
      ])
    try {
      const [byAddress, byName] = await asked(this.#counters)
      this.#lost = false
      return { address: byAddress, name: byName }
    } catch (error) {
      if (!this.#lost) this.#log.warn({ error }, 'failed logins are counted by this gateway alone')
      this.#lost = true
      const [byAddress, byName] = await asked(this.#alone)
      return { address: byAddress, name: byName }
    }
  }
}

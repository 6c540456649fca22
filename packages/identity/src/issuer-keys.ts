import { createLocalJWKSet } from 'jose'
import type { JWTVerifyGetKey } from 'jose'
import type { FetchRules } from './fetch-json.ts'
import type { IssuerConfig } from './issuer-config.ts'
import { fetchSigningKeys } from './key-document.ts'

/** The shortest time between two fetches that an unknown key id may cause, in milliseconds. */
export const REFETCH_FLOOR_MILLISECONDS = 10_000

/** For how long one document may take, in milliseconds. */
export const FETCH_TIMEOUT_MILLISECONDS = 5_000

/** The first and the longest wait between tries while the issuer does not answer, in milliseconds. */
const FIRST_RETRY_MILLISECONDS = 500
const LAST_RETRY_MILLISECONDS = 10_000

/** What the keys' life is timed by, and who is told of it. */
export interface IssuerKeysOptions {
  readonly refetchFloorMilliseconds: number
  readonly fetchTimeoutMilliseconds: number
  readonly ca: string | null
  /** The issuer's keys are not the ones they were. */
  readonly onChange: () => void
  /** The issuer stopped answering (a reason), or answers again (null). Not called for each try. */
  readonly onReach: (problem: string | null) => void
}

/** An issuer's keys, if there are any to trust at this moment. */
export type KeysNow =
  | { readonly kind: 'keys'; readonly keyFor: JWTVerifyGetKey }
  | { readonly kind: 'unreachable'; readonly reason: string }

/** The public keys of one issuer: fetched at once, then again and again, and served from memory between. */
export class IssuerKeys {
  readonly #config: IssuerConfig
  readonly #options: IssuerKeysOptions
  readonly #ending = new AbortController()
  #keyFor: JWTVerifyGetKey | null = null
  /** The key set as text, to see whether it changed. */
  #text = ''
  #fetchedAt = 0
  #triedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #problem = 'no answer yet'
  #fetching: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null

  constructor(config: IssuerConfig, options: IssuerKeysOptions) {
    this.#config = config
    this.#options = options
    void this.#fetch()
  }

  /** The keys, after the fetch under way if there are none yet. Never throws, and never starts a fetch. */
  async now(): Promise<KeysNow> {
    if (!this.#trusted() && this.#fetching !== null) await this.#fetching
    if (this.#keyFor !== null && this.#trusted()) return { kind: 'keys', keyFor: this.#keyFor }
    return { kind: 'unreachable', reason: this.#problem }
  }

  /** Fetches again because of a key id nobody knows. False when it is too soon for that, and nothing was done. */
  async refetch(): Promise<boolean> {
    if (this.#fetching === null && performance.now() - this.#triedAt < this.#options.refetchFloorMilliseconds)
      return false
    await this.#fetch()
    return true
  }

  /** Stops fetching. Keys are served no more. */
  close(): void {
    this.#ending.abort()
    this.#keyFor = null
    this.#problem = 'closed'
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #trusted(): boolean {
    const { keysRefreshSeconds, keysOutageGraceSeconds } = this.#config
    const age = performance.now() - this.#fetchedAt
    return this.#keyFor !== null && age < (keysRefreshSeconds + keysOutageGraceSeconds) * 1000
  }

  #fetch(): Promise<void> {
    if (this.#ending.signal.aborted) return Promise.resolve()
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = null
      this.#schedule()
    })
    return this.#fetching
  }

  async #fetchOnce(): Promise<void> {
    this.#triedAt = performance.now()
    const { fetchTimeoutMilliseconds: timeoutMilliseconds, ca, onReach } = this.#options
    const { allowHttp } = this.#config
    const rules: FetchRules = { timeoutMilliseconds, allowHttp, ca, signal: this.#ending.signal }
    try {
      const keys = await fetchSigningKeys(this.#config, rules)
      if (this.#ending.signal.aborted) return
      const text = JSON.stringify(keys)
      if (this.#keyFor === null || text !== this.#text) {
        this.#keyFor = createLocalJWKSet(keys)
        this.#text = text
        this.#options.onChange()
      }
      this.#fetchedAt = performance.now()
      if (this.#failures > 0) onReach(null)
      this.#failures = 0
    } catch (cause) {
      if (this.#ending.signal.aborted) return
      this.#problem = cause instanceof Error ? cause.message : 'unknown cause'
      this.#failures += 1
      if (this.#failures === 1) onReach(this.#problem)
    }
  }

  #schedule(): void {
    if (this.#ending.signal.aborted) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    const wait =
      this.#failures === 0
        ? this.#config.keysRefreshSeconds * 1000
        : Math.min(LAST_RETRY_MILLISECONDS, FIRST_RETRY_MILLISECONDS * 2 ** Math.min(this.#failures - 1, 10))
    this.#timer = setTimeout(() => void this.#fetch(), wait)
    this.#timer.unref()
  }
}

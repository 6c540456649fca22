import type { CredentialLease, LeaseRenewals, SourceLog } from '../credential-source.ts'
import { overwriteJson } from '../json-bytes.ts'
import { LeasedSecret } from '../leased-secret.ts'
import { VaultFailure } from './vault-client.ts'
import { secondsIn, type VaultToken } from './vault-token.ts'

/** A lease is renewed when this part of it is over. */
const RENEWED_AT = 2 / 3
/** Tries to renew are never closer than this. */
const FLOOR_MILLISECONDS = 1000
/** The session ends so long before the user does, where the lease is long enough: its last statement is not cut short by the database. */
const MARGIN_MILLISECONDS = 5000
/** Giving back is not waited for any longer: the lease ends by itself. */
const REVOKE_MILLISECONDS = 10_000

/** What Vault said of a user it made. */
export interface VaultGrant {
  readonly id: string
  readonly seconds: number
  readonly renewable: boolean
  readonly user: string
  /** Taken over. */
  readonly password: Buffer
}

/** A user that Vault made for one session: its lease is renewed while the session lives, and revoked at its end. */
export class VaultLease implements CredentialLease {
  readonly user: string
  readonly password: LeasedSecret
  readonly dedicated = true
  readonly #id: string
  readonly #seconds: number
  readonly #token: VaultToken
  readonly #log: SourceLog
  readonly #renewals: LeaseRenewals
  readonly #closing = new AbortController()
  #renewable: boolean
  #endsAt = 0
  #ended: string | null = null
  #listener: ((reason: string) => void) | null = null
  #renewing: NodeJS.Timeout | undefined
  #ending: NodeJS.Timeout | undefined
  #released: Promise<void> | null = null

  /** `renewals`: counted in, for all leases of a source. */
  constructor(grant: VaultGrant, token: VaultToken, renewals: LeaseRenewals, log: SourceLog) {
    this.user = grant.user
    this.password = new LeasedSecret(grant.password)
    this.#id = grant.id
    this.#seconds = grant.seconds
    this.#renewable = grant.renewable
    this.#token = token
    this.#log = log
    this.#renewals = renewals
    this.#lasts(grant.seconds)
  }

  onEnd(listener: (reason: string) => void): void {
    if (this.#released !== null) return
    if (this.#ended === null) this.#listener = listener
    else listener(this.#ended)
  }

  release(): Promise<void> {
    this.#released ??= this.#release()
    return this.#released
  }

  async #release(): Promise<void> {
    this.#stop()
    this.#listener = null
    this.password.overwrite()
    try {
      const signal = AbortSignal.timeout(REVOKE_MILLISECONDS)
      overwriteJson(await this.#token.ask('POST', 'sys/leases/revoke', { lease_id: this.#id, sync: true }, signal))
    } catch (error) {
      // The id is of no use without a token that may use it.
      const details = { lease: this.#id, error: String(error) }
      this.#log.warn(details, 'a lease could not be given back to Vault; it ends by itself')
    }
  }

  /** From now on. */
  #lasts(seconds: number): void {
    clearTimeout(this.#ending)
    const left = seconds * 1000
    this.#endsAt = performance.now() + left
    const margin = Math.min(MARGIN_MILLISECONDS, left / 10)
    this.#ending = timer(() => this.#end('its lease is over and could not be renewed'), left - margin)
    this.#renewAfter(left * RENEWED_AT)
  }

  #renewAfter(milliseconds: number): void {
    clearTimeout(this.#renewing)
    if (this.#renewable) this.#renewing = timer(() => void this.#renew(), Math.max(milliseconds, FLOOR_MILLISECONDS))
  }

  async #renew(): Promise<void> {
    try {
      const asked = { lease_id: this.#id, increment: this.#seconds }
      const told = await this.#token.ask('POST', 'sys/leases/renew', asked, this.#closing.signal)
      const seconds = secondsIn(told, 'lease_duration')
      const renewable = told.get('renewable') === true
      overwriteJson(told)
      if (this.#closing.signal.aborted) return
      this.#renewals.renewed++
      this.#renewable = renewable
      if (seconds > 0) this.#lasts(seconds)
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#renewals.failed++
      const { status, message } = error instanceof VaultFailure ? error : { status: 0, message: String(error) }
      this.#log.warn({ lease: this.#id, error: message }, 'a lease of Vault could not be renewed')
      if (status === 400 && message.includes('lease not found')) return this.#end('it was revoked where it came from')
      this.#renewAfter((this.#endsAt - performance.now()) / 4)
    }
  }

  #end(reason: string): void {
    if (this.#ended !== null) return
    this.#stop()
    this.#ended = reason
    this.#renewals.ended++
    this.#listener?.(reason)
    this.#listener = null
  }

  #stop(): void {
    clearTimeout(this.#renewing)
    clearTimeout(this.#ending)
    this.#closing.abort()
  }
}

function timer(due: () => void, milliseconds: number): NodeJS.Timeout {
  return setTimeout(due, Math.min(milliseconds, 2 ** 31 - 1)).unref()
}

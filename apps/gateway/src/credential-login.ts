import { createHmac } from 'node:crypto'
import type { Credential, Credentials } from '@gatehouse/coordination'
import type { LoginKind, Principal, Secret } from '@gatehouse/core'
import type { StoredPassword } from '@gatehouse/mysql-wire'
import { mockScramVerifier, type ScramVerifier } from '@gatehouse/postgres-wire'
import {
  CREDENTIAL_SCRAM_ITERATIONS,
  type CredentialVerifiers,
  fitsSecret,
  parseAddressRange,
  scramVerifierOf,
  storedPasswordOf,
} from '@gatehouse/session-credentials'
import { farewell } from './farewell.ts'
import { coordinationLost, LoginRefused } from './login-refused.ts'

/** What logins with session credentials go by. */
export interface CredentialOptions {
  readonly credentials: Credentials
  /** Makes the verifiers of names that there are not; the same on all replicas, or the difference would show which those are. */
  readonly unknownNamesSeed: Secret<Buffer>
  readonly targets: ReadonlySet<string>
  readonly now: () => number
}

/** Who the client is, and what its login is for. */
export interface Proved {
  readonly principal: Principal
  readonly target: string
  /** The name of the session credential it logged in with; null: something else. */
  readonly credential: string | null
  /** What it logged in with. */
  readonly by: LoginKind
}

/**
 * A client that logs in under the name of a session credential, by whichever protocol. One that there is not, one that has
 * ended, one that is for something else and one with another secret are led the same way to the same answer: which it was is for
 * the log and the trail alone.
 */
export class CredentialLogin {
  /** What SCRAM is held against. Of a name that there is: always its own, since the salt must be the same each time. */
  readonly scram: ScramVerifier
  /** What scrambles of MySQL are held against: no secret fits where this login cannot be, so that the client is led on. */
  readonly stored: StoredPassword
  readonly #name: string
  readonly #options: CredentialOptions
  readonly #verifiers: Readonly<Record<string, string>>
  readonly #credential: Credential | null
  /** Why the right secret would not do; null: it does. */
  readonly #unfit: string | null

  private constructor(
    name: string,
    credential: Credential | null,
    unfit: string | null,
    verifiers: { readonly own: Readonly<Record<string, string>> | null; readonly mock: MockVerifiers },
    options: CredentialOptions,
  ) {
    const { own, mock } = verifiers
    this.#name = name
    this.#credential = credential
    this.#unfit = unfit
    this.#options = options
    this.#verifiers = own ?? mock.verifiers
    this.scram = (own === null ? null : scramVerifierOf(own)) ?? mock.scram
    this.stored = (own === null || unfit !== null ? null : storedPasswordOf(own)) ?? mock.stored
  }

  /** `target`: the one that the client names, null where it names none. Throws `LoginRefused` where nobody knows which there are. */
  static async begin(
    name: string,
    asked: { readonly target: string | null; readonly address: string },
    options: CredentialOptions,
  ): Promise<CredentialLogin> {
    const mock = mockVerifiers(name, options.unknownNamesSeed)
    const credential = await reached(options.credentials.get(name))
    const unfit = credential === null ? 'there is no such credential' : whyUnfit(credential, asked, options)
    return new CredentialLogin(name, credential, unfit, { own: credential?.verifiers ?? null, mock }, options)
  }

  /** True when a secret that came as it is (under TLS) is the credential's. */
  fits(secret: Secret<string>): boolean {
    return fitsSecret(this.#verifiers, secret)
  }

  /** The client has proved that it has the secret: takes one use. Throws `LoginRefused`. */
  async admit(): Promise<Proved> {
    const { credentials, now } = this.#options
    const known = this.#credential
    if (known === null || this.#unfit !== null) throw this.#refused(this.#unfit ?? 'it cannot be', known !== null)
    const taken = await reached(credentials.take(this.#name))
    // The name may be another's by now, whose secret nobody has proved.
    if (taken === null || taken.at !== known.at) throw this.#refused('it is used up, has ended, or was revoked', true)
    const expiresAt = Math.min(taken.principal.expiresAt, taken.until)
    if (expiresAt <= now()) throw this.#refused('it has ended', true)
    return {
      principal: { ...taken.principal, expiresAt },
      target: taken.target,
      credential: this.#name,
      by: 'credential',
    }
  }

  /** The client has not proved that it has the secret. */
  refusal(detail: string): LoginRefused {
    return this.#refused(this.#unfit === null ? detail : `${detail}; ${this.#unfit}`, false)
  }

  /** `genuine`: the secret was right. */
  #refused(detail: string, genuine: boolean): LoginRefused {
    return new LoginRefused(
      farewell(
        'token refused',
        'CREDENTIAL_REFUSED',
        'the session credential is not accepted',
        'Use it as it was issued: for its own target, from its own address, before it ends. Else get a new one.',
      ),
      `session credential ${this.#name}: ${detail}`,
      { guess: true, credential: genuine ? this.#name : null },
    )
  }
}

/** Null: with its secret, the login can be. */
function whyUnfit(
  credential: Credential,
  asked: { readonly target: string | null; readonly address: string },
  { targets, now }: CredentialOptions,
): string | null {
  const { target, address, until, principal, uses, used } = credential
  if (asked.target !== null && asked.target !== target) return `it is for target ${target}, not for ${asked.target}`
  if (!targets.has(target)) return `it is for target ${target}, which is not to be had here`
  // A range that cannot be read holds nobody.
  if (address !== null && parseAddressRange(address)?.has(asked.address) !== true)
    return `it is for clients at ${address}, not at ${asked.address}`
  if (Math.min(until, principal.expiresAt) <= now()) return 'it has ended'
  if (uses !== null && used >= uses) return 'it is used up'
  return null
}

interface MockVerifiers {
  readonly scram: ScramVerifier
  readonly stored: StoredPassword
  /** In the form of `Credentials`. */
  readonly verifiers: Pick<CredentialVerifiers, 'mysql'>
}

/** What no secret fits, the same each time for one name. */
function mockVerifiers(name: string, seed: Secret<Buffer>): MockVerifiers {
  const scram = mockScramVerifier(name, seed.expose(), CREDENTIAL_SCRAM_ITERATIONS)
  const hash = (what: string): Buffer => createHmac('sha256', seed.expose()).update(`${what} ${name}`).digest()
  const stored = { sha256Twice: hash('mysql sha256'), sha1Twice: hash('mysql sha1').subarray(0, 20) }
  const mysql = `${stored.sha256Twice.toString('base64')}:${stored.sha1Twice.toString('base64')}`
  return { scram, stored, verifiers: { mysql } }
}

/** What coordination answers. Throws `LoginRefused` where it cannot be reached: nobody knows then which credentials hold. */
async function reached<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked
  } catch (error) {
    throw coordinationLost(error instanceof Error ? error.message : String(error))
  }
}

import { hash } from 'node:crypto'
import { fetchJson, FetchError } from './fetch-json.ts'
import type { FetchRules, FormPost } from './fetch-json.ts'
import type { IntrospectionConfig, IssuerConfig } from './issuer-config.ts'
import { discoveryAddress, fetchMetadata } from './key-document.ts'

/** Most questions of logins under way at once: a flood of made-up tokens is refused here, and not handed on. */
export const MAX_QUESTIONS = 16

/** Most questions of logins in one second. */
export const MAX_QUESTIONS_PER_SECOND = 50

/** For how long "not active" is taken for the same token, in milliseconds. */
export const INACTIVE_MILLISECONDS = 5_000

/** After a question that was not answered, logins ask nothing for this long, in milliseconds. */
export const OUTAGE_FLOOR_MILLISECONDS = 1_000

/** For how long an address found by discovery is used, in milliseconds. */
const ENDPOINT_MILLISECONDS = 600_000

/** Tokens known not to be active; more push out the oldest. */
const MAX_INACTIVE = 10_000

/** What an issuer says of a token. */
export type IntrospectionAnswer =
  | { readonly kind: 'active'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly kind: 'inactive' }
  | { readonly kind: 'unreachable'; readonly reason: string }

/** How questions are asked, beside what an operator configures. */
export interface IntrospectionOptions {
  readonly fetchTimeoutMilliseconds: number
  /** Certificate authorities in PEM; null: the system's. */
  readonly ca: string | null
}

/** Asks one issuer what tokens are good for (RFC 7662). Keeps hashes of tokens, never tokens. */
export class Introspection {
  readonly #issuer: IssuerConfig
  readonly #config: IntrospectionConfig
  readonly #options: IntrospectionOptions
  readonly #ending = new AbortController()
  readonly #asking = new Map<string, Promise<IntrospectionAnswer>>()
  /** By hash of the token: until when it is taken to be not active, by the monotonic clock. */
  readonly #inactive = new Map<string, number>()
  #questions = 0
  #second = { from: Number.NEGATIVE_INFINITY, count: 0 }
  #outage: { readonly reason: string; readonly until: number } | null = null
  #endpoint: { readonly address: string; readonly until: number } | null = null

  constructor(issuer: IssuerConfig, config: IntrospectionConfig, options: IntrospectionOptions) {
    this.#issuer = issuer
    this.#config = config
    this.#options = options
  }

  /** For a login: anybody may cause it, so it is bounded. Never rejects. */
  async askForLogin(token: string): Promise<IntrospectionAnswer> {
    const key = hash('sha256', token, 'base64')
    const now = performance.now()
    if ((this.#inactive.get(key) ?? 0) > now) return { kind: 'inactive' }
    const underWay = this.#asking.get(key)
    if (underWay !== undefined) return await underWay
    if (this.#outage !== null && now < this.#outage.until) return { kind: 'unreachable', reason: this.#outage.reason }
    if (this.#questions >= MAX_QUESTIONS || !this.#mayAskThisSecond(now)) {
      return { kind: 'unreachable', reason: 'too many tokens are asked about at once' }
    }
    this.#questions += 1
    return await this.#ask(key, token).finally(() => (this.#questions -= 1))
  }

  /** For a session that goes on: the issuer is asked, whatever was heard before. Never rejects. */
  async askAgain(token: string): Promise<IntrospectionAnswer> {
    const key = hash('sha256', token, 'base64')
    return await (this.#asking.get(key) ?? this.#ask(key, token))
  }

  /** Gives up what is under way; whatever is asked later is not answered. */
  close(): void {
    this.#ending.abort()
  }

  #mayAskThisSecond(now: number): boolean {
    if (now - this.#second.from >= 1000) this.#second = { from: now, count: 0 }
    this.#second.count += 1
    return this.#second.count <= MAX_QUESTIONS_PER_SECOND
  }

  #ask(key: string, token: string): Promise<IntrospectionAnswer> {
    const asking = this.#fetch(token)
      .then((answer) => {
        this.#outage = null
        if (answer.kind === 'inactive') this.#noteInactive(key)
        return answer
      })
      .catch((cause: unknown): IntrospectionAnswer => {
        // The name alone of what is not expected: messages may quote.
        const reason = cause instanceof FetchError ? cause.message : 'unexpected failure'
        this.#outage = { reason, until: performance.now() + OUTAGE_FLOOR_MILLISECONDS }
        this.#endpoint = null
        return { kind: 'unreachable', reason }
      })
      .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  #noteInactive(key: string): void {
    const [oldest] = this.#inactive.keys()
    if (oldest !== undefined && this.#inactive.size >= MAX_INACTIVE) this.#inactive.delete(oldest)
    this.#inactive.delete(key)
    this.#inactive.set(key, performance.now() + INACTIVE_MILLISECONDS)
  }

  async #fetch(token: string): Promise<IntrospectionAnswer> {
    const rules: FetchRules = {
      timeoutMilliseconds: this.#options.fetchTimeoutMilliseconds,
      allowHttp: this.#issuer.allowHttp,
      ca: this.#options.ca,
      signal: this.#ending.signal,
    }
    const address = this.#config.endpoint ?? (await this.#discover(rules))
    const answer = await fetchJson(address, rules, this.#question(token))
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
      throw new FetchError(`${address} answered with something that is not an object`)
    }
    const { active, ...claims }: Readonly<Record<string, unknown>> = { ...answer }
    if (typeof active !== 'boolean') throw new FetchError(`${address} does not say whether the token is active`)
    return active ? { kind: 'active', claims } : { kind: 'inactive' }
  }

  #question(token: string): FormPost {
    const { clientId, clientSecret, authentication } = this.#config
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' })
    if (authentication === 'client_secret_post') {
      form.set('client_id', clientId)
      form.set('client_secret', clientSecret.expose())
      return { form, authorization: null }
    }
    // RFC 6749 section 2.3.1: each of the two form-encoded first.
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret.expose())}`
    return { form, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
  }

  async #discover(rules: FetchRules): Promise<string> {
    const now = performance.now()
    if (this.#endpoint !== null && now < this.#endpoint.until) return this.#endpoint.address
    const { introspection_endpoint: address } = await fetchMetadata(this.#issuer, rules)
    if (typeof address !== 'string') {
      throw new FetchError(`${discoveryAddress(this.#issuer.issuer)} names no introspection_endpoint`)
    }
    this.#endpoint = { address, until: now + ENDPOINT_MILLISECONDS }
    return address
  }
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

import { readFileSync } from 'node:fs'
import { Secret } from '@gatehouse/core'
import type { Principal } from '@gatehouse/core'
import { errors, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { introspectionFault } from './introspected-claims.ts'
import { Introspection } from './introspection.ts'
import type { IssuerConfig } from './issuer-config.ts'
import { FETCH_TIMEOUT_MILLISECONDS, IssuerKeys, REFETCH_FLOOR_MILLISECONDS } from './issuer-keys.ts'
import { discoveryAddress } from './key-document.ts'
import { logoutFromClaims } from './logout-token.ts'
import type { Logout } from './logout-token.ts'
import { principalFromClaims } from './principal-from-claims.ts'
import { changeOf, type Recheck } from './recheck.ts'
import { refusalFor } from './refusal-for.ts'
import { isOpaqueToken, readTokenShape } from './token-shape.ts'
import type { UnverifiedToken } from './token-shape.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal, TokenVerdict } from './token-verdict.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** Of several keys that could have signed a token without a key id, at most this many are tried. */
const MAX_KEYS_TRIED = 8

/** Where the verifier tells of an issuer's outage and its end; pino's logger fits. */
export interface IdentityLog {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** Settings that are not an operator's. */
export interface TokenVerifierOptions {
  readonly log: IdentityLog
  /** The shortest time between two fetches an unknown key id may cause. Default 10,000. */
  readonly refetchFloorMilliseconds?: number
  /** For one document of an issuer. Default 5,000. */
  readonly fetchTimeoutMilliseconds?: number
  /** How many verified tokens are remembered for up to a minute; 0: none. Default 10,000. */
  readonly rememberedTokens?: number
}

/** What the OAUTHBEARER challenge tells a client that has no token (RFC 7628 section 3.2.2). */
export interface DiscoveryData {
  readonly openidConfiguration: string
  readonly scope: string
}

interface TrustedIssuer {
  readonly config: IssuerConfig
  readonly keys: IssuerKeys
  /** Null: it is not asked about tokens. */
  readonly introspection: Introspection | null
}

/** Turns a token into a principal, or into a refusal. */
export class TokenVerifier {
  readonly #issuers: ReadonlyMap<string, TrustedIssuer>
  readonly #remembered: VerifiedTokens
  readonly #discovery: DiscoveryData
  /** The one that passwords which are no JWT are sent to; null: none. */
  readonly #opaque: TrustedIssuer | null
  /** Of principals whose issuer is asked again; the token goes with the principal. */
  readonly #rechecks = new WeakMap<Principal, Recheck>()

  private constructor(issuers: ReadonlyMap<string, TrustedIssuer>, remembered: VerifiedTokens, first: IssuerConfig) {
    this.#issuers = issuers
    this.#remembered = remembered
    this.#discovery = { openidConfiguration: discoveryAddress(first.issuer), scope: first.scope }
    this.#opaque = [...issuers.values()].find(hasOpaqueTokens) ?? null
  }

  /**
   * A verifier for these issuers, which begins to fetch their keys and does not wait for them.
   * @throws {RangeError} when there is no issuer, one is named twice, or two have opaque tokens.
   * @throws {Error} when a `caFile` cannot be read.
   */
  static create(issuers: readonly IssuerConfig[], options: TokenVerifierOptions): TokenVerifier {
    const [first] = issuers
    if (first === undefined) throw new RangeError('there is no issuer to trust')
    if (new Set(issuers.map(({ issuer }) => issuer)).size !== issuers.length) {
      throw new RangeError('an issuer is named twice')
    }
    if (issuers.filter(({ introspection }) => introspection?.opaqueTokens === true).length > 1) {
      throw new RangeError('two issuers have opaque tokens')
    }
    const remembered = new VerifiedTokens(options.rememberedTokens ?? 10_000)
    const authorities = issuers.map(({ caFile }) => (caFile === null ? null : readFileSync(caFile, 'utf8')))
    const trusted = new Map<string, TrustedIssuer>()
    for (const [index, config] of issuers.entries()) {
      const ca = authorities[index] ?? null
      const fetchTimeoutMilliseconds = options.fetchTimeoutMilliseconds ?? FETCH_TIMEOUT_MILLISECONDS
      const keys = new IssuerKeys(config, {
        refetchFloorMilliseconds: options.refetchFloorMilliseconds ?? REFETCH_FLOOR_MILLISECONDS,
        fetchTimeoutMilliseconds,
        ca,
        onChange: () => remembered.clear(),
        onReach: (problem) => tell(options.log, config.issuer, problem),
      })
      const introspection =
        config.introspection === null
          ? null
          : new Introspection(config, config.introspection, { fetchTimeoutMilliseconds, ca })
      trusted.set(config.issuer, { config, keys, introspection })
    }
    return new TokenVerifier(trusted, remembered, first)
  }

  /** What becomes of `token` at `now` (milliseconds since the epoch). Never throws: a failure inside is a refusal. */
  async verify(token: Secret<string>, now: number): Promise<TokenVerdict> {
    try {
      return await this.#verify(token.expose(), now)
    } catch (cause) {
      // The name alone: a parser's message quotes what it could not parse.
      return refused('VERIFICATION_FAILED', `unexpected ${cause instanceof Error ? cause.name : 'failure'}`)
    }
  }

  /** What a logout token logs out at `now` (milliseconds since the epoch). Never throws: a failure inside is a refusal. */
  async verifyLogout(token: Secret<string>, now: number): Promise<Logout | TokenRefusal> {
    try {
      return await this.#verifyLogout(token.expose(), now)
    } catch (cause) {
      return refused('VERIFICATION_FAILED', `unexpected ${cause instanceof Error ? cause.name : 'failure'}`)
    }
  }

  /** How the right of a principal that `verify` gave is looked at again; null: it is not. The token is kept for as long as the principal is. */
  recheckOf(principal: Principal): Recheck | null {
    return this.#rechecks.get(principal) ?? null
  }

  /** For a client that asks where to get a token. With several issuers, the first in the configuration. */
  discovery(): DiscoveryData {
    return this.#discovery
  }

  /** Stops fetching keys; every later token is refused. */
  close(): void {
    for (const { keys, introspection } of this.#issuers.values()) {
      keys.close()
      introspection?.close()
    }
    this.#remembered.clear()
  }

  async #verify(text: string, now: number): Promise<TokenVerdict> {
    const token = readTokenShape(text)
    if (token.kind === 'refused') {
      // A JWT is never sent anywhere: who signed it is asked of its signature.
      return this.#opaque !== null && isOpaqueToken(text) ? await this.#askAbout(text, this.#opaque, now) : token
    }
    const issuer = this.#issuers.get(token.issuer)
    if (issuer === undefined) return refused('UNKNOWN_ISSUER', `no issuer ${quoted(token.issuer)} is configured`)
    const remembered = this.#remembered.find(text, now)
    if (remembered !== null) return this.#found(text, remembered, issuer)
    const { config, keys } = issuer
    const unfit = headerRefusal(config, token)
    if (unfit !== null) return unfit
    const claims = await verifiedClaims(text, config, keys, now)
    if ('kind' in claims) return claims
    const verdict = principalFromClaims(config, claims.payload, now)
    if (verdict.kind === 'refused') return verdict
    this.#remembered.remember(text, verdict.principal, now)
    return this.#found(text, verdict.principal, issuer)
  }

  async #verifyLogout(text: string, now: number): Promise<Logout | TokenRefusal> {
    const token = readTokenShape(text)
    if (token.kind === 'refused') return token
    const issuer = this.#issuers.get(token.issuer)
    if (issuer === undefined) return refused('UNKNOWN_ISSUER', `no issuer ${quoted(token.issuer)} is configured`)
    const { config, keys } = issuer
    const type = token.type === null ? 'jwt' : mediaType(token.type)
    if (type !== 'logout+jwt' && type !== 'jwt') {
      return refused('WRONG_TYPE', `the token is of type ${quoted(type)}`)
    }
    const unfit = algorithmRefusal(config, token)
    if (unfit !== null) return unfit
    const claims = await verifiedClaims(text, config, keys, now)
    return 'kind' in claims ? claims : logoutFromClaims(config, claims.payload, now)
  }

  async #askAbout(text: string, issuer: TrustedIssuer, now: number): Promise<TokenVerdict> {
    const { config, introspection } = issuer
    const remembered = this.#remembered.find(text, now)
    if (remembered !== null) return this.#found(text, remembered, issuer)
    const answer = await introspection?.askForLogin(text)
    if (answer === undefined || answer.kind === 'inactive') {
      return refused('TOKEN_INACTIVE', `${config.issuer} says that the token is not active`)
    }
    if (answer.kind === 'unreachable') {
      return refused('ISSUER_UNREACHABLE', `${config.issuer} does not say what the token is: ${answer.reason}`)
    }
    const fault = introspectionFault(config, answer.claims, now)
    if (fault !== null) return fault
    const verdict = principalFromClaims(config, answer.claims, now)
    if (verdict.kind === 'refused') return verdict
    this.#remembered.remember(text, verdict.principal, now, (config.introspection?.cacheSeconds ?? 0) * 1000)
    return this.#found(text, verdict.principal, issuer)
  }

  #found(text: string, principal: Principal, { config, introspection }: TrustedIssuer): TokenVerdict {
    const everySeconds = config.introspection?.recheckSeconds ?? null
    if (introspection === null || everySeconds === null) return { kind: 'principal', principal }
    // One of its own for each login, so that the token lives no longer than what it let in.
    const own = Object.freeze({ ...principal })
    const token = new Secret(text)
    const kind = readTokenShape(text).kind === 'refused' ? 'opaque' : 'signed'
    this.#rechecks.set(own, {
      everySeconds,
      graceSeconds: config.introspection?.recheckGraceSeconds ?? 0,
      ask: async (now) => {
        const answer = await introspection.askAgain(token.expose())
        if (answer.kind === 'unreachable') return { kind: 'unreachable' }
        const what = answer.kind === 'active' ? changeOf(own, config, answer.claims, kind, now) : null
        if (answer.kind === 'active' && what === null) return { kind: 'active' }
        this.#remembered.forget(token.expose())
        return what === null ? { kind: 'inactive' } : { kind: 'changed', what }
      },
    })
    return { kind: 'principal', principal: own }
  }
}

function hasOpaqueTokens({ config }: TrustedIssuer): boolean {
  return config.introspection?.opaqueTokens === true
}

function algorithmRefusal(config: IssuerConfig, token: UnverifiedToken): TokenRefusal | null {
  if (config.algorithms.some((algorithm) => algorithm === token.algorithm)) return null
  return refused('WRONG_ALGORITHM', `the token is signed with ${quoted(token.algorithm)}`)
}

function headerRefusal(config: IssuerConfig, token: UnverifiedToken): TokenRefusal | null {
  const wrong = algorithmRefusal(config, token)
  if (wrong !== null) return wrong
  const type = token.type === null ? null : mediaType(token.type)
  if (config.tokenTypes.length === 0) {
    // What says that it is something else (`logout+jwt`, `secevent+jwt`, `dpop+jwt`) lets nobody in (RFC 8725 section 3.11).
    return type === null || type === 'at+jwt' || !type.endsWith('+jwt')
      ? null
      : refused('WRONG_TYPE', `the token is of type ${quoted(type)}`)
  }
  if (config.tokenTypes.some((accepted) => mediaType(accepted) === type)) return null
  return refused('WRONG_TYPE', `the token is of type ${token.type === null ? 'none' : quoted(token.type)}`)
}

// RFC 7515 section 4.1.9: `application/` may be left out, and case does not matter.
function mediaType(type: string): string {
  const lower = type.toLowerCase()
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower
}

async function verifiedClaims(
  text: string,
  config: IssuerConfig,
  keys: IssuerKeys,
  now: number,
): Promise<{ readonly payload: JWTPayload } | TokenRefusal> {
  const options: JWTVerifyOptions = {
    algorithms: [...config.algorithms],
    issuer: config.issuer,
    audience: [...config.audience],
    clockTolerance: config.clockSkewSeconds,
    currentDate: new Date(now),
  }
  for (let attempt = 1; ; attempt += 1) {
    const known = await keys.now()
    if (known.kind === 'unreachable') {
      return refused('ISSUER_UNREACHABLE', `there are no keys of ${config.issuer}: ${known.reason}`)
    }
    try {
      return { payload: await verifyWithAnyKey(text, known.keyFor, options) }
    } catch (cause) {
      const rotated = attempt === 1 && cause instanceof errors.JWKSNoMatchingKey && (await keys.refetch())
      if (!rotated) return refusalFor(cause)
    }
  }
}

async function verifyWithAnyKey(text: string, keyFor: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(text, keyFor, options)).payload
  } catch (cause) {
    if (!(cause instanceof errors.JWKSMultipleMatchingKeys)) throw cause
    let tried = 0
    for await (const key of cause) {
      tried += 1
      if (tried > MAX_KEYS_TRIED) break
      try {
        return (await jwtVerify(text, key, options)).payload
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure
      }
    }
    throw new errors.JWSSignatureVerificationFailed('none of the matching keys signed it', { cause })
  }
}

function tell(log: IdentityLog, issuer: string, problem: string | null): void {
  if (problem === null) log.info({ issuer }, 'the issuer answers again')
  else log.warn({ issuer, problem }, 'the issuer cannot be reached; its keys are tried for again and again')
}

// What a stranger wrote, short and escaped, for a log line.
function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200))
}

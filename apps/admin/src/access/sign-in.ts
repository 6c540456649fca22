import { randomBytes } from 'node:crypto'
import { type Principal, Secret } from '@gatehouse/core'
import { type IdentityLog, type IssuerConfig, principalFromClaims, TokenVerifier } from '@gatehouse/identity'
import * as client from 'openid-client'
import type { AdminConfig, LoginConfig } from '../config/admin-config.ts'
import { ApiError } from '../errors.ts'
import type { PageSession, SignInAttempt } from './page-session.ts'

/** For each answer of the issuer, in seconds. */
const ISSUER_TIMEOUT_SECONDS = 10

/** Signs people in: OpenID Connect, authorization code with PKCE. */
export class SignIn {
  readonly #login: LoginConfig
  readonly #issuer: IssuerConfig
  readonly #verifier: TokenVerifier
  readonly #callback: string
  readonly #log: IdentityLog
  #discovered: client.Configuration | null = null

  /** Throws when the issuer is none of the configured ones. */
  constructor(config: AdminConfig, login: LoginConfig, log: IdentityLog) {
    const issuer = config.issuers.find((one) => one.issuer === login.issuer)
    if (issuer === undefined) throw new Error(`${login.issuer} is none of the configured issuers`)
    this.#login = login
    this.#log = log
    // An ID token names the client it is for, not the API; and it may be of another type than an access token.
    this.#issuer = { ...issuer, audience: [login.clientId], tokenTypes: [] }
    this.#verifier = TokenVerifier.create([this.#issuer], { log, rememberedTokens: 0 })
    this.#callback = `${config.publicUrl}/callback`
  }

  /** Where the browser goes, and what its return is held against. Rejects with `ApiError` when the issuer is not reached. */
  async begin(): Promise<{ readonly url: URL; readonly attempt: SignInAttempt }> {
    const issuer = await this.#issuerConfiguration()
    const attempt = {
      verifier: client.randomPKCECodeVerifier(),
      state: client.randomState(),
      nonce: client.randomNonce(),
    }
    const url = client.buildAuthorizationUrl(issuer, {
      redirect_uri: this.#callback,
      response_type: 'code',
      scope: this.#login.scope,
      state: attempt.state,
      nonce: attempt.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
      code_challenge_method: 'S256',
    })
    return { url, attempt }
  }

  /** The session that the browser's return proves. `query`: with its question mark. Rejects with `ApiError`. */
  async finish(query: string, attempt: SignInAttempt, now: number): Promise<PageSession> {
    const { issuer, subject, groups, claims } = await this.#principal(query, attempt, now)
    const { sub, sid, iat } = claims
    return {
      id: `page:${randomBytes(18).toString('base64url')}`,
      issuer,
      subject,
      groups,
      csrfToken: randomBytes(24).toString('base64url'),
      // `sub` and `iat` are in every ID token (OpenID Connect Core 1.0 section 2).
      issued: { sub: String(sub), sid: typeof sid === 'string' ? sid : null, iat: Number(iat) },
      expiresAt: now + this.#login.sessionSeconds * 1000,
    }
  }

  close(): void {
    this.#verifier.close()
  }

  async #principal(query: string, attempt: SignInAttempt, now: number): Promise<Principal> {
    const issuer = await this.#issuerConfiguration()
    let claims: Readonly<Record<string, unknown>>
    try {
      const tokens = await client.authorizationCodeGrant(issuer, new URL(this.#callback + query), {
        pkceCodeVerifier: attempt.verifier,
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      })
      // The library trusts the connection it came by; this looks at the signature, as for every token.
      const verdict = await this.#verifier.verify(new Secret(tokens.id_token ?? ''), now)
      if (verdict.kind === 'refused') throw new Error(`${verdict.code}: ${verdict.detail}`)
      const subject = tokens.claims()?.sub ?? ''
      // Many issuers tell groups here alone; what is signed counts first.
      const more =
        issuer.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await client.fetchUserInfo(issuer, tokens.access_token, subject)
      claims = { ...more, ...verdict.principal.claims }
    } catch (error) {
      this.#log.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'a sign-in was not accepted')
      throw new ApiError(401, 'SIGN_IN_FAILED', 'The sign-in was not accepted.', 'Begin anew at /login.')
    }
    const verdict = principalFromClaims(this.#issuer, claims, now)
    if (verdict.kind === 'principal') return verdict.principal
    throw new ApiError(
      401,
      'SIGN_IN_FAILED',
      `The sign-in was not accepted: ${verdict.message}`,
      'Begin anew at /login.',
    )
  }

  async #issuerConfiguration(): Promise<client.Configuration> {
    if (this.#discovered !== null) return this.#discovered
    const { issuer, clientId, clientSecret } = this.#login
    try {
      this.#discovered = await client.discovery(
        new URL(issuer),
        clientId,
        undefined,
        clientSecret === null ? client.None() : client.ClientSecretBasic(clientSecret.expose()),
        { timeout: ISSUER_TIMEOUT_SECONDS, execute: this.#issuer.allowHttp ? [client.allowInsecureRequests] : [] },
      )
      return this.#discovered
    } catch {
      throw new ApiError(
        503,
        'ISSUER_UNREACHABLE',
        'The identity provider cannot be reached.',
        'Try again in a few seconds; whoever runs this service finds `login.issuer` in its configuration.',
      )
    }
  }
}

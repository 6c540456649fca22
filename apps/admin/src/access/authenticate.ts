import { timingSafeEqual } from 'node:crypto'
import type { Coordination, Revocation } from '@gatehouse/coordination'
import { type Principal, Secret } from '@gatehouse/core'
import type { TokenVerdict, TokenVerifier } from '@gatehouse/identity'
import type { FastifyRequest } from 'fastify'
import type { AdminConfig } from '../config/admin-config.ts'
import { ApiError } from '../errors.ts'
import { type CookieNames, cookieNames } from './cookies.ts'
import type { CookieSeal } from './page-session.ts'
import { holdersOf, isPermitted, type Permission, rolesOf } from './permissions.ts'
import type { Viewer } from './viewer.ts'

/** Methods that change nothing. */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS']

/** Says who asks, and whether they may. */
export class Doorkeeper {
  readonly #config: AdminConfig
  readonly #verifier: Pick<TokenVerifier, 'verify'>
  readonly #gatewayVerifier: Pick<TokenVerifier, 'verify'> | null
  readonly #seal: CookieSeal
  readonly #revocations: Coordination['revocations']
  readonly #cookies: CookieNames

  /** `gatewayVerifier`: knows the tokens that gateways accept; null: none is asked for. */
  constructor(
    config: AdminConfig,
    verifier: Pick<TokenVerifier, 'verify'>,
    gatewayVerifier: Pick<TokenVerifier, 'verify'> | null,
    seal: CookieSeal,
    revocations: Coordination['revocations'],
  ) {
    this.#config = config
    this.#verifier = verifier
    this.#gatewayVerifier = gatewayVerifier
    this.#seal = seal
    this.#revocations = revocations
    this.#cookies = cookieNames(config.publicUrl)
  }

  /** Whoever asks, with the permission that is wanted. Rejects with `ApiError`. */
  async admit(request: FastifyRequest, permission: Exclude<Permission, 'public'>, now: number): Promise<Viewer> {
    const viewer = await this.#identify(request, permission === 'token_holder', now)
    if (viewer.csrfToken !== null && !SAFE_METHODS.includes(request.method))
      this.#checkOrigin(request, viewer.csrfToken)
    const revoked = this.#revocationOf(viewer)
    // A session that was signed out of, here or at the issuer: whoever still has its cookie or token is nobody, and may sign in.
    if (revoked?.what.kind === 'credential' || revoked?.what.kind === 'logout') throw notSignedIn()
    if (revoked !== null)
      throw new ApiError(403, 'REVOKED', 'Your right was revoked.', 'Ask an operator who revoked it, and why.')
    if (!isPermitted(viewer.roles, permission)) {
      const holders = holdersOf(permission).join(' or ')
      throw new ApiError(
        403,
        'NOT_PERMITTED',
        `This is for the role ${holders}.`,
        'Ask for the role, or somebody who has it.',
      )
    }
    return viewer
  }

  /** True when the right of somebody who was let in has ended by a revocation. */
  isRevoked(viewer: Viewer): boolean {
    return this.#revocationOf(viewer) !== null
  }

  #revocationOf({ principal, claims, gatewayPrincipal, pageSession }: Viewer): Revocation | null {
    // No target has an empty name: a revoked target ends no right here.
    for (const { issuer, subject, actor } of gatewayPrincipal === null ? [principal] : [principal, gatewayPrincipal]) {
      const identity = { issuer, subject, actor, claims }
      const found = this.#revocations.matches({
        session: null,
        principal: identity,
        target: '',
        credential: pageSession,
      })
      if (found !== null) return found
    }
    return null
  }

  async #identify(request: FastifyRequest, withGatewayTokens: boolean, now: number): Promise<Viewer> {
    const { authorization } = request.headers
    // A request with both is judged by its token alone: that is what no other site can make a browser send.
    if (authorization !== undefined) return await this.#byToken(authorization, request, withGatewayTokens, now)
    const cookie = request.cookies[this.#cookies.session]
    if (cookie !== undefined) {
      const session = await this.#seal.openSession(cookie, now)
      if (session !== null) {
        const { issuer, subject, groups, csrfToken, id, issued, expiresAt } = session
        const principal = { issuer, subject, actor: null, groups }
        const roles = rolesOf(principal, this.#config.roles)
        const common = { principal, roles, through: 'page', csrfToken, pageSession: id } as const
        return { ...common, claims: issued, gatewayPrincipal: null, expiresAt }
      }
    }
    throw notSignedIn()
  }

  async #byToken(
    authorization: string,
    request: FastifyRequest,
    withGatewayTokens: boolean,
    now: number,
  ): Promise<Viewer> {
    const [, text] = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? []
    if (text === undefined)
      throw new ApiError(
        401,
        'NOT_A_TOKEN',
        'The authorization header holds no bearer token.',
        'Send: authorization: Bearer …',
      )
    const token = new Secret(text)
    const verdict = await this.#verifier.verify(token, now)
    const gatewayVerdict = withGatewayTokens ? ((await this.#gatewayVerifier?.verify(token, now)) ?? null) : null
    const gatewayPrincipal = principalOf(gatewayVerdict)
    const person = principalOf(verdict)
    const known = person ?? gatewayPrincipal
    if (known === null) throw tokenRefused(request, [verdict, gatewayVerdict])
    const { issuer, subject, actor, groups, claims, expiresAt } = known
    const principal = { issuer, subject, actor, groups }
    // INVARIANT: a token for the gateway alone gives no role here, whatever its groups.
    const roles = person === null ? [] : rolesOf(principal, this.#config.roles)
    const through = request.headers['x-gatehouse-client'] === 'cli' ? 'cli' : 'api'
    return { principal, roles, through, csrfToken: null, pageSession: null, claims, gatewayPrincipal, expiresAt }
  }

  #checkOrigin(request: FastifyRequest, csrfToken: string): void {
    const { origin, 'x-csrf-token': given } = request.headers
    const fromHere = origin === undefined || origin === this.#config.publicUrl
    if (fromHere && typeof given === 'string' && isSame(given, csrfToken)) return
    throw new ApiError(
      403,
      'CSRF',
      'The request does not come from the page.',
      'Load the page anew; it sends x-csrf-token.',
    )
  }
}

function principalOf(verdict: TokenVerdict | null): Principal | null {
  return verdict?.kind === 'principal' ? verdict.principal : null
}

function tokenRefused(request: FastifyRequest, verdicts: readonly (TokenVerdict | null)[]): ApiError {
  const refusals = verdicts.filter((verdict) => verdict?.kind === 'refused')
  for (const { code, detail } of refusals) request.log.warn({ code, detail }, 'a token was refused')
  if (refusals.some(({ code }) => code === 'ISSUER_UNREACHABLE'))
    return new ApiError(
      503,
      'ISSUER_UNREACHABLE',
      'The identity provider cannot be reached, so no token can be checked.',
      'Try again in a few seconds.',
    )
  return new ApiError(
    401,
    'TOKEN_REFUSED',
    'The token was not accepted.',
    'Get a new token for this service from your identity provider.',
  )
}

function notSignedIn(): ApiError {
  return new ApiError(
    401,
    'NOT_SIGNED_IN',
    'Nobody is signed in.',
    'Sign in at /login, or send a token: authorization: Bearer …',
  )
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}

import { timingSafeEqual } from 'node:crypto'
import type { Coordination, Revocation } from '@gatehouse/coordination'
import { Secret } from '@gatehouse/core'
import type { TokenVerifier } from '@gatehouse/identity'
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
  readonly #verifier: TokenVerifier
  readonly #seal: CookieSeal
  readonly #revocations: Coordination['revocations']
  readonly #cookies: CookieNames

  constructor(
    config: AdminConfig,
    verifier: TokenVerifier,
    seal: CookieSeal,
    revocations: Coordination['revocations'],
  ) {
    this.#config = config
    this.#verifier = verifier
    this.#seal = seal
    this.#revocations = revocations
    this.#cookies = cookieNames(config.publicUrl)
  }

  /** Whoever asks, with the permission that is wanted. Rejects with `ApiError`. */
  async admit(request: FastifyRequest, permission: Exclude<Permission, 'public'>, now: number): Promise<Viewer> {
    const viewer = await this.#identify(request, now)
    if (viewer.csrfToken !== null && !SAFE_METHODS.includes(request.method))
      this.#checkOrigin(request, viewer.csrfToken)
    const revoked = this.#revocationOf(viewer)
    // A session that was signed out of: whoever still has its cookie is nobody, and may sign in.
    if (revoked?.what.kind === 'credential') throw notSignedIn()
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

  #revocationOf({ principal: { issuer, subject, actor }, pageSession }: Viewer): Revocation | null {
    // No target has an empty name: a revoked target ends no right here.
    const principal = { issuer, subject, actor }
    return this.#revocations.matches({ session: null, principal, target: '', credential: pageSession })
  }

  async #identify(request: FastifyRequest, now: number): Promise<Viewer> {
    const { authorization } = request.headers
    // A request with both is judged by its token alone: that is what no other site can make a browser send.
    if (authorization !== undefined) return await this.#byToken(authorization, request, now)
    const cookie = request.cookies[this.#cookies.session]
    if (cookie !== undefined) {
      const session = await this.#seal.openSession(cookie, now)
      if (session !== null) {
        const { issuer, subject, groups, csrfToken, id, expiresAt } = session
        const principal = { issuer, subject, actor: null, groups }
        const roles = rolesOf(principal, this.#config.roles)
        return { principal, roles, through: 'page', csrfToken, pageSession: id, expiresAt }
      }
    }
    throw notSignedIn()
  }

  async #byToken(authorization: string, request: FastifyRequest, now: number): Promise<Viewer> {
    const [, token] = /^bearer +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? []
    if (token === undefined)
      throw new ApiError(
        401,
        'NOT_A_TOKEN',
        'The authorization header holds no bearer token.',
        'Send: authorization: Bearer …',
      )
    const verdict = await this.#verifier.verify(new Secret(token), now)
    if (verdict.kind === 'refused') {
      request.log.warn({ code: verdict.code, detail: verdict.detail }, 'a token was refused')
      const unreachable = verdict.code === 'ISSUER_UNREACHABLE'
      throw new ApiError(
        unreachable ? 503 : 401,
        unreachable ? verdict.code : 'TOKEN_REFUSED',
        unreachable
          ? 'The identity provider cannot be reached, so no token can be checked.'
          : 'The token was not accepted.',
        unreachable ? 'Try again in a few seconds.' : 'Get a new token for this service from your identity provider.',
      )
    }
    const { issuer, subject, actor, groups, expiresAt } = verdict.principal
    const principal = { issuer, subject, actor, groups }
    const roles = rolesOf(principal, this.#config.roles)
    const through = request.headers['x-gatehouse-client'] === 'cli' ? 'cli' : 'api'
    return { principal, roles, through, csrfToken: null, pageSession: null, expiresAt }
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

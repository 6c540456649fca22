import { createHash, randomBytes } from 'node:crypto'
import type { Secret } from '@gatehouse/core'
import { EncryptJWT, jwtDecrypt } from 'jose'
import * as z from 'zod'

/** Browsers keep no larger cookie, name and attributes included. */
const MAX_COOKIE_BYTES = 3800

/** Somebody signed in to the page. */
export interface PageSession {
  readonly id: string
  readonly issuer: string
  readonly subject: string
  readonly groups: readonly string[]
  readonly csrfToken: string
  /** What of the ID token a logout at the issuer is held against. */
  readonly issued: { readonly sub: string; readonly sid: string | null; readonly iat: number }
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

/** A sign-in under way: what the answer of the issuer is held against. */
export interface SignInAttempt {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

const sessionClaims = z.object({
  jti: z.string(),
  iss: z.string(),
  sub: z.string(),
  groups: z.array(z.string()),
  csrf: z.string(),
  issued: z.object({ sub: z.string(), sid: z.string().nullable(), iat: z.number() }),
  exp: z.number(),
})
const attemptClaims = z.object({ verifier: z.string(), state: z.string(), nonce: z.string() })

/** Seals what is kept in cookies: encrypted and authenticated, each kind for itself, so that one cannot pass for the other. */
export class CookieSeal {
  readonly #key: Uint8Array

  /** `key` null: one of this process alone. */
  constructor(key: Secret<string> | null) {
    this.#key = key === null ? randomBytes(32) : createHash('sha256').update(`cookie\n${key.expose()}`).digest()
  }

  /** The session as a cookie's value; null: it has too many groups for a cookie. */
  async sealSession(session: PageSession): Promise<string | null> {
    const { id, issuer, subject, groups, csrfToken, issued, expiresAt } = session
    const value = await this.#seal(
      'session',
      { jti: id, iss: issuer, sub: subject, groups: [...groups], csrf: csrfToken, issued },
      expiresAt,
    )
    return value.length > MAX_COOKIE_BYTES ? null : value
  }

  /** Null: it is none of ours, or is over. */
  async openSession(value: string, now: number): Promise<PageSession | null> {
    const parsed = sessionClaims.safeParse(await this.#open('session', value, now))
    if (!parsed.success) return null
    const { jti, iss, sub, groups, csrf, issued, exp } = parsed.data
    return { id: jti, issuer: iss, subject: sub, groups, csrfToken: csrf, issued, expiresAt: exp * 1000 }
  }

  sealAttempt(attempt: SignInAttempt, expiresAt: number): Promise<string> {
    return this.#seal('sign-in', { ...attempt }, expiresAt)
  }

  /** Null: it is none of ours, or is over. */
  async openAttempt(value: string, now: number): Promise<SignInAttempt | null> {
    const parsed = attemptClaims.safeParse(await this.#open('sign-in', value, now))
    return parsed.success ? parsed.data : null
  }

  #seal(kind: string, claims: Record<string, unknown>, expiresAt: number): Promise<string> {
    return new EncryptJWT(claims)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setAudience(kind)
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .encrypt(this.#key)
  }

  async #open(kind: string, value: string, now: number): Promise<unknown> {
    try {
      const { payload } = await jwtDecrypt(value, this.#key, {
        audience: kind,
        currentDate: new Date(now),
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      return payload
    } catch {
      return null
    }
  }
}

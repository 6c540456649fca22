import { createHash } from 'node:crypto'
import {
  type Coordination,
  type Credential,
  type Credentials,
  identityKey,
  type NewCredential,
} from '@gatehouse/coordination'
import type { Principal, Secret } from '@gatehouse/core'
import { makeCredentialName, makeCredentialSecret, makeVerifiers } from '@gatehouse/session-credentials'
import type { CredentialsConfig } from '../config/credentials-config.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'

/** What somebody with a token wants a credential for. */
export interface CredentialWish {
  readonly target: string
  /** Null: any number of logins. */
  readonly uses: number | null
  /** It lives at most as long; never longer than the token, or than is configured. */
  readonly lifetimeSeconds: number
  /** An address or a range (CIDR); null: any. */
  readonly address: string | null
}

/** A new credential. Its secret is told once and kept nowhere. */
export interface Swapped {
  readonly credential: Credential
  readonly secret: Secret<string>
}

/** Sessions of one subject that are looked through, on all gateways. */
const MOST_SESSIONS = 1000
/** Shorter would be over before it is used. */
const SHORTEST_MILLISECONDS = 1000

/** Makes a credential that stands for a token which was verified. Rejects with `ApiError`. */
export async function swapToken(
  { coordination, actions, now }: AdminPorts,
  settings: CredentialsConfig,
  principal: Principal,
  wish: CredentialWish,
): Promise<Swapped> {
  const { credentials, counters, revocations } = coordination
  const { target, uses, address } = wish
  const { issuer, subject, actor } = principal
  const identity = { issuer, subject, actor }
  if (!Object.hasOwn(settings.targets, target))
    throw new ApiError(
      404,
      'UNKNOWN_TARGET',
      'There is no such target.',
      `There are: ${Object.keys(settings.targets).join(', ')}.`,
    )
  if (revocations.matches({ session: null, principal: identity, target, credential: null }) !== null)
    throw new ApiError(403, 'REVOKED', 'Your right was revoked.', 'Ask an operator who revoked it, and why.')
  // Hashed: a subject may be as long as a token.
  const key = `credentials ${createHash('sha256').update(identityKey(identity)).digest('base64url')}`
  const { granted, retryAfterSeconds } = await counters.take(key, 1, settings.perMinute, 60)
  if (granted === 0)
    throw new ApiError(
      429,
      'TOO_MANY_REQUESTS',
      `You got ${String(settings.perMinute)} credentials in this minute.`,
      `Wait ${String(retryAfterSeconds)} seconds, or use one for many logins.`,
    )
  const begun = now()
  const until = Math.min(
    begun + Math.min(wish.lifetimeSeconds, settings.maxLifetimeSeconds) * 1000,
    principal.expiresAt,
  )
  if (until - begun < SHORTEST_MILLISECONDS)
    throw new ApiError(
      401,
      'TOKEN_REFUSED',
      'The token is about to expire.',
      'Get a new token from your identity provider.',
    )
  await makeRoom(coordination, settings, principal)
  const name = makeCredentialName()
  const secret = makeCredentialSecret()
  const made: NewCredential = { verifiers: await makeVerifiers(secret), principal, target, until, uses, address }
  const told = { name, target, uses, until: new Date(until).toISOString(), address }
  actions.beginAs('credential_issued', principal, JSON.stringify(told), null)
  if (!(await put(credentials, name, made))) throw new Error('a name of a credential was taken')
  // Counted once more: others may have come in between, and each of them sees those of the others.
  if ((await usableOf(credentials, principal)).length > settings.maxPerPrincipal) {
    actions.beginAs('credential_revoked', principal, name, 'one too many')
    await credentials.revoke(name)
    throw tooMany(settings)
  }
  return { credential: { ...made, name, at: begun, used: 0 }, secret }
}

/** True for a credential of this very principal: the same issuer, subject and actor. */
export function isOwn(credential: Credential, { issuer, subject, actor }: Principal): boolean {
  return identityKey(credential.principal) === identityKey({ issuer, subject, actor })
}

/**
 * Forgets those that are used up and have no session any more, so that single uses leave room for the next. Rejects when as
 * many are usable as may be.
 */
async function makeRoom(
  { credentials, sessions }: Coordination,
  settings: CredentialsConfig,
  principal: Principal,
): Promise<void> {
  const own = (await credentials.list()).filter((one) => isOwn(one, principal))
  const usable = own.filter(isUsable)
  if (usable.length >= settings.maxPerPrincipal) throw tooMany(settings)
  const spent = own.filter((one) => !isUsable(one))
  // The newest stay, to be looked at.
  const surplus = spent.slice(Math.max(0, settings.maxPerPrincipal - usable.length - 1))
  if (surplus.length === 0) return
  // INVARIANT: one with a session stays, for a session ends with its credential.
  const live = await sessions.list({ subject: principal.subject, limit: MOST_SESSIONS })
  if (live.length === MOST_SESSIONS) throw tooMany(settings)
  const used = new Set(live.map(({ credential }) => credential))
  for (const { name } of surplus) if (!used.has(name)) await credentials.revoke(name)
}

async function usableOf(credentials: Credentials, principal: Principal): Promise<readonly Credential[]> {
  return (await credentials.list()).filter((one) => isOwn(one, principal) && isUsable(one))
}

function isUsable({ uses, used }: Credential): boolean {
  return uses === null || used < uses
}

function tooMany({ maxPerPrincipal }: CredentialsConfig): ApiError {
  return new ApiError(
    429,
    'TOO_MANY_CREDENTIALS',
    `You have ${String(maxPerPrincipal)} credentials already.`,
    'Revoke one (DELETE /v1/credentials/NAME), or let one end.',
  )
}

async function put(credentials: Credentials, name: string, made: NewCredential): Promise<boolean> {
  try {
    return await credentials.put(name, made)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ApiError(
      503,
      'CREDENTIALS_FULL',
      'There are as many credentials as can be kept.',
      'Try again when some have ended; an operator can revoke some.',
    )
  }
}

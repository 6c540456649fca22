import { isDeepStrictEqual } from 'node:util'
import type { Principal } from '@gatehouse/core'
import { introspectionFault } from './introspected-claims.ts'
import type { IssuerConfig } from './issuer-config.ts'

/** How a session's right is looked at again while it goes on. */
export interface Recheck {
  readonly everySeconds: number
  /** For how long past a re-check that was due the issuer may be silent. */
  readonly graceSeconds: number
  /** Asks the issuer, `now` in milliseconds since the epoch. Never rejects. */
  ask(now: number): Promise<RecheckAnswer>
}

/** What an issuer says of a right that was given. `changed`: the token stands for somebody else now; `what` is for operators, and holds no value. */
export type RecheckAnswer =
  | { readonly kind: 'active' | 'inactive' | 'unreachable' }
  | { readonly kind: 'changed'; readonly what: string }

/** What an issuer may say otherwise each time without meaning another right. The end of the right stays that of the login. */
const PASSING: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf'])

/** What an answer may put otherwise than a signed token does: whose and for whom it is was verified there. */
const VERIFIED_THERE: ReadonlySet<string> = new Set([...PASSING, 'iss', 'aud', 'typ'])

/**
 * Why what an issuer says of a token now does not stand for the principal of the login any more, without values; null: it does. `claims` are
 * the answer's: all there is of an opaque token, while a signed one speaks for itself where the answer says nothing. `now`: milliseconds since
 * the epoch.
 */
export function changeOf(
  { claims: before }: Principal,
  config: IssuerConfig,
  claims: Readonly<Record<string, unknown>>,
  token: 'opaque' | 'signed',
  now: number,
): string | null {
  const fault = token === 'opaque' ? introspectionFault(config, claims, now) : null
  if (fault !== null) return fault.detail
  const counts = (name: string): boolean =>
    token === 'opaque' ? !PASSING.has(name) : !VERIFIED_THERE.has(name) && Object.hasOwn(before, name)
  const names = new Set([...(token === 'opaque' ? Object.keys(before) : []), ...Object.keys(claims)])
  const changed = [...names].filter((name) => counts(name) && !isSame(claims[name], before[name]))
  return changed.length === 0 ? null : `other claims: ${changed.toSorted().join(', ').slice(0, 200)}`
}

/** A list of groups is the same in any order. */
function isSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(inOrder(one), inOrder(other))
}

function inOrder(value: unknown): unknown {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value.toSorted() : value
}

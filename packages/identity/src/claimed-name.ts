import { claimAt, claimName } from './claim-path.ts'
import type { ClaimPath } from './claim-path.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/** The longest subject or actor, in characters. OpenID Connect Core section 2 allows 255 for `sub`. */
const MAX_NAME_LENGTH = 255

// Control, format and separator characters let one name look like another in a log, a terminal or an approval.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** The name that a claim holds; null: there is no such claim. What is there and is no name is a refusal. */
export function nameAt(claims: Readonly<Record<string, unknown>>, path: ClaimPath): string | TokenRefusal | null {
  const value = claimAt(claims, path)
  if (value === undefined || value === null) return null
  if (typeof value !== 'string' || value.trim() === '') {
    return refused('INVALID_CLAIM', `its claim ${claimName(path)} is not a name`)
  }
  if (value.length > MAX_NAME_LENGTH) return refused('INVALID_CLAIM', `its claim ${claimName(path)} is too long`)
  if (UNPRINTABLE.test(value)) {
    return refused('INVALID_CLAIM', `its claim ${claimName(path)} holds an unprintable character`)
  }
  return value
}

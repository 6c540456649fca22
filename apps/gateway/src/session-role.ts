import type { Principal } from '@gatehouse/core'
import { claimAt } from '@gatehouse/identity'
import type { SessionRoleConfig } from './config/index.ts'
import { refused } from './login-refused.ts'

/** The role of the database that a principal's sessions run under; null: none is configured. Throws a refusal where none is theirs. */
export function sessionRoleOf(principal: Principal, name: string, config: SessionRoleConfig | null): string | null {
  if (config === null) return null
  const { claim, roles, otherwise } = config
  const value = claim === null ? principal.groups : claimAt(principal.claims, claim)
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  // In the order of the configuration, not of the token.
  const found = Object.entries(roles).find(([wanted]) => values.includes(wanted))?.[1] ?? otherwise
  if (found !== null) return found
  throw refused(
    'denied',
    'NO_SESSION_ROLE',
    `no role of the database is yours on target ${name}`,
    'Ask the operator of the gateway which target is yours.',
  )
}

/** The roles that any session may run under, each once. */
export function everySessionRole({ roles, otherwise }: SessionRoleConfig): readonly string[] {
  return [...new Set([...(otherwise === null ? [] : [otherwise]), ...Object.values(roles)])]
}

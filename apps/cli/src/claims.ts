import { readFileSync } from 'node:fs'
import type { Principal } from '@gatehouse/core'
import { actorChainIn } from '@gatehouse/identity'
import { CommandFailed, ExitStatus } from './exit-status.ts'

/** The principal that a token with these claims stands for, by the default claim names. Throws `CommandFailed`. */
export function claimsToPrincipal(file: string): Principal {
  let claims: unknown
  try {
    claims = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CommandFailed(
      `${file} is not a readable JSON file: ${error instanceof Error ? error.message : String(error)}`,
      ExitStatus.Usage,
    )
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims))
    throw new CommandFailed(`${file} must hold one JSON object, the claims of a token.`, ExitStatus.Usage)
  return principalOf({ ...claims }, file)
}

/** The same for claims that were read; `source` names them in an error. */
export function principalOf(all: Readonly<Record<string, unknown>>, source: string): Principal {
  const { sub, groups, iss } = all
  if (typeof sub !== 'string' || sub === '') throw new CommandFailed(`${source} has no "sub".`, ExitStatus.Usage)
  const actors = actorChainIn(all, ['act.sub', 'azp', 'client_id'])
  if ('kind' in actors) throw new CommandFailed(`${source} stands for nobody: ${actors.detail}.`, ExitStatus.Usage)
  return {
    subject: sub,
    actor: actors.actor,
    ...(actors.prior.length === 0 ? {} : { priorActors: actors.prior }),
    groups: Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [],
    issuer: typeof iss === 'string' ? iss : '',
    claims: all,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
}

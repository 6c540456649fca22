import { claimSteps } from './claim-path.ts'
import type { ClaimPath } from './claim-path.ts'
import { nameAt } from './claimed-name.ts'
import { refused } from './token-verdict.ts'
import type { TokenRefusal } from './token-verdict.ts'

/** The most actors that one token may name within one another. */
export const MAX_ACTORS = 8

/** Who acts, and who acted before, the last of them first. */
export interface ActorChain {
  /** Null: the token names none. */
  readonly actor: string | null
  readonly prior: readonly string[]
}

type Claims = Readonly<Record<string, unknown>>

/**
 * The actors that a token names. The actor is at the first of `paths` that is there; the others are found by `act` within `act` (RFC 8693
 * section 4.1). Where none of `paths` leads into `act`, all of its actors have acted before. An `act` that cannot be read in full is a refusal.
 */
export function actorChainIn(claims: Claims, paths: readonly ClaimPath[]): ActorChain | TokenRefusal {
  const actors = actorsIn(claims['act'])
  if ('kind' in actors) return actors
  for (const [index, path] of paths.entries()) {
    const name = nameAt(claims, path)
    if (name === null) continue
    // A claim that is there but unfit is refused, not passed over: the next one would name somebody else.
    if (typeof name !== 'string') return name
    const isOutermost = leadsIntoAct(path)
    if (!isOutermost && actors.names.length > 0 && paths.slice(0, index).some(leadsIntoAct)) {
      return refused('INVALID_CLAIM', 'its claim act names no actor where the configuration looks for one')
    }
    return { actor: name, prior: isOutermost ? actors.names.slice(1) : actors.names }
  }
  return { actor: null, prior: actors.names }
}

function leadsIntoAct(path: ClaimPath): boolean {
  return claimSteps(path)[0] === 'act'
}

function actorsIn(outermost: unknown): { readonly names: readonly string[] } | TokenRefusal {
  const names: string[] = []
  for (let act = outermost; act !== undefined && act !== null;) {
    if (!isRecord(act)) return refused('INVALID_CLAIM', 'its claim act is not an object')
    if (names.length === MAX_ACTORS) return refused('INVALID_CLAIM', `it names more than ${MAX_ACTORS} actors`)
    const name = nameAt(act, 'sub') ?? nameAt(act, 'client_id')
    if (name === null) return refused('INVALID_CLAIM', 'its claim act names no actor')
    if (typeof name !== 'string') return name
    names.push(name)
    act = act['act']
  }
  return { names }
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

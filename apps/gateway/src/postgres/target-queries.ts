import type { Target } from '../target.ts'
import type { TargetQueries } from '../target-queries.ts'
import { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream } from './upstream.ts'

/** `purpose` is shown to the database's operators in `application_name`. Rejects with `UpstreamUnavailable`. */
export async function openTargetQueries(name: string, target: Target, purpose: string): Promise<TargetQueries> {
  const turn = new Turn({ commit: () => undefined })
  const settings = new Map([
    ['application_name', `gatehouse:${purpose}`],
    ['client_encoding', 'UTF8'],
  ])
  const upstream = await openUpstream(name, target, settings, purpose, turn)
  return new OwnQueries(name, upstream, target.connectTimeoutSeconds * 1000)
}

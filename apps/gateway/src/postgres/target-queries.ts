import type { TargetConfig } from '../config/index.ts'
import { Turn } from '../turn.ts'
import { OwnQueries } from './own-queries.ts'
import { openUpstream } from './upstream.ts'

/** A session at a target with the gateway's own credential, for tools that look at a target without a gateway running. */
export interface TargetQueries {
  /** As `OwnQueries.rows`. The message of a server's error may quote values: it is in `detail` alone, which is not to be shown. */
  rows(sql: string, patienceMilliseconds?: number): Promise<(string | null)[][]>
  close(): void
}

/** `purpose` is shown to the database's operators in `application_name`. Rejects with `UpstreamUnavailable`. */
export async function openTargetQueries(name: string, target: TargetConfig, purpose: string): Promise<TargetQueries> {
  const turn = new Turn({ commit: () => undefined })
  const settings = new Map([
    ['application_name', `gatehouse:${purpose}`],
    ['client_encoding', 'UTF8'],
  ])
  const upstream = await openUpstream(name, target, settings, turn)
  return new OwnQueries(name, upstream, target.connectTimeoutSeconds * 1000)
}

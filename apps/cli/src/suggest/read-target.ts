import type { Policy } from '@gatehouse/core'
import type { Target } from '@gatehouse/gateway'
import { readMysql } from './read-mysql.ts'
import { readPostgres } from './read-postgres.ts'
import type { TargetContents } from './target-contents.ts'

/** Reads a target. `sampler` of what it returns is open: the caller closes it. Rejects with `UpstreamUnavailable`. */
export function readTarget(
  name: string,
  target: Target,
  policy: Policy,
  wanted: (schema: string) => boolean,
): Promise<TargetContents> {
  return (target.engine === 'mysql' ? readMysql : readPostgres)(name, target, policy, wanted)
}

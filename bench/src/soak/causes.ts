import type { Disturbance } from './disturbances.ts'
import type { Failure } from './agents.ts'

/** Why something did not end well: its replica was killed, or rolled and ended it at its deadline; or neither. */
export type Cause = 'killed' | 'rolled' | 'other'

/** A client hears of the end of its connection within this. */
const LATE_MILLISECONDS = 5000

/**
 * The cause of a failure. `gatewayOf`: where each session began, as the trails have it. A login that no trail has was under way when its replica died,
 * if one did just then.
 */
export function causeOf(
  { at, subject }: Failure,
  disturbances: readonly Disturbance[],
  gatewayOf: ReadonlyMap<string, number>,
): Cause {
  const gateway = gatewayOf.get(subject)
  const found = disturbances.find(({ kind, from, until, gateway: disturbed }) => {
    if (at < from) return false
    const end = kind === 'killed' ? from : (until ?? at)
    return at <= end + LATE_MILLISECONDS && (gateway === undefined || gateway === disturbed)
  })
  return found?.kind ?? 'other'
}

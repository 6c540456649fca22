import { type AuditTrail, encodePolicyLoaded, type Policy } from '@gatehouse/core'
import type { Logger } from 'pino'

/** Tells the trail which policy is in force from now on, and operators what of it protects nothing. */
export function sayLoaded(
  policy: Policy,
  file: string,
  { trail, log }: { readonly trail: Pick<AuditTrail, 'owe'>; readonly log: Pick<Logger, 'warn'> },
): void {
  const observed = observedRules(policy)
  if (observed.length > 0) log.warn({ rules: observed }, 'rules of the policy are only observed: they protect nothing')
  trail.owe(encodePolicyLoaded(policy.version, file, ruleCount(policy)))
}

/** Names of the rules that would ask or deny, and are only observed. */
function observedRules({ document: { approve, deny } }: Policy): readonly string[] {
  return [...approve, ...deny].flatMap(({ name, observed }) => (observed === true ? [name] : []))
}

function ruleCount({ document: { allow, deny, masks, limits, functions } }: Policy): number {
  return allow.length + deny.length + masks.length + limits.length + functions.length
}

import type { Principal } from '../auth/principal.ts'
import { Authority, type Observer } from './authority.ts'
import type { EngineName } from './name-pattern.ts'
import type { PolicyDocument, RuleHead } from './policy-document.ts'
import { appliesTo } from './principal-match.ts'

/** Authorities kept for reuse: one per set of rules that hold together, of which real policies have few. */
const maxKeptAuthorities = 1000

/** A policy that was read without a problem. Immutable; made by `parsePolicy`. */
export class Policy {
  /** The first 12 hexadecimal digits of the SHA-256 of its text. */
  readonly version: string
  /** Its rules as written. */
  readonly document: PolicyDocument
  readonly #authorities = new Map<string, Authority>()

  constructor(version: string, document: PolicyDocument) {
    this.version = version
    this.document = document
  }

  /** The rules that hold for a principal on a target. The same object for all principals for whom the same rules hold. `rolePinned`: no statement may change the session's role in the database. */
  authorityFor(principal: Principal, target: string, engine: EngineName, rolePinned: boolean = false): Authority {
    const holds = (rule: RuleHead): boolean => appliesTo(rule, principal, target)
    const { allow, approve, deny, masks, classify, limits, functions } = this.document
    const rules: PolicyDocument = {
      allow: allow.filter(holds),
      approve: approve.filter(holds),
      deny: deny.filter(holds),
      masks: masks.filter(holds),
      classify: classify.filter(holds),
      limits: limits.filter(holds),
      functions: functions.filter(holds),
    }
    const names = Object.values(rules).map((list: readonly RuleHead[]) => list.map(({ name }) => name))
    const key = JSON.stringify([target, engine, rolePinned, names])
    const kept = this.#authorities.get(key)
    if (kept !== undefined) return kept
    const authority = new Authority(inForce(rules), target, engine, observersOf(rules, target, engine), rolePinned)
    if (this.#authorities.size >= maxKeptAuthorities) this.#authorities.clear()
    this.#authorities.set(key, authority)
    return authority
  }
}

function inForce(rules: PolicyDocument, besides: RuleHead | null = null): PolicyDocument {
  const holds = (rule: RuleHead): boolean => rule.observed !== true || rule === besides
  const { allow, approve, deny } = rules
  return { ...rules, allow: allow.filter(holds), approve: approve.filter(holds), deny: deny.filter(holds) }
}

/** For each rule that is only observed, the rules that would hold if it were in force as well. */
function observersOf(rules: PolicyDocument, target: string, engine: EngineName): readonly Observer[] {
  const observed = [...rules.allow, ...rules.approve, ...rules.deny].filter((rule) => rule.observed === true)
  return observed.map((rule) => ({ rule: rule.name, authority: new Authority(inForce(rules, rule), target, engine) }))
}

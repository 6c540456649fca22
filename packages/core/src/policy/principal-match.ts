import type { Principal } from '../auth/principal.ts'
import { Glob } from './name-pattern.ts'
import type { ClaimTest, RuleHead, Who } from './policy-document.ts'

/** True when the rule is for this principal on this target. */
export function appliesTo(rule: RuleHead, principal: Principal, target: string): boolean {
  if (rule.targets !== null && !anyMatches(rule.targets, target)) return false
  return rule.who === null || isMeant(rule.who, principal)
}

function isMeant(who: Who, principal: Principal): boolean {
  const { groups, subjects, actors, priorActors, issuers, claims } = who
  if (subjects !== null && !anyMatches(subjects, principal.subject)) return false
  if (issuers !== null && !anyMatches(issuers, principal.issuer)) return false
  if (actors !== null && (principal.actor === null || !anyMatches(actors, principal.actor))) return false
  if (priorActors !== null && !(principal.priorActors ?? []).some((actor) => anyMatches(priorActors, actor)))
    return false
  if (groups !== null && !principal.groups.some((group) => anyMatches(groups, group))) return false
  return claims.every((test) => claimHolds(test, principal.claims))
}

/** True when the text is one of the patterns, in which `*` is any characters. */
export function anyMatches(patterns: readonly string[], text: string): boolean {
  return patterns.some((pattern) => new Glob(pattern).matches(text))
}

/** A claim that is a list holds what any of its items holds. A claim that is missing never matches. */
function claimHolds(test: ClaimTest, claims: Readonly<Record<string, unknown>>): boolean {
  const claim = claimAt(test.path, claims)
  const items: readonly unknown[] = Array.isArray(claim) ? claim : [claim]
  return test.values.some((wanted) =>
    items.some((item) =>
      typeof wanted === 'string' && typeof item === 'string' ? new Glob(wanted).matches(item) : item === wanted,
    ),
  )
}

/** A step of a claim's path: in double quotes, where its name holds a dot, or up to the next dot. */
const STEP = /"([^"]*)"|[^.]+/g

/** Claim names may hold dots (`https://example.com/team`): the whole path is tried as a name first. */
function claimAt(path: string, claims: Readonly<Record<string, unknown>>): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const name of claimSteps(path)) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function claimSteps(path: string): readonly string[] {
  if (!path.includes('"')) return path.split('.')
  return [...path.matchAll(STEP)].map(([step, quoted]) => quoted ?? step)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

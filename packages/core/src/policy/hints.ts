/** Words for the way on, for the people and the language models that are refused. */
import type { Allowance, Fact } from './allow-rules.ts'
import { isDdl, isWrite } from './action-words.ts'
import { relationText } from './object-names.ts'

/** Alternatives named in one hint: more would be a list nobody reads, and a map of the policy. */
const maxAlternatives = 3

/** What the fact is about, as a refusal's `object`. */
export function factText(fact: Fact): string {
  switch (fact.kind) {
    case 'access':
      return fact.relation === null ? fact.action : relationText(fact.relation)
    case 'function':
      return `function ${relationText(fact.use)}`
    case 'setting':
      return `setting ${fact.use.name}`
    case 'file':
      return `file ${fact.path}`
    case 'program':
      return `program ${fact.command}`
    default:
      return 'statement'
  }
}

/** The fact in words: `select on public.orders`. */
export function factSentence(fact: Fact): string {
  switch (fact.kind) {
    case 'access':
      return fact.relation === null ? fact.action : `${fact.action} on ${relationText(fact.relation)}`
    case 'setting':
      return `${fact.use.action} of setting ${fact.use.name}`
    case 'function':
    case 'file':
    case 'program':
      return factText(fact)
    default:
      return 'statement'
  }
}

/** Why the fact is refused. */
export function uncoveredReason(fact: Fact): string {
  switch (fact.kind) {
    case 'access':
      return `no rule allows ${fact.action}${fact.relation === null ? '' : ` on ${relationText(fact.relation)}`}`
    case 'function':
      return `no rule allows ${factText(fact)}`
    case 'setting':
      return `no rule allows changing ${factText(fact)}`
    case 'file':
    case 'program':
      return `no rule allows ${factText(fact)} of the database server`
    default:
      return 'no rule allows this statement'
  }
}

/** What would work in its place, as far as a sentence can tell. */
export function uncoveredHint(fact: Fact, rules: readonly Allowance[]): string {
  switch (fact.kind) {
    case 'access':
      return accessHint(fact, rules)
    case 'function':
      return withAlternatives(
        'Write the statement without this function; built-in functions that only use their arguments need no rule.',
        'Functions allowed here',
        rules.flatMap((rule) => rule.functions.map((pattern) => pattern.source)),
      )
    case 'setting':
      return withAlternatives(
        'Leave the setting as it is.',
        'Settings allowed here',
        rules.flatMap((rule) => rule.settings.map((glob) => glob.source)),
      )
    case 'file':
    case 'program':
      return 'Use COPY … FROM STDIN or COPY … TO STDOUT: the data then goes through this connection.'
    default:
      return allowedHere(rules)
  }
}

function accessHint(fact: Fact & { readonly kind: 'access' }, rules: readonly Allowance[]): string {
  const { action, relation } = fact
  const sameAction = rules.filter((rule) => rule.actions.has(action) && rule.relations.length > 0)
  if (sameAction.length > 0) {
    const alternatives = sameAction.flatMap((rule) => rule.relations.map((pattern) => pattern.source))
    const unresolved =
      relation !== null && relation.schema === null ? ' Check that the name is right and write it with its schema.' : ''
    return withAlternatives(unresolved.trim(), `Allowed here: ${action} on`, alternatives, '')
  }
  const onIt =
    relation === null
      ? []
      : rules
          .filter((rule) => rule.relations.some((pattern) => pattern.covers(relation)))
          .flatMap((rule) => rule.actions.words)
  if (relation !== null && onIt.length > 0) {
    return `On ${relationText(relation)} only this is allowed: ${listed(onIt)}. ${advice(action)}`.trim()
  }
  return `${allowedHere(rules)} ${advice(action)}`.trim()
}

function advice(action: string): string {
  return isWrite(action) || isDdl(action) ? 'Do not retry; ask a person with the right to make this change.' : ''
}

/** The first few things that are allowed, in one sentence. */
export function allowedHere(rules: readonly Allowance[]): string {
  const pairs = rules.flatMap((rule) =>
    rule.actions.words.flatMap((word) =>
      rule.relations.length === 0 ? [word] : rule.relations.map((pattern) => `${word} on ${pattern.source}`),
    ),
  )
  if (pairs.length > 0) return `Allowed here: ${listed(pairs)}.`
  return 'Ask the operator of the gateway which rule is meant for you.'
}

function withAlternatives(advice: string, label: string, alternatives: readonly string[], colon = ':'): string {
  if (alternatives.length === 0) return advice
  return `${advice} ${label}${colon} ${listed(alternatives)}.`.trim()
}

function listed(words: readonly string[]): string {
  const unique = [...new Set(words)]
  const shown = unique.slice(0, maxAlternatives).join(', ')
  return unique.length > maxAlternatives ? `${shown} and ${unique.length - maxAlternatives} more` : shown
}

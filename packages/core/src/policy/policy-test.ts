import type { Principal } from '../auth/principal.ts'
import { textAsksInClear } from '../statement/clear-wish.ts'
import type { StatementFacts } from '../statement/facts.ts'
import type { Decision, Denial, OutputMask } from './decision.ts'
import { explain } from './explain.ts'
import type { EngineName } from './name-pattern.ts'
import type { Policy } from './policy.ts'
import type { ExpectedDecision, PolicyTestCase } from './policy-test-file.ts'

/** Reads the statements of a text as the target would; throws where it cannot. */
export type ReadStatements = (sql: string, target: string) => readonly StatementFacts[]

/** What came of one expectation. */
export interface PolicyTestResult {
  readonly name: string
  /** Where the case begins in its file, from 1. */
  readonly line: number
  readonly passed: boolean
  /** What was decided, in one line. */
  readonly happened: string
  /** Why it was decided so; see `explain`. Empty when the case passed. */
  readonly explanation: readonly string[]
}

/** Decides every case and compares. Pure; a text that cannot be read counts as denied by `gateway`. */
export function runPolicyTests(
  policy: Policy,
  cases: readonly PolicyTestCase[],
  engineOf: (target: string) => EngineName,
  read: ReadStatements,
): readonly PolicyTestResult[] {
  return cases.map((one) => runCase(policy, one, engineOf, read))
}

type Outcome =
  | { readonly kind: 'deny'; readonly denial: Pick<Denial, 'code' | 'rule' | 'object'> }
  /** `asking`: the rules that ask; none: it is permitted as it is. */
  | { readonly kind: 'allow'; readonly masked: readonly string[]; readonly asking: readonly string[] }

function runCase(
  policy: Policy,
  one: PolicyTestCase,
  engineOf: (target: string) => EngineName,
  read: ReadStatements,
): PolicyTestResult {
  const authority = policy.authorityFor(principalOf(one), one.target, engineOf(one.target))
  let statements: readonly StatementFacts[]
  try {
    statements = read(one.sql, one.target)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const outcome: Outcome = { kind: 'deny', denial: { code: 'NOT_UNDERSTOOD', rule: 'gateway', object: 'statement' } }
    return resultOf(one, outcome, `could not be read: ${reason}`, [])
  }
  const inClear = textAsksInClear(one.sql)
  if (inClear && statements.length > 1) {
    const outcome: Outcome = { kind: 'deny', denial: { code: 'NOT_ALLOWED', rule: 'gateway', object: 'statements' } }
    return resultOf(one, outcome, describe(outcome), explain(authority, statements, inClear))
  }
  const decide = (statement: StatementFacts): Decision =>
    inClear ? authority.decideInClear(statement) : authority.decide(statement)
  const outcome = outcomeOf(statements.map((statement) => ({ statement, decision: decide(statement) })))
  return resultOf(one, outcome, describe(outcome), explain(authority, statements, inClear))
}

/** A text is decided as a whole: the first denial refuses all of it. */
function outcomeOf(
  decided: readonly {
    readonly statement: StatementFacts
    readonly decision: ReturnType<ReturnType<Policy['authorityFor']>['decide']>
  }[],
): Outcome {
  const masked: string[] = []
  const asking = new Set<string>()
  for (const { statement, decision } of decided) {
    if (decision.kind === 'deny') return { kind: 'deny', denial: decision }
    if (decision.kind === 'ask') for (const { rule } of decision.approval.rules) asking.add(rule)
    for (const [index, mask] of (decision.obligations.outputs ?? []).entries()) {
      if (mask !== null) masked.push(maskedName(statement, index, mask))
    }
  }
  return { kind: 'allow', masked, asking: [...asking].sort() }
}

/** The output column's name as the client sees it; the base columns where it has none. */
function maskedName(statement: StatementFacts, index: number, mask: OutputMask): string {
  return statement.output?.[index]?.name ?? mask.columns.join(' and ')
}

function resultOf(
  one: PolicyTestCase,
  outcome: Outcome,
  happened: string,
  explanation: readonly string[],
): PolicyTestResult {
  const passed = meets(one.expect, outcome)
  return { name: one.name, line: one.line, passed, happened, explanation: passed ? [] : explanation }
}

function meets(expected: ExpectedDecision, outcome: Outcome): boolean {
  switch (expected.kind) {
    case 'allow':
      return outcome.kind === 'allow' && outcome.asking.length === 0
    case 'approve':
      return (
        outcome.kind === 'allow' &&
        outcome.asking.length > 0 &&
        (expected.rule === null || outcome.asking.includes(expected.rule))
      )
    case 'deny':
      return outcome.kind === 'deny' && (expected.rule === null || outcome.denial.rule === expected.rule)
    case 'masked':
      return outcome.kind === 'allow' && outcome.asking.length === 0 && sameSet(expected.columns, outcome.masked)
    default:
      return false
  }
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.every((item) => right.includes(item)) && right.every((item) => left.includes(item))
}

function describe(outcome: Outcome): string {
  if (outcome.kind === 'deny') {
    return `denied by ${outcome.denial.rule} (${outcome.denial.code}) because of ${outcome.denial.object}`
  }
  const allowed = outcome.asking.length === 0 ? 'allowed' : `needs approval, asked by ${outcome.asking.join(', ')}`
  return outcome.masked.length === 0 ? `${allowed}, nothing masked` : `${allowed}, masked: ${outcome.masked.join(', ')}`
}

function principalOf({ as }: PolicyTestCase): Principal {
  return {
    subject: as.subject,
    actor: as.actor,
    ...(as.priorActors.length === 0 ? {} : { priorActors: as.priorActors }),
    groups: as.groups,
    issuer: as.issuer,
    claims: as.claims,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
}

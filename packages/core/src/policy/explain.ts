import type { StatementFacts } from '../statement/facts.ts'
import type { ApprovalNeed } from './approval-need.ts'
import type { Authority } from './authority.ts'
import type { Decision } from './decision.ts'
import { approversText } from './approvers-text.ts'

/**
 * Says in lines of text which rule and which fact decided each statement, and what must be done with a permit.
 * Decides nothing itself: it asks the authority, so it always tells what would really happen.
 * `inClear`: the text asks for masked columns in clear.
 */
export function explain(
  authority: Authority,
  statements: readonly StatementFacts[],
  inClear = false,
): readonly string[] {
  if (inClear && statements.length > 1)
    return ['denied: masked columns can be asked for in clear by one SELECT that stands alone']
  if (statements.length === 0) return ['The text holds no statement: nothing is decided.']
  return statements.flatMap((statement, index) => [
    `Statement ${index + 1} of ${statements.length}: ${statement.action}`,
    ...explainOne(authority, statement, inClear && statements.length === 1).map((line) => `  ${line}`),
  ])
}

function explainOne(authority: Authority, statement: StatementFacts, inClear: boolean): readonly string[] {
  const decision = inClear ? authority.decideInClear(statement) : authority.decide(statement)
  const observed = authority
    .observed(statement, decision)
    .map(({ rule, effect }) => `observed only: with ${rule} in force it would be ${OBSERVED[effect]}`)
  const coverage = authority
    .coverage(statement)
    .map(({ fact, rule }) => `  ${fact}: ${rule === null ? 'allowed by no rule' : `allowed by ${rule}`}`)
  if (decision.kind === 'deny') {
    return [
      `denied: ${decision.code}, by rule ${decision.rule}, because of ${decision.object}`,
      `reason: ${decision.reason}`,
      `hint: ${decision.hint}`,
      'what the allow rules say:',
      ...coverage,
      ...observed,
    ]
  }
  const { outputs, rowLimit, redactReports } = decision.obligations
  const masked = (outputs ?? []).flatMap((mask, index) => {
    if (mask === null) return []
    const name = statement.output?.[index]?.name
    const label = name === null || name === undefined ? '' : ` (${name})`
    return [`output column ${index + 1}${label}: ${mask.spec.kind}, from ${mask.columns.join(', ')}, by ${mask.rule}`]
  })
  return [
    ...(decision.kind === 'ask' ? asked(decision.approval) : [`permitted by ${decision.rules.join(', ')}`]),
    ...coverage,
    ...masked,
    ...(decision.kind === 'ask' && decision.unmasked.length > 0
      ? [`in clear once approved: ${decision.unmasked.join(', ')}`]
      : []),
    ...(rowLimit === null ? [] : [`at most ${rowLimit.rows} rows, by ${rowLimit.rule}`]),
    ...classified(authority, statement),
    ...(redactReports ? ['errors and notices of the server are redacted'] : []),
    ...observed,
  ]
}

const OBSERVED: Readonly<Record<Decision['kind'], string>> = {
  permit: 'permitted',
  ask: 'asked about',
  deny: 'denied',
}

function asked({ rules, approvals, holdTimeoutSeconds, graceSeconds }: ApprovalNeed): readonly string[] {
  const held = holdTimeoutSeconds === 0 ? 'not held' : `held for ${holdTimeoutSeconds} seconds at most`
  return [
    `needs approval by ${approvals === 1 ? 'one person' : `${approvals} people`}, ${held}; good for ${graceSeconds} seconds`,
    ...rules.map(({ rule, by, estimatedRowsOver }) => {
      const over = estimatedRowsOver === null ? '' : `, where more than ${estimatedRowsOver} rows are expected`
      return `  asked by ${rule}${over}: ${approversText(by)} must approve`
    }),
  ]
}

function classified({ classifier }: Authority, { output }: StatementFacts): readonly string[] {
  if (classifier === null || output === null) return []
  return [`text in the rows is looked through, by ${classifier.rules.join(', ')}`]
}

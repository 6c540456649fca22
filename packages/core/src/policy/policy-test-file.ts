import { readTexts } from './rule-parts.ts'
import type { Members } from './rule-parts.ts'
import { YamlSource } from './yaml-source.ts'
import type { PolicyProblem, YamlValue } from './yaml-source.ts'

/** What a case expects. */
export type ExpectedDecision =
  | { readonly kind: 'allow' }
  /** `rule` null: whatever the rule. */
  | { readonly kind: 'deny'; readonly rule: string | null }
  /** It runs once it is approved. `rule`: one that asks; null: whatever the rule. */
  | { readonly kind: 'approve'; readonly rule: string | null }
  /** Permitted, and exactly these output columns masked. */
  | { readonly kind: 'masked'; readonly columns: readonly string[] }

/** Whom a case plays. */
export interface TestedPrincipal {
  readonly subject: string
  readonly actor: string | null
  readonly priorActors: readonly string[]
  readonly groups: readonly string[]
  readonly issuer: string
  readonly claims: Readonly<Record<string, unknown>>
}

/** One expectation kept beside a policy. */
export interface PolicyTestCase {
  /** Its text where the file gives no name. */
  readonly name: string
  readonly line: number
  readonly as: TestedPrincipal
  readonly target: string
  readonly sql: string
  readonly expect: ExpectedDecision
}

/** The cases of a file, or everything that is wrong with it. */
export type ParsedPolicyTests =
  | { readonly ok: true; readonly cases: readonly PolicyTestCase[] }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] }

/** Reads a policy test file: a YAML list of `{ name?, as, on, sql, expect }`. Strict like policies. Never throws. */
export function parsePolicyTests(text: string): ParsedPolicyTests {
  const source = new YamlSource(text)
  const cases = (source.root()?.items('cases') ?? []).map(readCase).filter((one) => one !== null)
  return source.problems.length > 0 ? { ok: false, problems: source.problems } : { ok: true, cases }
}

function readCase(value: YamlValue): PolicyTestCase | null {
  const members = value.members('a case', ['name', 'as', 'on', 'sql', 'expect'])
  if (members === null) return null
  const as = required(value, members, 'as')
  const on = required(value, members, 'on')?.text('A target') ?? null
  const sql = required(value, members, 'sql')?.text('SQL') ?? null
  const expected = required(value, members, 'expect')
  const principal = as === null ? null : readPrincipal(as)
  const expect = expected === null ? null : readExpected(expected)
  const name = members.has('name') ? members.get('name')?.text('A name') : sql
  if (principal === null || on === null || sql === null || expect === null || typeof name !== 'string') return null
  return { name, line: value.line, as: principal, target: on, sql, expect }
}

function required(value: YamlValue, members: Members, key: string): YamlValue | null {
  const member = members.get(key)
  if (member !== undefined) return member
  value.problem(`The case has no \`${key}\`.`, 'A case needs as, on, sql and expect.')
  return null
}

function readPrincipal(value: YamlValue): TestedPrincipal | null {
  const members = value.members('as', ['subject', 'actor', 'priorActors', 'groups', 'issuer', 'claims'])
  if (members === null) return null
  const subject = required(value, members, 'subject')?.text('A subject') ?? null
  const groups = members.get('groups')
  const priorActors = members.get('priorActors')
  const claims = members.get('claims')?.plain()
  if (claims !== undefined && !isRecord(claims))
    value.problem('`claims` must be a mapping.', 'Write `claim: value` lines.')
  if (subject === null) return null
  return {
    subject,
    actor: members.get('actor')?.text('An actor') ?? null,
    priorActors: priorActors === undefined ? [] : readTexts(priorActors, 'priorActors'),
    groups: groups === undefined ? [] : readTexts(groups, 'groups'),
    issuer: members.get('issuer')?.text('An issuer') ?? 'test',
    claims: isRecord(claims) ? claims : {},
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function readExpected(value: YamlValue): ExpectedDecision | null {
  const word = value.scalar()
  if (word === 'allow') return { kind: 'allow' }
  if (word === 'deny' || word === 'approve') return { kind: word, rule: null }
  if (!value.isMap) {
    value.problem(
      '`expect` is allow, approve, deny, { approve: RULE }, { deny: RULE } or { masked: [columns] }.',
      'Write one of these.',
    )
    return null
  }
  const members = value.members('expect', ['approve', 'deny', 'masked'])
  if (members?.size !== 1) {
    value.problem('`expect` names one of approve, deny and masked.', 'Make two cases of it.')
    return null
  }
  const [[kind, expected] = []] = members
  if (expected === undefined) return null
  if (kind === 'masked') return { kind, columns: readTexts(expected, 'columns') }
  const rule = expected.text('A rule')
  return rule === null ? null : { kind: kind === 'approve' ? 'approve' : 'deny', rule }
}

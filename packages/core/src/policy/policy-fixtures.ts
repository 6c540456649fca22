/** Facts and principals for tests of this folder. */
import type { Principal } from '../auth/principal.ts'
import type {
  Access,
  ColumnName,
  DecidingColumn,
  LineageSource,
  OutputColumn,
  StatementFacts,
} from '../statement/facts.ts'
import type { Authority } from './authority.ts'
import { parsePolicy } from './parse-policy.ts'
import type { Policy } from './policy.ts'

/** An agent of the group `ai-agents`. */
export const agent: Principal = {
  subject: 'ada@example.com',
  actor: 'copilot',
  groups: ['ai-agents'],
  issuer: 'https://login.example.com',
  claims: {},
  expiresAt: 0,
}

/** Facts of a statement that does nothing, with what a test says about it. */
export function statement(facts: Partial<StatementFacts>): StatementFacts {
  return {
    action: 'select',
    accesses: [],
    functions: [],
    unboundedWrite: false,
    settings: [],
    files: [],
    programs: [],
    dynamicSql: false,
    output: null,
    decides: [],
    writes: [],
    beneath: { accesses: [], functions: [] },
    names: { prepared: null, cursor: null },
    changesNames: false,
    complete: true,
    reason: null,
    ...facts,
  }
}

/** `access('select', 'public.users')`; a name without a dot is unresolved. */
export function access(action: string, relation: string | null, columns: readonly string[] | null = null): Access {
  if (relation === null) return { action, relation: null, columns }
  const dot = relation.indexOf('.')
  const name = relation.slice(dot + 1)
  return { action, relation: { schema: dot < 0 ? null : relation.slice(0, dot), name }, columns }
}

/** `column('public.users.ssn')`. */
export function column(path: string): ColumnName {
  const [schema = '', relation = '', name = ''] = path.split('.')
  return { schema, relation, column: name }
}

/** A column that a condition looks at. */
export function decider(path: string, by: DecidingColumn['by'] = 'value'): DecidingColumn {
  return { column: column(path), by }
}

export function source(path: string, how: LineageSource['how'] = 'copied'): LineageSource {
  return { column: column(path), how }
}

export function output(...sources: readonly LineageSource[]): OutputColumn {
  return { name: null, sources, through: [], complete: true, reason: null }
}

/** A SELECT of columns of one relation, as they are. */
export function select(relation: string, ...columns: readonly string[]): StatementFacts {
  return statement({
    accesses: [access('select', relation, columns)],
    output: columns.map((name) => ({ ...output(source(`${relation}.${name}`)), name })),
  })
}

/** The policy of a text that must be right. */
export function policyOf(text: string): Policy {
  const parsed = parsePolicy(text)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 2))
  return parsed.policy
}

/** What the agent may do on target `shop` under the policy. */
export function authorityOf(text: string, engine: 'postgres' | 'mysql' = 'postgres'): Authority {
  return policyOf(text).authorityFor(agent, 'shop', engine)
}

/** The denial's code, or `permit`. */
export function verdict(authority: Authority, facts: StatementFacts): string {
  const decision = authority.decide(facts)
  return decision.kind === 'deny' ? decision.code : 'permit'
}

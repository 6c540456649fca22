import { expect, test } from 'vitest'
import type { StatementFacts } from '../statement/facts.ts'
import type { Decision } from './decision.ts'
import { decisionAt } from './decision-at.ts'
import { access, authorityOf, select, statement } from './policy-fixtures.ts'

const update = (relation: string | null): StatementFacts =>
  statement({ action: 'update', accesses: [access('update', relation)] })

/** `permit`, the denial's code, or `ask` with the rules that ask. */
function answer(decision: Decision): string {
  if (decision.kind === 'deny') return decision.code
  return decision.kind === 'permit' ? 'permit' : `ask ${decision.approval.rules.map(({ rule }) => rule).join(' ')}`
}
const decided = (policy: string, facts: StatementFacts): string => answer(authorityOf(policy).decide(facts))

const WRITES = 'name: writes, approve: { actions: [update], by: { groups: [dba] } }'

test('deny is over approve, approve over allow, and what nothing covers is denied', () => {
  const reads = '{ name: reads, allow: { actions: [select, update], relations: [public.*] } }'
  const policy = `rules: [${reads}, { ${WRITES} }, { name: never, deny: { relations: [public.vault] } }]`
  expect(decided(policy, select('public.orders', 'id'))).toBe('permit')
  expect(decided(policy, update('public.orders'))).toBe('ask writes')
  expect(decided(policy, update('elsewhere.orders'))).toBe('ask writes')
  expect(decided(policy, update('public.vault'))).toBe('DENIED_BY_RULE')
  expect(decided(policy, statement({ action: 'delete', accesses: [access('delete', 'public.orders')] }))).toBe(
    'NOT_ALLOWED',
  )
})

test('every fact must be covered: an approval of the write does not let the statement read what no rule lets it read', () => {
  const policy = `rules: [{ ${WRITES} }]`
  const both = statement({
    action: 'update',
    accesses: [access('update', 'public.orders'), access('select', 'public.users')],
  })
  expect(decided(policy, both)).toBe('NOT_ALLOWED')
  expect(decided(policy, update('public.orders'))).toBe('ask writes')
})

test('in doubt a rule asks: of names that could not be told, and beneath views, functions and triggers', () => {
  const one = 'name: one, approve: { actions: [update], relations: [public.users], by: { groups: [dba] } }'
  const all = '{ name: all, allow: { actions: [update, insert], relations: ["*"] } }'
  const policy = `rules: [{ ${one} }, ${all}]`
  expect(decided(policy, update('users'))).toBe('ask one')
  expect(decided(policy, update(null))).toBe('ask one')
  expect(decided(policy, update('public.orders'))).toBe('permit')
  const insert = statement({
    action: 'insert',
    accesses: [access('insert', 'public.orders')],
    beneath: { accesses: [access('update', 'public.users')], functions: [] },
  })
  expect(decided(policy, insert)).toBe('ask one')
})

test('what only an approve rule covers is never permitted without it', () => {
  // The rule covers SELECT without a relation, though it is about relations of one schema.
  const policy =
    'rules: [{ name: reads, approve: { actions: [select], relations: [public.*], by: { groups: [dba] } } }]'
  expect(decided(policy, statement({ action: 'select' }))).toBe('ask reads')
})

test('a principal with approve rules alone has a session, and * does not ask about what needs no rule', () => {
  const policy = 'rules: [{ name: all, approve: { actions: ["*"], by: { groups: [dba] } } }]'
  expect(authorityOf(policy).allowsAnything).toBe(true)
  expect(decided(policy, statement({ action: 'begin' }))).toBe('permit')
  expect(decided(policy, select('public.users', 'id'))).toBe('ask all')
  const named = 'rules: [{ name: shows, approve: { actions: [show], by: { groups: [dba] } } }]'
  expect(decided(named, statement({ action: 'show' }))).toBe('ask shows')
})

test('what was not understood is asked of every rule, where one covers everything; with masks it is refused', () => {
  const rules = `rules:
  - { name: all, approve: { actions: ["*"], functions: ["*"], by: { groups: [dba] } } }
  - { ${WRITES} }
`
  const block = statement({ action: 'do', dynamicSql: true })
  expect(decided(rules, block)).toBe('ask all writes')
  expect(decided(`${rules}masks: [{ columns: [users.ssn], with: redact }]\n`, block)).toBe('NOT_UNDERSTOOD')
  expect(decided(`rules: [{ ${WRITES} }]`, block)).toBe('NOT_UNDERSTOOD')
  const allowed = `rules:
  - { name: any, allow: { actions: ["*"], relations: ["*"], functions: ["*"] } }
  - { ${WRITES} }
`
  expect(decided(allowed, block)).toBe('ask writes')
})

test('masks hold for what is approved as for what is allowed, and refuse it where they cannot hold', () => {
  const policy = `rules: [{ name: reads, approve: { actions: [select], by: { groups: [dba] } } }]
masks: [{ name: ssn, columns: [users.ssn], with: redact }]
`
  const decision = authorityOf(policy).decide(select('public.users', 'ssn'))
  expect(decision).toMatchObject({ kind: 'ask', obligations: { outputs: [{ rule: 'ssn' }], redactReports: true } })
  const untraced = { ...select('public.users', 'ssn'), output: [{ ...UNTRACED }] }
  expect(decided(policy, untraced)).toBe('MASK_NOT_POSSIBLE')
})

const UNTRACED = { name: null, sources: [], through: [], complete: false, reason: null }

test('an unbounded write can need approval where a bounded one is allowed', () => {
  const policy = `rules:
  - { name: writes, allow: { actions: [update], relations: [public.*] } }
  - { name: whole, approve: { unboundedWrites: true, by: { groups: [dba] } } }
`
  expect(decided(policy, update('public.orders'))).toBe('permit')
  expect(decided(policy, { ...update('public.orders'), unboundedWrite: true })).toBe('ask whole')
})

test('several rules are one need: most approvals, shortest times', () => {
  const policy = `rules:
  - { name: b, approve: { actions: [update], by: { groups: [dba] }, approvals: 2, graceSeconds: 60 } }
  - { name: a, approve: { actions: [update], by: { groups: [sre] }, hold: 0 } }
`
  expect(authorityOf(policy).decide(update('public.orders'))).toMatchObject({
    rules: ['a', 'b'],
    approval: { approvals: 2, holdTimeoutSeconds: 0, graceSeconds: 60, estimateMatters: false },
  })
})

test('with estimatedRowsOver the allow rule suffices up to that many rows; what cannot be told asks', () => {
  const asks = '{ name: many, approve: { actions: [update], estimatedRowsOver: 100, by: { groups: [dba] } } }'
  const allows = '{ name: writes, allow: { actions: [update], relations: [public.*] } }'
  const allowed = authorityOf(`rules: [${asks}, ${allows}]`).decide(update('public.orders'))
  expect(allowed).toMatchObject({ kind: 'ask', approval: { estimateMatters: true } })
  expect([0, 100, 101, null, Number.NaN].map((rows) => answer(decisionAt(allowed, rows)))).toEqual([
    'permit',
    'permit',
    'ask many',
    'ask many',
    'ask many',
  ])
  expect(decisionAt(allowed, 5)).toMatchObject({ rules: ['writes'] })
  const alone = authorityOf(`rules: [${asks}]`).decide(update('public.orders'))
  expect(answer(decisionAt(alone, 1))).toBe('ask many')
})

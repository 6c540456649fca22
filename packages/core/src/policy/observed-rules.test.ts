import { expect, test } from 'vitest'
import { explain } from './explain.ts'
import { lintPolicy } from './lint-policy.ts'
import { access, authorityOf, policyOf, select, statement } from './policy-fixtures.ts'

const POLICY = `
rules:
  - { name: reads, allow: { actions: [select, update], relations: [public.*] } }
  - { name: no-vault, mode: observe, deny: { relations: [public.vault] } }
  - { name: ask-writes, mode: observe, approve: { actions: [update], by: { groups: [dba] } } }
  - { name: more, mode: observe, allow: { actions: [select], relations: [other.*] } }
  - { name: in-force, mode: enforce, deny: { relations: [public.secret] } }
`
const authority = authorityOf(POLICY)
const update = statement({ action: 'update', accesses: [access('update', 'public.orders')] })

test('a rule that is only observed decides nothing, and tells what it would have done', () => {
  for (const [facts, kind, observed] of [
    [select('public.orders', 'id'), 'permit', []],
    [select('public.vault', 'id'), 'permit', [{ rule: 'no-vault', effect: 'deny' }]],
    [update, 'permit', [{ rule: 'ask-writes', effect: 'ask' }]],
    [select('other.orders', 'id'), 'deny', [{ rule: 'more', effect: 'permit' }]],
    [select('public.secret', 'id'), 'deny', []],
  ] as const) {
    const decision = authority.decide(facts)
    expect(decision.kind).toBe(kind)
    expect(authority.observed(facts, decision)).toEqual(observed)
  }
})

test('it is each by itself: what another observed rule would do is not counted in', () => {
  const facts = statement({ action: 'update', accesses: [access('update', 'public.vault')] })
  expect(authority.observed(facts, authority.decide(facts))).toEqual([
    { rule: 'ask-writes', effect: 'ask' },
    { rule: 'no-vault', effect: 'deny' },
  ])
})

test('policies of observed rules alone allow nothing', () => {
  const none = authorityOf('rules: [{ name: a, mode: observe, allow: { actions: ["*"], relations: ["*"] } }]')
  expect(none.decide(select('public.orders', 'id')).kind).toBe('deny')
  expect(none.decide(statement({ action: 'begin' })).kind).toBe('deny')
})

test('explain tells it, and lint warns of what protects nothing', () => {
  expect(explain(authority, [update]).join('\n')).toContain(
    'observed only: with ask-writes in force it would be asked about',
  )
  expect(lintPolicy(policyOf(POLICY), null).map(({ rule }) => rule)).toEqual(['no-vault', 'ask-writes'])
})

import { expect, test } from 'vitest'
import { lintPolicy } from './lint-policy.ts'
import { column, policyOf } from './policy-fixtures.ts'

const objects = {
  relations: [{ schema: 'public', name: 'users' }],
  columns: [column('public.users.ssn')],
  functions: [{ schema: 'app', name: 'tier' }],
}

function warningsOf(text: string, engine: 'postgres' | 'mysql' = 'postgres'): readonly string[] {
  return lintPolicy(policyOf(text), { target: 'shop', engine, objects }).map((one) => `${one.rule}: ${one.message}`)
}

test('patterns that match nothing on the target are told, in every kind of rule', () => {
  const text = `rules:
  - { name: a, allow: { actions: [select], relations: [public.users, public.usres, "*"], functions: [app.tear] } }
  - { name: d, deny: { columns: [users.snn] } }
  - { name: elsewhere, target: other, deny: { relations: [nothing] } }
masks:
  - { name: m, columns: [public.users.SSN, public.users.ssm], with: redact }
`
  expect(warningsOf(text)).toEqual([
    'a: The pattern public.usres matches nothing on this target.',
    'a: The pattern app.tear matches nothing on this target.',
    'd: The pattern users.snn matches nothing on this target.',
    'm: The pattern public.users.ssm matches nothing on this target.',
  ])
})

test('an allow rule that can never apply, or that is denied altogether, is told', () => {
  const text = `rules:
  - { name: no-relations, allow: { actions: [write, select] } }
  - { name: gone, who: { groups: [x] }, allow: { actions: [drop_table], relations: [public.users] } }
  - { name: kept, allow: { actions: [select], relations: [public.users] } }
  - { name: d1, deny: { actions: [drop], relations: [public.*] } }
  - { name: d2, who: { groups: [y] }, deny: { relations: [public.users] } }
`
  expect(warningsOf(text)).toEqual([
    'no-relations: write can never be allowed by a rule that names no relations.',
    'gone: All that it is about is denied by d1.',
  ])
  expect(lintPolicy(policyOf(text), null)).toHaveLength(2)
})

test('on MySQL the schema of a pattern is the database', () => {
  const shop = { relations: [{ schema: 'shop', name: 'Users' }], columns: [column('shop.Users.ssn')] }
  const text = `rules:
  - { name: a, allow: { actions: [select], relations: [shop.Users, shop.users, public.*] } }
masks:
  - { name: m, columns: [shop.users.SSN, public.users.ssn], with: redact }
`
  const warnings = lintPolicy(policyOf(text), { target: 'shop', engine: 'mysql', objects: shop })
  expect(warnings.map((one) => `${one.rule}: ${one.message}`)).toEqual([
    'a: The pattern shop.users matches nothing on this target.',
    'a: The pattern public.* matches nothing on this target.',
    'm: The pattern public.users.ssn matches nothing on this target.',
  ])
  expect(warnings[0]?.hint).toContain('the schema is the database')
})

test('an approve rule that nothing reaches, matches nothing, or asks always in spite of its number of rows, is told', () => {
  const text = `rules:
  - { name: a, approve: { actions: [update], relations: [public.usres], by: { groups: [dba] } } }
  - { name: gone, approve: { actions: [drop_table], relations: [public.users], by: { groups: [dba] } } }
  - { name: always, approve: { actions: [delete], estimatedRowsOver: 10, by: { groups: [dba] } } }
  - { name: many, approve: { actions: [insert], estimatedRowsOver: 10, by: { groups: [dba] } } }
  - { name: writes, allow: { actions: [write], relations: [public.users] } }
  - { name: d, deny: { actions: [drop, delete] } }
`
  expect(warningsOf(text)).toEqual([
    'a: The pattern public.usres matches nothing on this target.',
    'gone: All that it is about is denied by d.',
    'always: All that it is about is denied by d.',
  ])
  const alone = `rules:
  - { name: always, approve: { actions: [delete], estimatedRowsOver: 10, by: { groups: [dba] } } }
  - { name: reads, allow: { actions: [select], relations: [public.users] } }
`
  expect(warningsOf(alone)).toEqual([
    'always: It asks whatever the number of rows: no allow rule covers any of its actions.',
  ])
})

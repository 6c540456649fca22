import { expect, test } from 'vitest'
import { explain } from './explain.ts'
import { access, authorityOf, policyOf, select, statement } from './policy-fixtures.ts'
import { parsePolicyTests } from './policy-test-file.ts'
import { runPolicyTests } from './policy-test.ts'

const policy = policyOf(`rules:
  - { name: read, who: { groups: [ai-agents] }, allow: { actions: [select], relations: [public.*] } }
  - { name: never, deny: { actions: [drop] } }
masks:
  - { name: ssn, columns: [users.ssn], with: { partial: { keepLast: 4 } } }
limits:
  - { name: rows, rowsPerStatement: 10 }
`)

function read(sql: string): ReturnType<typeof statement>[] {
  if (sql === 'SELECT id, ssn FROM users') return [select('public.users', 'id', 'ssn')]
  if (sql === 'DROP TABLE users')
    return [statement({ action: 'drop_table', accesses: [access('drop_table', 'public.users')] })]
  throw new Error('syntax error')
}

test('expectations are compared with what the policy decides, and a failure says what happened', () => {
  const parsed = parsePolicyTests(`
- { as: &no { subject: a }, on: shop, sql: x, expect: allow }
`)
  expect(parsed.ok).toBe(false)
  const file = parsePolicyTests(`
- name: ssn is masked
  as: { subject: ada, groups: [ai-agents], actor: copilot, claims: { team: { name: data } } }
  on: shop
  sql: SELECT id, ssn FROM users
  expect: { masked: [ssn] }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: "SELECT id, ssn FROM users", expect: allow }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: "SELECT id, ssn FROM users", expect: { masked: [id] } }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: DROP TABLE users, expect: { deny: never } }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: DROP TABLE users, expect: { deny: read } }
- { as: { subject: eve }, on: shop, sql: "SELECT id, ssn FROM users", expect: deny }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: SELEC, expect: deny }
- { as: { subject: ada, groups: [ai-agents] }, on: shop, sql: SELEC, expect: allow }
`)
  if (!file.ok) throw new Error(JSON.stringify(file.problems))
  const results = runPolicyTests(policy, file.cases, () => 'postgres', read)
  expect(results.map(({ passed, happened }) => `${passed} ${happened}`)).toEqual([
    'true allowed, masked: ssn',
    'true allowed, masked: ssn',
    'false allowed, masked: ssn',
    'true denied by never (DENIED_BY_RULE) because of public.users',
    'false denied by never (DENIED_BY_RULE) because of public.users',
    'true denied by default (NOT_ALLOWED) because of target shop',
    'true could not be read: syntax error',
    'false could not be read: syntax error',
  ])
  expect(results[0]).toMatchObject({ name: 'ssn is masked', line: 2, explanation: [] })
  expect(results[2]?.explanation.join('\n')).toContain('allowed by read')
})

test.each([
  ['- { on: shop, sql: x, expect: deny }', 'no `as`'],
  ['- { as: { groups: [a] }, on: shop, sql: x, expect: deny }', 'no `subject`'],
  ['- { as: { subject: a }, on: shop, sql: x, expect: refuse }', 'is allow, approve, deny'],
  ['- { as: { subject: a }, on: shop, sql: x, expect: { deny: a, masked: [b] } }', 'one of approve, deny and masked'],
  ['- { as: { subject: a, group: [b] }, on: shop, sql: x, expect: deny }', 'Unknown key "group"'],
  ['rules: []', 'Expected a list'],
])('a test file that is wrong is refused: %s', (text, message) => {
  const parsed = parsePolicyTests(text)
  expect(parsed.ok ? '' : parsed.problems.map((one) => one.message).join('\n')).toContain(message)
})

test('an expectation can be that people are asked, by whatever rule or by one of them', () => {
  const asking = policyOf(`rules:
  - { name: reads, approve: { actions: [select], by: { groups: [dba] } } }
masks:
  - { name: ssn, columns: [users.ssn], with: redact }
`)
  const line = (expected: string): string =>
    `- { as: { subject: ada }, on: shop, sql: "SELECT id, ssn FROM users", expect: ${expected} }\n`
  const file = parsePolicyTests(
    ['approve', '{ approve: reads }', '{ approve: x }', 'allow', '{ masked: [ssn] }'].map(line).join(''),
  )
  if (!file.ok) throw new Error(JSON.stringify(file.problems))
  const results = runPolicyTests(asking, file.cases, () => 'postgres', read)
  expect(results.map(({ passed }) => passed)).toEqual([true, true, false, false, false])
  expect(results[2]?.happened).toBe('needs approval, asked by reads, masked: ssn')
  expect(results[2]?.explanation).toContain('    asked by reads: someone of dba must approve')
})

test('explain says which rule and which fact decided', () => {
  const authority = policy.authorityFor(
    { subject: 'a', actor: null, groups: ['ai-agents'], issuer: 'i', claims: {}, expiresAt: 0 },
    'shop',
    'postgres',
  )
  expect(explain(authority, [select('public.users', 'id', 'ssn')])).toEqual([
    'Statement 1 of 1: select',
    '  permitted by read',
    '    select on public.users: allowed by read',
    '  output column 2 (ssn): partial, from public.users.ssn, by ssn',
    '  at most 10 rows, by rows',
    '  errors and notices of the server are redacted',
  ])
  const denied = explain(authority, [statement({ action: 'insert', accesses: [access('insert', 'public.log')] })])
  expect(denied).toContain('  denied: NOT_ALLOWED, by rule default, because of public.log')
  expect(denied).toContain('    insert on public.log: allowed by no rule')
  expect(explain(authorityOf('rules: [{ name: a, deny: { files: true } }]'), [])).toEqual([
    'The text holds no statement: nothing is decided.',
  ])
})

test('a case may play an agent that was handed a token', () => {
  const denying = policyOf(`rules:
  - { name: read, allow: { actions: [select], relations: [public.*] } }
  - { name: tainted, who: { priorActors: [web] }, deny: { actions: [select] } }
`)
  const file = parsePolicyTests(`
- { as: { subject: ada, actor: copilot, priorActors: [planner, web] }, on: shop, sql: "SELECT id, ssn FROM users", expect: { deny: tainted } }
- { as: { subject: ada, actor: web }, on: shop, sql: "SELECT id, ssn FROM users", expect: allow }
`)
  if (!file.ok) throw new Error(JSON.stringify(file.problems))
  expect(runPolicyTests(denying, file.cases, () => 'postgres', read).map(({ passed }) => passed)).toEqual([true, true])
})

import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.ts'
import { policyOf } from './policy-fixtures.ts'
import { unknownMaskingKeys } from './unknown-masking-keys.ts'

function problemsOf(text: string): readonly string[] {
  const parsed = parsePolicy(text)
  return parsed.ok
    ? []
    : parsed.problems.map((one) => `${one.line}:${one.column} ${one.path} ${one.message} ${one.hint}`)
}

test('a policy with every kind of rule is read, and its version is a digest of the text', () => {
  const text = `
rules:
  - name: agents-read-the-shop
    who: { groups: [ai-agents], claims: { env: prod } }
    target: shop
    allow: { actions: [select], relations: [public.*, '"My Schema"."T"'], functions: [app.tier], settings: [app.*] }
  - name: never
    deny: { actions: [drop, truncate, alter_role, grant], unboundedWrites: true, functions: [pg_read_file, dblink*] }
    reason: "Destructive commands are not for agents. Open a change request."
masks:
  - columns: [public.users.ssn]
    with: { partial: { keepLast: 4 } }
  - columns: ["*.email"]
    with: email
    predicates: allow
  - { name: gone, columns: [users.photo], with: null }
limits:
  - { who: { groups: [ai-agents] }, rowsPerStatement: 10000, statementsPerMinute: 600 }
`
  const policy = policyOf(text)
  expect(policy.version).toMatch(/^[0-9a-f]{12}$/)
  expect(policyOf(`${text}\n`).version).not.toBe(policy.version)
  expect(policy.document.masks.map((mask) => [mask.name, mask.spec.kind, mask.predicates])).toEqual([
    ['mask public.users.ssn', 'partial', 'deny'],
    ['mask *.email', 'email', 'allow'],
    ['gone', 'null', 'deny'],
  ])
  expect(policy.document.limits[0]?.name).toBe('limit rowsPerStatement 10000 statementsPerMinute 600')
})

test('an unknown key or action is a problem at its place that names the nearest known one', () => {
  const problems = problemsOf(`rules:
  - name: a
    alow: { actions: [select] }
  - name: b
    allow: { actions: [selct, drop_tabel], relatons: [x] }
`)
  expect(problems.join('\n')).toContain('3:5 rules[0].alow Unknown key "alow" in a rule. Did you mean allow?')
  expect(problems.join('\n')).toContain('5:24 rules[1].allow.actions[0] Unknown action "selct". Did you mean select?')
  expect(problems.join('\n')).toContain('Unknown action "drop_tabel". Did you mean drop_table?')
  expect(problems.join('\n')).toContain('Unknown key "relatons" in allow. Did you mean relations?')
})

test.each([
  ['rules:\n  - { name: a, approve: { actions: [select] } }', 'does not say who may approve'],
  ['rules:\n  - { name: a, mode: silent, deny: { files: true } }', '`mode` is `enforce`'],
  ['rules: []\nmasks:\n  - { name: a, mode: observe, columns: [a.b], with: redact }', 'Unknown key "mode"'],
  ['classify: []', 'classify'],
  ['rules:\n  - { name: a }', 'neither allow nor approve nor deny'],
  ['rules:\n  - { allow: { actions: [select] } }', 'no name'],
  ['rules:\n  - { name: a, allow: {} }', 'allows nothing'],
  ['rules:\n  - { name: a, deny: {} }', 'denies nothing'],
  ['rules:\n  - { name: a, deny: { files: false } }', 'can only be true'],
  ['rules:\n  - { name: a, allow: { relations: [x] } }', 'names relations but no actions'],
  ['rules:\n  - { name: a, allow: { actions: [], relations: [x] } }', 'is empty'],
  ['rules:\n  - { name: a, allow: { actions: [select], relations: [a.b.c] } }', '3 part(s)'],
  ['rules:\n  - { name: a, allow: { actions: [select], relations: ["a."] } }', 'part of the name is empty'],
  ['rules:\n  - { name: a, allow: { actions: [select], relations: ["user%"] } }', 'must stand in double quotes'],
  ["rules:\n  - { name: a, allow: { actions: [select], relations: ['\"a'] } }", 'not closed'],
  ['rules:\n  - { name: a, allow: { programs: ["gzip *"] } }', 'whole command line'],
  ['rules:\n  - { name: default, deny: { files: true } }', 'is taken'],
  [
    'rules:\n  - { name: a, deny: { files: true } }\n  - { name: a, deny: { files: true } }',
    'used twice; first on line 2',
  ],
  ['rules:\n  - { name: a, who: {}, deny: { files: true } }', '`who` is empty'],
  ['rules:\n  - { name: a, who: { groups: [] }, deny: { files: true } }', 'is empty'],
  ['rules:\n  - { name: a, who: { groups: [1] }, deny: { files: true } }', 'must be text'],
  [
    'rules:\n  - { name: a, who: { priorActors: [x] }, allow: { actions: [select], relations: ["*"] } }',
    'Only a deny rule may look at prior actors',
  ],
  [
    'masks:\n  - { columns: [a.b], with: redact, who: { priorActors: [x] } }',
    'Only a deny rule may look at prior actors',
  ],
  ['rules:\n  - { name: a, deny: { relations: [a], columns: [a.b] } }', 'not both'],
  ['masks:\n  - { columns: [email], with: redact }', '1 part(s)'],
  ['masks:\n  - { columns: [a.b], with: partial }', 'needs an option'],
  ['masks:\n  - { columns: [a.b], with: redakt }', 'Did you mean redact?'],
  ['masks:\n  - { columns: [a.b], with: { partial: {} } }', 'keeps nothing'],
  ['masks:\n  - { columns: [a.b], with: { partial: { keepLast: -1 } } }', 'whole number'],
  ['masks:\n  - { columns: [a.b], with: redact, predicates: equal }', 'is deny, equality or allow'],
  ['functions:\n  - { functions: [app.f] }', 'does not say what the functions read'],
  ['functions:\n  - { reads: nothing }', 'names no functions'],
  ['functions:\n  - { functions: [app.f], reads: [public.*] }', 'is no whole name'],
  ['functions:\n  - { functions: [app.f], reads: [users] }', 'is no whole name'],
  ['functions:\n  - { functions: [app.f], reads: nothing, who: { groups: [a] } }', 'Unknown key "who"'],
  ['masks:\n  - { columns: [a.b] }', 'does not say how'],
  ['masks:\n  - { columns: [a.b], with: pseudonim }', 'Did you mean pseudonym?'],
  ['masks:\n  - { columns: [a.b], with: { pseudonym: {} } }', 'says nothing with its options'],
  ['masks:\n  - { columns: [a.b], with: { pseudonym: customers } }', 'Expected pseudonym as a mapping'],
  ['masks:\n  - { columns: [a.b], with: { pseudonym: { domain: "a b" } } }', 'A domain is a word'],
  ['masks:\n  - { columns: [a.b], with: { pseudonym: { domain: 7 } } }', 'A domain must be text'],
  ['masks:\n  - { columns: [a.b], with: { pseudonym: { domian: x } } }', 'Did you mean domain?'],
  ['masks:\n  - { columns: [a.b], with: { hash: {} } }', 'says nothing with its options'],
  ['masks:\n  - { columns: [a.b], with: { hash: { key: "" } } }', 'The id of a masking key is empty'],
  ['limits:\n  - { rowsPerStatement: 0 }', 'at least 1'],
  ['limits:\n  - { rowsPerStatement: 1.5 }', 'at least 1'],
  ['limits:\n  - { name: x }', 'limits nothing'],
  ['limits:\n  - { bytesPerDay: 1GiB }', 'Unknown key "bytesPerDay"'],
  ['', 'Expected a policy'],
  ['rules: &a\n  - { name: a, deny: { files: true } }', 'anchor'],
  ['a: &a [x]\nrules: *a', 'alias'],
  ['rules: !!set { a }', 'tag'],
  ['%YAML 1.1\n---\nrules: []', 'directives'],
  ['rules: []\n---\nrules: []', 'YAML'],
  ['rules: []\nrules: []', 'unique'],
  ['rules: [', 'YAML'],
  ['? [a]\n: b', 'key must be text'],
  ['['.repeat(5000), 'nests brackets'],
  [`rules:\n${'- '.repeat(5000)}x`, 'nests'],
  ['x'.repeat(256 * 1024 + 1), 'longer than'],
])('%# a policy that is wrong is refused as a whole, and told why', (text, message) => {
  expect(problemsOf(text).join('\n')).toContain(message)
})

test('a pseudonym has the domain its rule names, or is one of its own; a mask may name its key', () => {
  const policy = policyOf(`
masks:
  - { columns: [users.email, orders.email], with: pseudonym }
  - { name: ssn, columns: [users.ssn], with: pseudonym }
  - { name: ids, columns: [users.id], with: { pseudonym: { domain: customers } } }
  - { name: old, columns: [users.old], with: { pseudonym: { domain: customers, key: k2025 } } }
  - { name: older, columns: [users.older], with: { pseudonym: { key: k2024 } } }
  - { name: digest, columns: [users.digest], with: { hash: { key: k2025 } } }
`)
  expect(policy.document.masks.map(({ spec }) => spec)).toEqual([
    { kind: 'pseudonym', domain: 'rule mask users.email +1' },
    { kind: 'pseudonym', domain: 'rule ssn' },
    { kind: 'pseudonym', domain: 'customers' },
    { kind: 'pseudonym', domain: 'customers', key: 'k2025' },
    { kind: 'pseudonym', domain: 'rule older', key: 'k2024' },
    { kind: 'hash', key: 'k2025' },
  ])
  const problems = unknownMaskingKeys(policy, ['k2025', 'k2026'])
  expect(problems).toMatchObject([{ line: 7, message: expect.stringContaining('the masking key "k2024"') }])
  expect(problems[0]?.hint).toBe('Did you mean k2025? There are k2025, k2026.')
  expect(unknownMaskingKeys(policy, []).map(({ hint }) => hint.slice(0, 45))).toHaveLength(3)
  expect(unknownMaskingKeys(policy, ['k2024', 'k2025'])).toEqual([])
})

test('all problems of a text are told at once, in the order of the text', () => {
  const lines = problemsOf(`rules:
  - { name: a, allow: { actions: [nothing_like_it_at_all] } }
  - { name: b, colour: red, deny: { actions: [drop] } }
masks:
  - { columns: [a], with: blur }
limits:
  - { name: c, rowsPerStatement: many }
`).map((problem) => Number(problem.split(':')[0]))
  expect(lines).toEqual([2, 3, 5, 5, 7])
})

test('an alias bomb is refused without being expanded', () => {
  const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]']
  for (let index = 0; index < 25; index++) {
    const previous = String.fromCharCode(97 + index)
    const name = String.fromCharCode(98 + index)
    bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${previous}`).join(',')}]`)
  }
  // Expanded, it would not end.
  expect(problemsOf(bomb.join('\n')).join('\n')).toContain('alias')
})

test('a large file full of mistakes is answered with the first two hundred of them', () => {
  const text = `rules:\n${'  - { name: a, allow: { actions: [selekt, opdate, dellete] } }\n'.repeat(4000)}`
  expect(problemsOf(text)).toHaveLength(200)
})

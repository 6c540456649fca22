import { expect, test } from 'vitest'
import type { StatementFacts } from '../statement/facts.ts'
import { decisionAt } from './decision-at.ts'
import { access, authorityOf, decider, output, select, source, statement } from './policy-fixtures.ts'

const authority = authorityOf(`
rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"] } }
  - { name: in-clear, approve: { unmask: [public.users.ssn, public.users.mail], by: { groups: [privacy] }, approvals: 2 } }
masks:
  - { name: ssn, columns: [public.users.ssn, public.vault.ssn], with: { partial: { keepLast: 4 } } }
  - { name: mail, columns: ["*.mail"], with: email }
  - { name: born, columns: [public.users.born], with: redact }
`)

/** What comes of asking in clear: a code, or the columns let through and what each output is then. */
function wish(facts: StatementFacts): unknown {
  const decision = authority.decideInClear(facts)
  if (decision.kind === 'deny') return `${decision.code} ${decision.object}`
  if (decision.kind === 'permit') return 'permit'
  return [decision.unmasked, decision.obligations.outputs?.map((mask) => mask?.spec.kind ?? null) ?? null]
}

const users = (...columns: readonly string[]): StatementFacts => select('public.users', ...columns)

test('columns that a rule names are asked for in clear, and no others', () => {
  expect(wish(users('id', 'ssn'))).toEqual([['public.users.ssn'], null])
  expect(wish(users('ssn', 'mail', 'born'))).toEqual([
    ['public.users.mail', 'public.users.ssn'],
    [null, null, 'redact'],
  ])
  expect(wish(users('born'))).toBe('NOT_ALLOWED public.users.born')
  expect(wish(select('public.vault', 'ssn'))).toBe('NOT_ALLOWED public.vault.ssn')
})

test('without masked columns there is nothing to ask, and without the wish nothing is let through', () => {
  expect(wish(users('id'))).toBe('permit')
  expect(authority.decide(users('ssn'))).toMatchObject({ kind: 'permit', obligations: { outputs: [{ rule: 'ssn' }] } })
})

test('people are always asked, whatever number of rows is expected', () => {
  const decision = authority.decideInClear(users('ssn'))
  expect(decision).toMatchObject({ kind: 'ask', approval: { approvals: 2, rules: [{ rule: 'in-clear' }] } })
  expect(decisionAt(decision, 0)).toMatchObject({ kind: 'ask', unmasked: ['public.users.ssn'] })
})

test('what the statement looks at counts as what it shows', () => {
  expect(wish({ ...users('id'), decides: [decider('public.users.ssn')] })).toEqual([['public.users.ssn'], null])
  expect(wish({ ...users('ssn'), decides: [decider('public.users.born')] })).toBe(
    'MASKED_COLUMN_DECIDES public.users.born',
  )
})

test('what is made of a column that is let through and of one that is not stays hidden', () => {
  const both = statement({
    accesses: [access('select', 'public.users', ['ssn', 'born'])],
    output: [output(source('public.users.ssn', 'derived'), source('public.users.born', 'derived'))],
  })
  expect(wish(both)).toEqual([['public.users.ssn'], ['withhold']])
})

test('only outputs made of nothing else are not looked through for what must be redacted', () => {
  const facts = statement({
    accesses: [access('select', 'public.users', ['ssn', 'note'])],
    output: [
      output(source('public.users.ssn')),
      output(source('public.users.note')),
      output(source('public.users.ssn', 'derived'), source('public.users.note', 'derived')),
      output(),
      { ...output(source('public.users.ssn')), through: [{ schema: 'public', name: 'f' }] },
    ],
  })
  const decision = authority.decideInClear({ ...facts, output: facts.output?.slice(0, 4) ?? null })
  expect(decision).toMatchObject({ obligations: { clear: [true, false, false, false] } })
})

test.each<[string, Partial<StatementFacts>]>([
  ['writes', { accesses: [access('select', 'public.users', ['ssn']), access('insert', 'public.notes')] }],
  ['writes beneath', { beneath: { accesses: [access('insert', 'public.notes')], functions: [] } }],
  ['is a COPY', { action: 'copy_to' }],
  ['declares a cursor', { action: 'declare_cursor' }],
  ['writes a file', { files: ['/tmp/x'] }],
  ['locks', { accesses: [access('lock', 'public.users')] }],
  ['was not understood', { complete: false }],
  ['runs text', { dynamicSql: true }],
])('a statement that %s cannot ask', (_, other) => {
  expect(wish({ ...users('ssn'), ...other })).toBe('NOT_ALLOWED public.users.ssn')
})

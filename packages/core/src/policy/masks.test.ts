import { expect, test } from 'vitest'
import type { FunctionUse, LineageSource, StatementFacts } from '../statement/facts.ts'
import {
  access,
  agent,
  authorityOf,
  column,
  decider,
  output,
  policyOf,
  select,
  source,
  statement,
  verdict,
} from './policy-fixtures.ts'

const everything = `rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"], programs: ["*"] } }
`
const masks = `${everything}
masks:
  - { name: ssn, columns: [public.users.ssn, public.vault.ssn], with: { partial: { keepLast: 4 } } }
  - { name: mail, columns: ["*.email"], with: email, predicates: allow }
  - { name: hidden, columns: [public.users.dob, public.notes.hidden], with: redact }
`
const authority = authorityOf(masks)

function outputsOf(facts: StatementFacts): unknown {
  const decision = authority.decide(facts)
  return decision.kind === 'deny' ? decision.code : decision.obligations.outputs?.map((mask) => mask?.spec.kind ?? null)
}

test('a copied column is masked as its rule says, and the others pass', () => {
  const decision = authority.decide(select('public.users', 'id', 'ssn', 'email'))
  expect(decision).toMatchObject({
    kind: 'permit',
    obligations: {
      outputs: [
        null,
        { spec: { kind: 'partial', keepFirst: 0, keepLast: 4 }, rule: 'ssn', columns: ['public.users.ssn'] },
        { spec: { kind: 'email' }, rule: 'mail', columns: ['public.users.email'] },
      ],
      redactReports: true,
    },
  })
})

test('where nothing is masked there is nothing to do', () => {
  expect(authority.decide(select('public.orders', 'id'))).toMatchObject({
    obligations: { outputs: null },
  })
  expect(outputsOf(select('public.users', 'id'))).toBe(undefined)
})

test('what is derived from a masked column is withheld, NULL too; what is mixed from differing masks is redacted', () => {
  const one = (...sources: LineageSource[]): unknown => outputsOf(statement({ output: [output(...sources)] }))
  expect(one(source('public.users.ssn', 'derived'))).toEqual(['withhold'])
  expect(one(source('public.users.ssn'), source('public.users.email'))).toEqual(['redact'])
  expect(one(source('public.users.ssn'), source('public.users.ssn', 'derived'))).toEqual(['withhold'])
  expect(one(source('public.users.ssn', 'derived'), source('public.users.email'))).toEqual(['withhold'])
  expect(one(source('public.users.email'), source('public.clients.email'))).toEqual(['email'])
  expect(one(source('public.users.ssn'), source('public.users.name'))).toEqual(['partial'])
})

test('two rules that mask one column differently make it redacted; the stricter predicates hold', () => {
  const both = authorityOf(`${masks}  - { name: again, columns: [users.email], with: hash }\n`)
  expect(both.decide(select('public.users', 'email'))).toMatchObject({
    obligations: { outputs: [{ spec: { kind: 'redact' }, rule: 'again, mail' }] },
  })
  expect(verdict(both, statement({ decides: [decider('public.users.email')] }))).toBe('MASKED_COLUMN_DECIDES')
})

test('pseudonyms are the same mask only in one domain and under one key', () => {
  const rules = `${everything}
masks:
  - { name: a, columns: [users.a, other.same], with: pseudonym }
  - { name: b, columns: [users.b], with: pseudonym }
  - { name: c, columns: [users.c], with: { pseudonym: { domain: people } } }
  - { name: d, columns: [users.d], with: { pseudonym: { domain: people } } }
  - { name: e, columns: [users.e], with: { pseudonym: { domain: people, key: k1 } } }
  - { name: f, columns: [users.f], with: hash }
  - { name: g, columns: [users.g], with: { hash: { key: k1 } } }
`
  const mixed = (...columns: string[]): unknown => {
    const sources = columns.map((name) => source(`public.${name}`))
    const decision = authorityOf(rules).decide(statement({ output: [output(...sources)] }))
    return decision.kind === 'deny' ? decision.code : decision.obligations.outputs?.map((mask) => mask?.spec.kind)
  }
  const write = (from: string, to: string, how: 'copied' | 'derived' = 'copied'): string => {
    const writes = [
      { target: column(`public.${to}`), sources: [source(`public.${from}`, how)], through: [], complete: true },
    ]
    return verdict(authorityOf(rules), statement({ action: 'insert', writes }))
  }
  expect(mixed('users.a', 'other.same')).toEqual(['pseudonym'])
  expect(mixed('users.a', 'users.b')).toEqual(['redact'])
  expect(mixed('users.c', 'users.d')).toEqual(['pseudonym'])
  expect(mixed('users.c', 'users.e')).toEqual(['redact'])
  expect(mixed('users.f', 'users.g')).toEqual(['redact'])
  expect(write('users.c', 'users.d')).toBe('permit')
  expect(write('users.c', 'users.e')).toBe('MASKED_COLUMN_COPIED')
  expect(write('users.a', 'users.b')).toBe('MASKED_COLUMN_COPIED')
  expect(write('users.c', 'users.d', 'derived')).toBe('MASKED_COLUMN_COPIED')
  expect(outputsOf(statement({ output: [output(source('public.users.ssn', 'derived'))] }))).toEqual(['withhold'])
})

test('a masked column may not decide, unless its mask says so', () => {
  const decides = (path: string): string => verdict(authority, statement({ output: [], decides: [decider(path)] }))
  expect(decides('public.users.ssn')).toBe('MASKED_COLUMN_DECIDES')
  expect(decides('public.users.email')).toBe('permit')
  expect(decides('public.users.id')).toBe('permit')
  const looked = statement({ output: [output(source('public.users.ssn', 'decides'))] })
  expect(verdict(authority, looked)).toBe('MASKED_COLUMN_DECIDES')
})

test('with predicates: equality a masked column may be compared, and no more', () => {
  const equality = authorityOf(`${everything}
masks: [{ name: mail, columns: [users.email], with: hash, predicates: equality }]
`)
  const decides = (by: 'equality' | 'value'): string =>
    verdict(equality, statement({ output: [], decides: [decider('public.users.email', by)] }))
  expect(decides('equality')).toBe('permit')
  expect(decides('value')).toBe('MASKED_COLUMN_DECIDES')
  const compared = statement({ output: [output(source('public.users.email', 'compared'))] })
  expect(equality.decide(compared)).toMatchObject({ kind: 'permit', obligations: { outputs: null } })
  const derived = statement({ output: [output(source('public.users.email', 'derived'))] })
  expect(equality.decide(derived)).toMatchObject({ obligations: { outputs: [{ spec: { kind: 'withhold' } }] } })
  expect(authority.decide(statement({ output: [output(source('public.users.ssn', 'compared'))] }))).toMatchObject({
    obligations: { outputs: [{ spec: { kind: 'withhold' } }] },
  })
})

test('of several masks of a column, the strictest predicates hold', () => {
  const two = authorityOf(`${everything}
masks:
  - { name: a, columns: [users.email], with: hash, predicates: equality }
  - { name: b, columns: ["*.email"], with: hash, predicates: allow }
`)
  const decides = (by: 'equality' | 'value'): string =>
    verdict(two, statement({ output: [], decides: [decider('public.users.email', by)] }))
  expect([decides('equality'), decides('value')]).toEqual(['permit', 'MASKED_COLUMN_DECIDES'])
})

test('while a mask holds, a function that cannot be followed is refused until the policy says what it reads', () => {
  const uses = (trust: FunctionUse['trust'], name = 'f'): StatementFacts =>
    statement({
      functions: [{ schema: 'app', name, trust }],
      output: [{ ...output(source('public.orders.id')), through: [{ schema: 'app', name }] }],
    })
  expect(verdict(authority, uses('user'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, uses('unknown'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, uses('revealing'))).toBe('MASK_NOT_POSSIBLE')
  const followed = { ...uses('expanded'), output: [output(source('public.orders.id'))] }
  expect(verdict(authority, followed)).toBe('permit')
  // A system view over such a function shows its other columns.
  const { functions, output: shown } = uses('revealing')
  const beneath = { accesses: [], functions }
  expect(verdict(authority, statement({ beneath, output: shown }))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, statement({ beneath, output: [output()] }))).toBe('permit')
  const told = authorityOf(`${masks}
functions:
  - { functions: [app.f], reads: [public.orders.id, public.users.name] }
  - { functions: [app.pure], reads: nothing }
  - { functions: [app.leaks], reads: [public.users.ssn] }
  - { functions: [app.whole], reads: [public.users] }
`)
  expect(verdict(told, uses('user'))).toBe('permit')
  expect(verdict(told, uses('user', 'pure'))).toBe('permit')
  expect(verdict(told, uses('user', 'leaks'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(told, uses('user', 'whole'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(told, uses('user', 'other'))).toBe('MASK_NOT_POSSIBLE')
  // What it is given may be masked: it changes nothing, and what it returns is withheld.
  const given = { ...uses('user', 'pure'), output: [output(source('public.users.ssn', 'derived'))] }
  expect(told.decide(given)).toMatchObject({ obligations: { outputs: [{ spec: { kind: 'withhold' } }] } })
})

test('functions beneath views and triggers count as well', () => {
  const beneath = { accesses: [], functions: [{ schema: 'app', name: 'f', trust: 'user' as const }] }
  expect(verdict(authority, statement({ output: [], beneath }))).toBe('MASK_NOT_POSSIBLE')
})

test('while a mask holds, nothing that could not be traced is permitted', () => {
  const untraced = { name: 'x', sources: [], through: [], complete: false, reason: 'the function f is not known' }
  expect(authority.decide(statement({ output: [untraced] }))).toMatchObject({
    code: 'MASK_NOT_POSSIBLE',
    object: 'output column 1 (x)',
  })
  expect(verdict(authority, statement({ complete: false }))).toBe('NOT_UNDERSTOOD')
  expect(verdict(authority, statement({ dynamicSql: true }))).toBe('NOT_UNDERSTOOD')
})

test('a masked value is written only where it is masked the same', () => {
  const write = (to: string | null, from: ReturnType<typeof source>, complete = true): string => {
    const target = to === null ? null : column(to)
    return verdict(
      authority,
      statement({ action: 'insert', writes: [{ target, sources: [from], through: [], complete }] }),
    )
  }
  expect(write('public.notes.body', source('public.users.ssn'))).toBe('MASKED_COLUMN_COPIED')
  expect(write(null, source('public.users.ssn'))).toBe('MASKED_COLUMN_COPIED')
  expect(write('public.vault.ssn', source('public.users.ssn'))).toBe('permit')
  expect(write('public.vault.ssn', source('public.users.ssn', 'derived'))).toBe('MASKED_COLUMN_COPIED')
  expect(write('public.vault.email', source('public.users.ssn'))).toBe('MASKED_COLUMN_COPIED')
  expect(write('public.notes.hidden', source('public.users.dob', 'derived'))).toBe('permit')
  expect(write('public.notes.body', source('public.notes.title'))).toBe('permit')
  expect(write('public.notes.body', source('public.notes.title'), false)).toBe('MASKED_COLUMN_COPIED')
})

test('a masked value is not written where it may be searched, or where others see it', () => {
  const rules = `${everything}
masks:
  - { name: from, columns: [a.secret], with: redact }
  - { name: searched, columns: [b.searched], with: redact, predicates: allow }
  - { name: for-agents, who: { groups: [ai-agents] }, columns: [b.agents], with: redact }
  - { name: agents-only, who: { groups: [ai-agents] }, columns: [a.agents], with: redact }
`
  const write = (to: string, from: string): string => {
    const writes = [{ target: column(to), sources: [source(from)], through: [], complete: true }]
    return verdict(authorityOf(rules), statement({ action: 'insert', writes }))
  }
  expect(write('public.b.searched', 'public.a.secret')).toBe('MASKED_COLUMN_COPIED')
  expect(write('public.b.agents', 'public.a.secret')).toBe('MASKED_COLUMN_COPIED')
  expect(write('public.b.agents', 'public.a.agents')).toBe('permit')
})

test('a mask for others does not hold for this principal', () => {
  const policy = policyOf(`${everything}
masks: [{ who: { groups: [interns] }, columns: [users.ssn], with: redact }]
`)
  expect(policy.authorityFor(agent, 'shop', 'postgres').masksAny).toBe(false)
  expect(policy.authorityFor({ ...agent, groups: ['interns'] }, 'shop', 'postgres').masksAny).toBe(true)
})

test('in MySQL a mask holds however the names are written', () => {
  const mysql = authorityOf(`${everything}\nmasks: [{ columns: [app.Users.SSN], with: redact }]`, 'mysql')
  expect(mysql.decide(select('app.USERS', 'ssn'))).toMatchObject({
    obligations: { outputs: [{ rule: 'mask app.Users.SSN' }] },
  })
})

test('definitions that rename masked columns, or make code or foreign rows, are refused while a mask holds', () => {
  const ddl = (action: string, relation: string | null, columns: readonly string[] | null = null): string =>
    verdict(authority, statement({ action, accesses: [access(action, relation, columns)] }))
  expect(ddl('alter_table', 'public.users')).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('alter_table', 'public.users', ['ssn'])).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('alter_table', 'users', [])).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('alter_table', 'public.users', ['nickname'])).toBe('permit')
  expect(ddl('alter_table', null)).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('alter_schema', 'public')).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('alter_role', 'bob')).toBe('permit')
  expect(ddl('create_function', 'public.f')).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('create_trigger', 'public.orders')).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('create_foreign_table', 'public.f')).toBe('MASK_NOT_POSSIBLE')
  expect(ddl('create_table', 'public.t')).toBe('permit')
  expect(ddl('create_index', 'public.users', ['id'])).toBe('permit')
  expect(verdict(authority, statement({ action: 'alter_table' }))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authorityOf(everything), statement({ action: 'create_function' }))).toBe('permit')
})

test('relations that hold samples of values, or statements of others, are refused while a mask holds', () => {
  expect(verdict(authority, select('pg_catalog.pg_stats', 'most_common_vals'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, statement({ accesses: [access('select', 'pg_catalog.pg_stats')] }))).toBe(
    'MASK_NOT_POSSIBLE',
  )
  expect(verdict(authority, select('pg_catalog.pg_stats', 'null_frac'))).toBe('permit')
  expect(verdict(authority, select('pg_catalog.pg_stat_activity', 'pid', 'state'))).toBe('permit')
  expect(verdict(authority, select('pg_catalog.pg_stat_activity', 'query'))).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, select('information_schema.COLUMN_STATISTICS', 'HISTOGRAM'))).toBe('MASK_NOT_POSSIBLE')
  const throughView = statement({ output: [output(source('pg_catalog.pg_statistic.stavalues1', 'derived'))] })
  expect(verdict(authority, throughView)).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authorityOf(everything), select('pg_catalog.pg_stats', 'most_common_vals'))).toBe('permit')
})

test('masked values are not given to files, programs, settings or functions that could keep them', () => {
  const notify: FunctionUse = { schema: 'pg_catalog', name: 'pg_notify', trust: 'sensitive' }
  const lower: FunctionUse = { schema: 'pg_catalog', name: 'lower', trust: 'harmless' }
  const reading = select('public.users', 'id', 'ssn')
  const discarded = { ...select('public.users', 'id'), accesses: [access('select', 'public.users', ['id', 'ssn'])] }
  expect(verdict(authority, { ...reading, functions: [notify] })).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, { ...discarded, functions: [notify] })).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, { ...reading, functions: [lower] })).toBe('permit')
  expect(verdict(authority, { ...select('public.users', 'id'), functions: [notify] })).toBe('permit')
  const handed = { action: 'set' as const, name: 'application_name', value: null }
  expect(verdict(authority, { ...reading, settings: [handed] })).toBe('MASKED_COLUMN_COPIED')
  expect(verdict(authority, statement({ action: 'set', settings: [handed] }))).toBe('permit')
  expect(verdict(authority, { ...reading, action: 'copy_to', files: ['/tmp/x'] })).toBe('MASK_NOT_POSSIBLE')
  expect(verdict(authority, { ...reading, programs: ['cat'] })).toBe('MASK_NOT_POSSIBLE')
})

test('what the server says is redacted wherever it could quote a masked row', () => {
  const redacts = (facts: StatementFacts, by = authority): boolean | string => {
    const decision = by.decide(facts)
    return decision.kind === 'deny' ? decision.code : decision.obligations.redactReports
  }
  const precise = authorityOf(`${everything}\nmasks: [{ columns: [public.users.ssn], with: redact }]`)
  const insert = (relation: string): StatementFacts =>
    statement({ action: 'insert', accesses: [access('insert', relation)] })
  expect(redacts(select('public.users', 'id'), precise)).toBe(true)
  expect(redacts(select('public.orders', 'id'), precise)).toBe(false)
  expect(redacts(insert('public.users'), precise)).toBe(true)
  expect(redacts(insert('public.orders'), precise)).toBe(true)
  expect(redacts(statement({ action: 'begin' }), precise)).toBe(false)
  expect(redacts(statement({ action: 'commit' }), precise)).toBe(true)
  expect(redacts(insert('public.orders'), authorityOf(everything))).toBe(false)
})

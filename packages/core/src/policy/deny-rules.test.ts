import { expect, test } from 'vitest'
import type { StatementFacts } from '../statement/facts.ts'
import { access, authorityOf, column, decider, output, select, source, statement, verdict } from './policy-fixtures.ts'

function under(deny: unknown, facts: StatementFacts): string {
  const all = {
    name: 'all',
    allow: { actions: ['*'], relations: ['*'], functions: ['*'], settings: ['*'], files: ['*'], programs: ['*'] },
  }
  return verdict(authorityOf(JSON.stringify({ rules: [all, { name: 'd', deny }] })), facts)
}

function on(action: string, relation: string | null, columns: readonly string[] | null = null): StatementFacts {
  return statement({ action, accesses: [access(action, relation, columns)] })
}

test('deny goes over allow, with the reason of the operator', () => {
  const authority = authorityOf(`rules:
  - { name: all, allow: { actions: ["*"], relations: ["*"] } }
  - { name: never, deny: { actions: [drop] }, reason: "Not for agents.\\n Open a change request." }
`)
  expect(authority.decide(on('drop_table', 'public.users'))).toEqual({
    kind: 'deny',
    code: 'DENIED_BY_RULE',
    rule: 'never',
    object: 'public.users',
    reason: 'Not for agents. Open a change request.',
    hint: 'Do not retry: drop_table on public.users is denied. Allowed here: * on *.',
  })
})

test('actions and relations must both hold for the same access', () => {
  const deny = { actions: ['write'], relations: ['public.users'] }
  expect(under(deny, on('update', 'public.users'))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'public.users'))).toBe('permit')
  const readsOne = statement({
    action: 'insert',
    accesses: [access('insert', 'public.log'), access('select', 'public.users')],
  })
  expect(under(deny, readsOne)).toBe('permit')
})

test('actions alone hold for any object, relations alone for any action', () => {
  expect(under({ actions: ['drop'] }, on('drop_frobnicator', null))).toBe('DENIED_BY_RULE')
  expect(under({ actions: ['set'] }, statement({ settings: [{ action: 'set', name: 'app.x', value: '1' }] }))).toBe(
    'DENIED_BY_RULE',
  )
  expect(under({ relations: ['public.vault'] }, on('lock', 'public.vault'))).toBe('DENIED_BY_RULE')
  expect(under({ relations: ['public.vault'] }, on('select', 'public.users'))).toBe('permit')
})

test('an unresolved name, or an object that could not be told, may be the one that is denied', () => {
  const deny = { relations: ['public.vault'] }
  expect(under(deny, on('select', 'vault'))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'other'))).toBe('permit')
  expect(under(deny, on('drop_table', null))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', null))).toBe('permit')
  expect(
    under(
      { functions: ['pg_catalog.pg_read_file'] },
      statement({ functions: [{ schema: null, name: 'pg_read_file', trust: 'unknown' }] }),
    ),
  ).toBe('DENIED_BY_RULE')
})

test('a schema is denied with its relations, and roles are in no schema', () => {
  expect(under({ relations: ['secret.*'] }, on('drop_schema', 'secret'))).toBe('DENIED_BY_RULE')
  expect(under({ relations: ['secret.*'] }, on('alter_role', 'bob'))).toBe('permit')
  expect(under({ relations: ['bob'] }, on('alter_role', 'bob'))).toBe('DENIED_BY_RULE')
})

test('a denied relation or column is found through views, by lineage', () => {
  const view = statement({
    accesses: [access('select', 'public.v', ['x'])],
    output: [output(source('public.vault.secret', 'derived'))],
  })
  expect(under({ relations: ['public.vault'] }, view)).toBe('DENIED_BY_RULE')
  expect(under({ columns: ['vault.secret'] }, view)).toBe('DENIED_BY_RULE')
  expect(under({ columns: ['vault.other'] }, view)).toBe('permit')
  expect(under({ actions: ['delete'], relations: ['public.vault'] }, view)).toBe('permit')
  const untraced = statement({ output: [{ name: null, sources: [], through: [], complete: false, reason: 'x' }] })
  expect(under({ columns: ['vault.secret'] }, untraced)).toBe('DENIED_BY_RULE')
})

test('a denied relation is found beneath a view or function that shows none of its columns', () => {
  const beneath = { accesses: [access('select', 'public.vault')], functions: [] }
  const counted = statement({ accesses: [access('select', 'public.v', ['n'])], output: [output()], beneath })
  expect(under({ relations: ['public.vault'] }, counted)).toBe('DENIED_BY_RULE')
  expect(under({ actions: ['delete'], relations: ['public.vault'] }, counted)).toBe('permit')
  expect(under({ relations: ['public.orders'] }, counted)).toBe('permit')
  const calls = {
    accesses: [],
    functions: [{ schema: 'pg_catalog', name: 'pg_read_file', trust: 'sensitive' as const }],
  }
  expect(under({ functions: ['pg_read_file'] }, statement({ beneath: calls }))).toBe('DENIED_BY_RULE')
})

test('columns are denied for reading, deciding and writing, or for the actions the rule names', () => {
  const deny = { columns: ['public.users.role'] }
  expect(under(deny, on('select', 'public.users', ['id']))).toBe('permit')
  expect(under(deny, on('select', 'public.users', []))).toBe('permit')
  expect(under(deny, on('select', 'public.users', ['id', 'role']))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'public.users'))).toBe('DENIED_BY_RULE')
  expect(under(deny, statement({ decides: [decider('public.users.role')] }))).toBe('DENIED_BY_RULE')
  const writes = [{ target: column('public.users.role'), sources: [], through: [], complete: true }]
  expect(under(deny, statement({ action: 'update', writes }))).toBe('DENIED_BY_RULE')
  const updates = { actions: ['update'], columns: ['public.users.role'] }
  expect(under(updates, select('public.users', 'role'))).toBe('permit')
  expect(under(updates, on('update', 'public.users', ['role']))).toBe('DENIED_BY_RULE')
  expect(under(updates, on('update', 'public.users', ['name']))).toBe('permit')
})

test('functions, settings, unbounded writes, files, programs and dynamic SQL are each enough', () => {
  const deny = {
    functions: ['dblink*'],
    settings: ['search_*'],
    unboundedWrites: true,
    files: true,
    programs: true,
    dynamicSql: true,
  }
  expect(under(deny, statement({}))).toBe('permit')
  expect(under(deny, statement({ functions: [{ schema: 'public', name: 'dblink_exec', trust: 'user' }] }))).toBe(
    'DENIED_BY_RULE',
  )
  expect(under(deny, statement({ settings: [{ action: 'set', name: 'search_path', value: 'x' }] }))).toBe(
    'DENIED_BY_RULE',
  )
  expect(under(deny, statement({ settings: [{ action: 'show', name: 'search_path', value: null }] }))).toBe('permit')
  expect(under(deny, statement({ settings: [{ action: 'reset', name: '*', value: null }] }))).toBe('DENIED_BY_RULE')
  expect(under(deny, { ...on('delete', 'public.a'), unboundedWrite: true })).toBe('DENIED_BY_RULE')
  expect(under(deny, statement({ files: ['/x'] }))).toBe('DENIED_BY_RULE')
  expect(under(deny, statement({ programs: ['x'] }))).toBe('DENIED_BY_RULE')
  expect(under(deny, statement({ dynamicSql: true }))).toBe('DENIED_BY_RULE')
  expect(under({ ...deny, actions: ['drop'] }, statement({ files: ['/x'] }))).toBe('DENIED_BY_RULE')
})

test('samples of columns and values out of line may be rows of a denied relation', () => {
  const deny = { relations: ['public.vault'] }
  expect(under(deny, on('select', 'pg_catalog.pg_stats', ['histogram_bounds']))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'pg_catalog.pg_statistic'))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'pg_toast.pg_toast_16400', ['chunk_data']))).toBe('DENIED_BY_RULE')
  expect(under(deny, on('select', 'pg_catalog.pg_stats', ['attname', 'n_distinct']))).toBe('permit')
  expect(under({ actions: ['drop'], relations: ['public.vault'] }, on('select', 'pg_catalog.pg_statistic'))).toBe(
    'permit',
  )
})

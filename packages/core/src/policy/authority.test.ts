import { expect, test } from 'vitest'
import type { SettingUse, StatementFacts } from '../statement/facts.ts'
import { access, agent, authorityOf, policyOf, select, statement, verdict } from './policy-fixtures.ts'

const reader = `rules:
  - name: read
    allow: { actions: [select], relations: [public.*] }
`
const anything = `rules:
  - name: all
    allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"], files: ["*"], programs: ["*"] }
`

function set(name: string, value: string | null, action: SettingUse['action'] = 'set'): StatementFacts {
  return statement({ action, settings: [{ action, name, value }] })
}

test('what no rule allows is denied, and the refusal names what is allowed', () => {
  const authority = authorityOf(reader)
  expect(authority.decide(select('public.orders', 'id'))).toEqual({
    kind: 'permit',
    rules: ['read'],
    obligations: { outputs: null, rowLimit: null, redactReports: false, clear: null },
  })
  expect(authority.decide(select('secret.vault', 'id'))).toEqual({
    kind: 'deny',
    code: 'NOT_ALLOWED',
    rule: 'default',
    object: 'secret.vault',
    reason: 'no rule allows select on secret.vault',
    hint: 'Allowed here: select on public.*.',
  })
  const write = authority.decide(statement({ action: 'delete', accesses: [access('delete', 'public.orders')] }))
  expect(write.kind === 'deny' && write.hint).toBe(
    'On public.orders only this is allowed: select. Do not retry; ask a person with the right to make this change.',
  )
})

test('every access must be covered by one rule that has both its action and its relation', () => {
  const authority = authorityOf(`rules:
  - { name: a, allow: { actions: [select], relations: [public.a] } }
  - { name: b, allow: { actions: [insert], relations: [public.b] } }
`)
  const copy = (from: string, to: string): StatementFacts =>
    statement({ action: 'insert', accesses: [access('insert', to), access('select', from)] })
  expect(verdict(authority, copy('public.a', 'public.b'))).toBe('permit')
  expect(verdict(authority, copy('public.b', 'public.a'))).toBe('NOT_ALLOWED')
})

test('a principal or target that no allow rule is for gets nothing, not even BEGIN', () => {
  const policy = policyOf(`rules:
  - name: read
    who: { groups: [dba], actors: ["cop*"], claims: { team.name: [data, "ops-*"] } }
    target: [shop, "stage-*"]
    allow: { actions: [select], relations: ["*"] }
`)
  const dba = { ...agent, groups: ['x', 'dba'], claims: { team: { name: ['web', 'ops-eu'] } } }
  const outcome = (principal: typeof agent, target: string): string =>
    verdict(policy.authorityFor(principal, target, 'postgres'), statement({ action: 'begin' }))
  expect(outcome(dba, 'shop')).toBe('permit')
  expect(outcome(dba, 'stage-2')).toBe('permit')
  expect(outcome(dba, 'prod')).toBe('NOT_ALLOWED')
  expect(outcome(agent, 'shop')).toBe('NOT_ALLOWED')
  expect(outcome({ ...dba, actor: null }, 'shop')).toBe('NOT_ALLOWED')
  expect(outcome({ ...dba, claims: {} }, 'shop')).toBe('NOT_ALLOWED')
  expect(outcome({ ...dba, claims: { team: { name: 'Data' } } }, 'shop')).toBe('NOT_ALLOWED')
  expect(outcome({ ...dba, claims: { 'team.name': 'data' } }, 'shop')).toBe('permit')
})

test('a claim whose name holds a dot is reached by quotes, and by nothing else', () => {
  const outcome = (path: string, claims: Readonly<Record<string, unknown>>): string =>
    verdict(
      policyOf(`rules:
  - { name: read, who: { claims: { '${path}': agents } }, allow: { actions: [select], relations: ["*"] } }
`).authorityFor({ ...agent, claims }, 'shop', 'postgres'),
      statement({ action: 'begin' }),
    )
  const claims = { 'kubernetes.io': { namespace: 'agents', pod: { 'a.b': 'agents' } } }
  expect(outcome('"kubernetes.io".namespace', claims)).toBe('permit')
  expect(outcome('"kubernetes.io".pod."a.b"', claims)).toBe('permit')
  expect(outcome('kubernetes.io.namespace', claims)).toBe('NOT_ALLOWED')
  expect(outcome('"kubernetes.io".namespace', { kubernetes: { io: { namespace: 'agents' } } })).toBe('NOT_ALLOWED')
})

test.each([
  ['public.*', 'public.users', 'permit'],
  ['public.*', 'users', 'NOT_ALLOWED'],
  ['*', 'users', 'permit'],
  ['*.users', 'app.users', 'permit'],
  ['*.users', 'users', 'NOT_ALLOWED'],
  ['users', 'app.users', 'permit'],
  ['users', 'users', 'permit'],
  ['PUBLIC.Users', 'public.users', 'permit'],
  ['public.users', 'public.Users', 'NOT_ALLOWED'],
  ['public."Users"', 'public.Users', 'permit'],
  ['"a.b"."c d"', 'x', 'NOT_ALLOWED'],
  ['public.us*s', 'public.users', 'permit'],
  ['public.us*s', 'public.user', 'NOT_ALLOWED'],
  ['public."us*s"', 'public.users', 'NOT_ALLOWED'],
  ['pub*.*_v*', 'public.my_view', 'permit'],
])('the pattern %s on the relation %s: %s', (pattern, relation, expected) => {
  const rule = JSON.stringify({ name: 'a', allow: { actions: ['select'], relations: [pattern] } })
  expect(verdict(authorityOf(`rules: [${rule}]`), select(relation))).toBe(expected)
})

test('in MySQL, allow takes relation names exactly and deny without regard to case', () => {
  const rules = `rules:
  - { name: a, allow: { actions: [select], relations: [shop.Users, shop.orders] } }
  - { name: d, deny: { relations: [shop.Orders] } }
`
  expect(verdict(authorityOf(rules, 'mysql'), select('shop.Users'))).toBe('permit')
  expect(verdict(authorityOf(rules, 'mysql'), select('shop.users'))).toBe('NOT_ALLOWED')
  expect(verdict(authorityOf(rules, 'mysql'), select('shop.orders'))).toBe('DENIED_BY_RULE')
})

test('transaction control and harmless session statements need no rule of their own, and can be denied', () => {
  for (const action of ['begin', 'commit', 'rollback', 'savepoint', 'release', 'rollback_to', 'show', 'deallocate']) {
    expect(verdict(authorityOf(reader), statement({ action }))).toBe('permit')
  }
  const denied = authorityOf(`${reader}  - { name: no-transactions, deny: { actions: [begin] } }`)
  expect(verdict(denied, statement({ action: 'begin' }))).toBe('DENIED_BY_RULE')
  for (const action of ['listen', 'prepare', 'lock', 'checkpoint', 'explain', 'never_heard_of']) {
    expect(verdict(authorityOf(reader), statement({ action }))).toBe('NOT_ALLOWED')
  }
})

test('definitions and rights whose object is not told are covered by a rule for every relation only', () => {
  const ddl = authorityOf('rules: [{ name: a, allow: { actions: [ddl, grant, write], relations: [public.*] } }]')
  expect(verdict(ddl, statement({ action: 'create_table', accesses: [access('create_table', 'public.t')] }))).toBe(
    'permit',
  )
  for (const action of ['alter_system', 'grant', 'drop_owned', 'delete', 'vacuum']) {
    expect(verdict(ddl, statement({ action }))).toBe('NOT_ALLOWED')
    expect(verdict(ddl, statement({ action, accesses: [access(action, null)] }))).toBe('NOT_ALLOWED')
    expect(verdict(authorityOf(anything), statement({ action }))).toBe('permit')
  }
  expect(verdict(ddl, statement({ action: 'drop_role', accesses: [access('drop_role', 'bob')] }))).toBe('NOT_ALLOWED')
})

test('functions that are not harmless need a rule', () => {
  const authority = authorityOf(`${reader}  - { name: f, allow: { functions: [app.*, pg_sleep] } }`)
  const call = (schema: string | null, name: string, trust: 'harmless' | 'user' | 'unknown' | 'sensitive'): string =>
    verdict(authority, statement({ functions: [{ schema, name, trust }] }))
  expect(call('pg_catalog', 'lower', 'harmless')).toBe('permit')
  expect(call('app', 'tier', 'user')).toBe('permit')
  expect(call('pg_catalog', 'pg_sleep', 'sensitive')).toBe('permit')
  expect(call(null, 'pg_sleep', 'unknown')).toBe('permit')
  expect(call(null, 'tier', 'unknown')).toBe('NOT_ALLOWED')
  expect(call('pg_catalog', 'pg_read_file', 'sensitive')).toBe('NOT_ALLOWED')
})

test('settings that drivers send need no rule; others do; set_config is read like SET', () => {
  const authority = authorityOf(`${reader}  - { name: s, allow: { settings: [app.*] } }`)
  for (const name of ['datestyle', 'timezone', 'extra_float_digits', 'application_name', 'statement_timeout']) {
    expect(verdict(authority, set(name, 'x'))).toBe('permit')
  }
  expect(verdict(authority, set('app.tenant', '1'))).toBe('permit')
  expect(verdict(authority, set('search_path', 'x'))).toBe('NOT_ALLOWED')
  expect(verdict(authority, set('search_path', null, 'show'))).toBe('permit')
  expect(verdict(authority, set('*', null, 'reset'))).toBe('permit')
  const setConfig = { schema: 'pg_catalog', name: 'set_config', trust: 'sensitive' as const }
  expect(verdict(authority, { ...set('jit', 'off'), action: 'select', functions: [setConfig] })).toBe('permit')
  expect(verdict(authority, { ...set('search_path', 'x'), action: 'select', functions: [setConfig] })).toBe(
    'NOT_ALLOWED',
  )
  expect(verdict(authority, statement({ functions: [setConfig] }))).toBe('NOT_ALLOWED')
})

test('set_config of role is SET ROLE, and a rule for every setting does not cover it', () => {
  const settings = authorityOf('rules: [{ name: a, allow: { actions: [select], settings: ["*"] } }]')
  expect(verdict(settings, set('role', 'postgres'))).toBe('NOT_ALLOWED')
  expect(verdict(settings, set('session_authorization', null))).toBe('NOT_ALLOWED')
  const roles = authorityOf('rules: [{ name: a, allow: { actions: [set_role], relations: [readers] } }]')
  expect(verdict(roles, set('role', 'readers'))).toBe('permit')
  expect(verdict(roles, set('role', 'postgres'))).toBe('NOT_ALLOWED')
  expect(verdict(roles, set('role', null))).toBe('NOT_ALLOWED')
  const denied = authorityOf(`${anything}  - { name: d, deny: { actions: [set_role] } }`)
  expect(verdict(denied, set('role', 'readers'))).toBe('DENIED_BY_RULE')
})

test('settings that change how text is read are pinned whatever the policy says', () => {
  const authority = authorityOf(anything)
  for (const [name, value] of [
    ['standard_conforming_strings', 'off'],
    ['standard_conforming_strings', null],
    ['client_encoding', 'LATIN1'],
    ['client_encoding', 'sjis'],
    ['backslash_quote', 'on'],
    ['*', 'x'],
  ] as const) {
    expect(authority.decide(set(name, value))).toMatchObject({ code: 'PINNED_SETTING', rule: 'gateway' })
  }
  expect(verdict(authority, set('standard_conforming_strings', null, 'reset'))).toBe('PINNED_SETTING')
  expect(verdict(authority, set('standard_conforming_strings', 'on'))).toBe('permit')
  expect(verdict(authority, set('client_encoding', 'UTF8'))).toBe('permit')
  expect(verdict(authority, set('client_encoding', null, 'show'))).toBe('permit')
  const mysql = authorityOf(anything, 'mysql')
  expect(verdict(mysql, set('names', 'gbk'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('explain_format', 'JSON'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('names', 'utf8mb4'))).toBe('permit')
  expect(verdict(mysql, set('names', '@saved'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('sql_mode', 'ANSI_QUOTES,ORACLE'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('character_set_client', null))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('character_set_client', null, 'reset'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('character_set_client', '@@character_set_client'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('character_set_client', '@saved'))).toBe('permit')
  expect(verdict(mysql, set('sql_mode', '@old_sql_mode'))).toBe('permit')
  expect(verdict(mysql, set('sql_mode', '@mode'))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('sql_mode', null))).toBe('PINNED_SETTING')
  expect(verdict(mysql, set('sql_mode', null, 'reset'))).toBe('permit')
})

test('files and programs need a rule, and a path that climbs is covered by a rule for every file only', () => {
  const authority = authorityOf(`rules:
  - { name: a, allow: { actions: [copy_from], relations: [public.*], files: [/srv/in/*], programs: ["gzip -dc /srv/a.gz"] } }
`)
  const copy = (facts: Partial<StatementFacts>): string =>
    verdict(authority, statement({ action: 'copy_from', accesses: [access('copy_from', 'public.t')], ...facts }))
  expect(copy({ files: ['/srv/in/a.csv'] })).toBe('permit')
  expect(copy({ files: ['/srv/in/../../etc/passwd'] })).toBe('NOT_ALLOWED')
  expect(copy({ files: ['/etc/passwd'] })).toBe('NOT_ALLOWED')
  expect(copy({ programs: ['gzip -dc /srv/a.gz'] })).toBe('permit')
  expect(copy({ programs: ['gzip -dc /srv/a.gz; id'] })).toBe('NOT_ALLOWED')
})

test('what was not understood, and dynamic SQL, run only under a rule that allows anything, with nothing denied or masked', () => {
  const unread = statement({ complete: false, reason: 'new syntax' })
  const dynamic = statement({ action: 'do', dynamicSql: true })
  const deny = '  - { name: d, deny: { actions: [drop] } }\n'
  const elsewhere = '  - { name: d, target: other, deny: { actions: [drop] } }\n'
  const mask = 'masks: [{ columns: [a.b], with: redact }]\n'
  for (const facts of [unread, dynamic]) {
    expect(verdict(authorityOf(anything), facts)).toBe('permit')
    expect(verdict(authorityOf(anything + elsewhere), facts)).toBe('permit')
    expect(verdict(authorityOf(anything + deny), facts)).toBe('NOT_UNDERSTOOD')
    expect(verdict(authorityOf(anything + mask), facts)).toBe('NOT_UNDERSTOOD')
    expect(verdict(authorityOf(reader), facts)).toBe('NOT_UNDERSTOOD')
  }
  const pieces = authorityOf(`rules:
  - { name: a, allow: { actions: ["*"], relations: ["*"] } }
  - { name: b, allow: { functions: ["*"] } }
`)
  expect(verdict(pieces, unread)).toBe('NOT_UNDERSTOOD')
})

test('limits add up: the smallest of those that hold', () => {
  const authority = authorityOf(`${reader}
limits:
  - { name: wide, rowsPerStatement: 1000 }
  - { name: narrow, rowsPerStatement: 10, statementsPerMinute: 60 }
  - { name: not-here, target: other, rowsPerStatement: 1, statementsPerMinute: 1 }
`)
  expect(authority.statementsPerMinute).toEqual({ limit: 60, rule: 'narrow' })
  expect(authority.decide(select('public.orders', 'id'))).toMatchObject({
    obligations: { rowLimit: { rows: 10, rule: 'narrow' } },
  })
  expect(authority.decide(statement({ action: 'begin' }))).toMatchObject({ obligations: { rowLimit: null } })
})

test('principals for whom the same rules hold share one authority', () => {
  const policy = policyOf(reader)
  const first = policy.authorityFor(agent, 'shop', 'postgres')
  expect(policy.authorityFor({ ...agent, subject: 'other' }, 'shop', 'postgres')).toBe(first)
  expect(policy.authorityFor(agent, 'shop', 'mysql')).not.toBe(first)
})

test('an error while deciding is a denial', () => {
  const broken = statement({})
  Object.defineProperty(broken, 'accesses', {
    get() {
      throw new Error('broken')
    },
  })
  expect(verdict(authorityOf(anything), broken)).toBe('DECISION_FAILED')
})

test('an actor of before can be denied, and can be given nothing', () => {
  const policy = policyOf(`rules:
  - { name: read, who: { actors: [copilot] }, allow: { actions: [select], relations: ["*"] } }
  - { name: tainted, who: { priorActors: ["web-*"] }, deny: { actions: [select] } }
`)
  const outcome = (principal: Partial<typeof agent>): string =>
    verdict(
      policy.authorityFor({ ...agent, actor: 'copilot', ...principal }, 'shop', 'postgres'),
      statement({ accesses: [access('select', 'public.a')] }),
    )
  expect(outcome({})).toBe('permit')
  expect(outcome({ priorActors: ['planner'] })).toBe('permit')
  expect(outcome({ priorActors: ['planner', 'web-reader'] })).toBe('DENIED_BY_RULE')
  expect(outcome({ actor: 'web-reader', priorActors: ['copilot'] })).toBe('NOT_ALLOWED')
})

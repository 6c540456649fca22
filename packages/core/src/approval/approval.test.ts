import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ApprovalNeed } from '../policy/approval-need.ts'
import { access, agent, authorityOf, statement } from '../policy/policy-fixtures.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'
import { clear } from './approved.ts'
import { doingsOf, type Grant, grantCovers } from './grant.ts'
import { type AskedStatement, requestKey } from './request-key.ts'

const update = statement({
  action: 'update',
  accesses: [access('update', 'public.orders'), access('select', 'public.orders')],
})
const text = (...statements: StatementFacts[]): TextFacts => ({ statements, fingerprint: 'aaaaaaaaaaaaaaaa' })

function needOf(policy: string): ApprovalNeed {
  const decision = authorityOf(policy).decide(update)
  if (decision.kind !== 'ask') throw new Error(decision.kind)
  return decision.approval
}
const READS = '{ name: reads, allow: { actions: [select], relations: [public.*] } }'
const need = needOf(`rules: [${READS}, { name: writes, approve: { actions: [update], by: { groups: [dba] } } }]`)

const asked: AskedStatement = {
  principal: agent,
  target: 'shop',
  engine: 'postgres',
  text: 'update orders set paid = $1',
  parameters: ['a', null, Buffer.from('b')],
  parameterTypes: [23],
  settings: { DateStyle: 'ISO, MDY' },
  unmasked: [],
  facts: text(update),
  need,
}

test.each<[string, Partial<AskedStatement>]>([
  ['who', { principal: { ...agent, actor: null } }],
  ['issuer', { principal: { ...agent, issuer: 'https://other.example.com' } }],
  ['target', { target: 'other' }],
  ['engine', { engine: 'mysql' }],
  ['text', { text: 'update orders set paid = $2' }],
  ['no values', { parameters: null }],
  ['another value', { parameters: ['a', null, Buffer.from('c')] }],
  ['text for bytes', { parameters: ['a', null, 'b'] }],
  ['an empty text for NULL', { parameters: ['a', '', Buffer.from('b')] }],
  ['type', { parameterTypes: [700] }],
  ['setting of its session', { settings: { DateStyle: 'ISO, DMY' } }],
  ['masked column in clear', { unmasked: ['public.users.ssn'] }],
  ['setting more', { settings: { DateStyle: 'ISO, MDY', role: 'admin' } }],
  ['what names mean', { facts: text({ ...update, accesses: [access('update', 'evil.orders')] }) }],
  [
    'what is beneath',
    { facts: text({ ...update, beneath: { accesses: [access('delete', 'public.orders')], functions: [] } }) },
  ],
  ['who must approve', { need: { ...need, rules: need.rules.map((rule) => ({ ...rule, approvals: 2 })) } }],
])('a request is another one where it differs in: %s', (_, other) => {
  expect(requestKey({ ...asked, ...other })).not.toBe(requestKey(asked))
  const permission = { kind: 'approval', id: 'A1', key: requestKey(asked) } as const
  expect(clear(permission, { ...asked, ...other })).toBeNull()
  expect(clear(permission, asked)?.id).toBe('A1')
})

test('no two lists of values have one key, however they are cut', () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.string({ unit: fc.constantFrom('t', 'b', '1', ':', 'null;'), maxLength: 4 }),
    fc.uint8Array({ maxLength: 2 }),
  )
  const values = fc.array(value, { maxLength: 4 })
  fc.assert(
    fc.property(values, values, (left, right) => {
      const tagged = (list: typeof left): string =>
        JSON.stringify(list.map((one) => (one instanceof Uint8Array ? [...one] : one)))
      const same = tagged(left) === tagged(right)
      expect(requestKey({ ...asked, parameters: left }) === requestKey({ ...asked, parameters: right })).toBe(same)
    }),
    { numRuns: 2_000 },
  )
})

const grant = (covers: Grant['covers']): Grant => ({
  id: 'G1',
  principal: agent,
  target: 'shop',
  covers,
  rules: ['writes'],
  until: 1000,
})
const shape = grant({
  kind: 'fingerprint',
  fingerprint: 'aaaaaaaaaaaaaaaa',
  actions: doingsOf(text(update)),
  relations: [],
  settings: { DateStyle: 'ISO, MDY' },
})
const actions = grant({ kind: 'actions', actions: ['update'], relations: ['public.orders'] })

test('a grant holds for its principal, target, rules and time, and clears what it covers', () => {
  for (const one of [shape, actions]) {
    expect(clear({ kind: 'grant', grant: one, now: 999 }, asked)?.id).toBe('G1')
    expect(grantCovers(one, asked, 1000)).toBe(false)
    expect(grantCovers(one, asked, Number.NaN)).toBe(false)
    expect(grantCovers(one, { ...asked, target: 'other' }, 0)).toBe(false)
    expect(grantCovers(one, { ...asked, principal: { ...agent, subject: 'eve' } }, 0)).toBe(false)
    expect(grantCovers(one, { ...asked, principal: { ...agent, actor: 'other' } }, 0)).toBe(false)
    expect(grantCovers({ ...one, rules: ['another'] }, asked, 0)).toBe(false)
  }
})

test('a grant by shape is for the same doings: a table of the same name elsewhere is not covered', () => {
  const elsewhere = text({ ...update, accesses: [access('update', 'evil.orders')] })
  expect(grantCovers(shape, { ...asked, facts: elsewhere }, 0)).toBe(false)
  expect(grantCovers(shape, { ...asked, facts: { ...text(update), fingerprint: 'bbbbbbbbbbbbbbbb' } }, 0)).toBe(false)
})

test.each<[string, Partial<StatementFacts>]>([
  ['another action', { accesses: [access('update', 'public.orders'), access('delete', 'public.orders')] }],
  ['another relation', { accesses: [access('update', 'public.orders'), access('update', 'public.users')] }],
  ['a name that could not be told', { accesses: [access('update', 'orders')] }],
  ['a write beneath', { beneath: { accesses: [access('delete', 'public.log')], functions: [] } }],
  ['every row', { unboundedWrite: true }],
  ['a function', { functions: [{ schema: 'app', name: 'pay', trust: 'user' }] }],
  ['dynamic SQL', { dynamicSql: true }],
  ['what was not understood', { complete: false }],
])('a grant of an action on a relation does not cover: %s', (_, other) => {
  expect(grantCovers(actions, asked, 0)).toBe(true)
  expect(grantCovers(actions, { ...asked, facts: text({ ...update, ...other }) }, 0)).toBe(false)
  expect(grantCovers(actions, { ...asked, facts: text(update, { ...update, ...other }) }, 0)).toBe(false)
})

test('where a rule asks about reading, a grant to write does not cover what is read', () => {
  const both = needOf('rules: [{ name: writes, approve: { actions: [update, select], by: { groups: [dba] } } }]')
  expect(grantCovers(actions, { ...asked, need: both }, 0)).toBe(false)
  const reads = grant({ kind: 'actions', actions: ['update', 'select'], relations: ['public.orders'] })
  expect(grantCovers(reads, { ...asked, need: both }, 0)).toBe(true)
})

test('a setting of the server is no value that a session has put aside', () => {
  for (const name of ['timezone', 'global.max_connections']) {
    const shown = { ...asked, facts: text({ ...update, settings: [{ action: 'show', name, value: null }] }) }
    expect(clear({ kind: 'approval', id: 'A1', key: requestKey(shown) }, shown)).not.toBeNull()
  }
})

test('what is run by a name, or with values that a session has put aside, is approved by no yes and no grant', () => {
  for (const one of [
    { ...update, action: 'execute' },
    { ...update, action: 'explain', accesses: [...update.accesses, access('execute', null)] },
    { ...update, names: { prepared: null, cursor: 'c' } },
    { ...update, action: 'fetch' },
    { ...update, functions: [{ schema: null, name: 'LAST_INSERT_ID', trust: 'harmless' as const }] },
    { ...update, settings: [{ action: 'show' as const, name: '@id', value: null }] },
    { ...update, settings: [{ action: 'show' as const, name: 'app.id', value: null }] },
  ]) {
    const named = { ...asked, facts: text(one) }
    expect(clear({ kind: 'approval', id: 'A1', key: requestKey(named) }, named)).toBeNull()
    const same = grant({
      kind: 'fingerprint',
      fingerprint: 'aaaaaaaaaaaaaaaa',
      actions: doingsOf(text(one)),
      relations: [],
      settings: asked.settings,
    })
    expect(grantCovers(same, named, 0)).toBe(false)
    expect(grantCovers(actions, named, 0)).toBe(false)
  }
})

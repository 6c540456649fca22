import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Authority } from '../policy/authority.ts'
import { access, agent, authorityOf, column, decider, select, statement } from '../policy/policy-fixtures.ts'
import type { StatementFacts } from '../statement/facts.ts'
import { type ApprovalRequest, approvalRequest } from './approval-request.ts'
import { mayDecide } from './may-decide.ts'
import { riskOf } from './risk.ts'

const authority = authorityOf(`rules:
  - { name: all, approve: { actions: ["*"], by: { groups: [dba] }, approvals: 2, graceSeconds: 60 } }
masks:
  - { name: ssn, columns: [users.ssn], with: redact, predicates: equality }
`)
const update = (relation: string, ...columns: string[]): StatementFacts =>
  statement({
    action: 'update',
    accesses: [access('update', relation, columns)],
    writes: columns.map((name) => ({
      target: column(`${relation}.${name}`),
      sources: [],
      through: [],
      complete: true,
    })),
  })

function requestFor(
  facts: StatementFacts,
  parameters: readonly (string | null | Uint8Array)[],
  text = 'x',
  by: Authority = authority,
): ApprovalRequest | string {
  const decision = by.decide(facts)
  if (decision.kind !== 'ask') throw new Error(decision.kind)
  const sheet = { statements: [facts], fingerprint: 'aaaaaaaaaaaaaaaa' }
  const asked = {
    principal: agent,
    target: 'shop',
    engine: 'postgres' as const,
    text,
    parameters,
    parameterTypes: [],
    settings: { TimeZone: 'UTC' },
    unmasked: [],
  }
  return approvalRequest({ ...asked, facts: sheet, need: decision.approval }, by, 12)
}

test('a request shows who, what, with which values, what is at stake and who may decide', () => {
  const request = requestFor(update('public.orders', 'paid'), ['7', null, Buffer.from([1, 255])])
  expect(request).toMatchObject({
    principal: { subject: agent.subject, actor: agent.actor, groups: agent.groups },
    statement: {
      parameters: ['7', null, '\\x01ff'],
      actions: ['update'],
      relations: ['public.orders'],
      doings: ['update', 'update on public.orders'],
    },
    estimatedRows: 12,
    rules: ['all'],
    by: [{ rule: 'all', groups: ['dba'], subjects: [] }],
    approvalsNeeded: 2,
    graceSeconds: 60,
  })
  expect(request).not.toHaveProperty('principal.claims')
})

test('values that may be of a masked column are not shown, wherever they meet it', () => {
  const meets = [
    update('public.users', 'ssn'),
    { ...update('public.orders', 'paid'), decides: [decider('public.users.ssn', 'equality')] },
    statement({ action: 'insert', accesses: [access('insert', 'public.users')] }),
  ]
  for (const facts of meets) {
    expect(requestFor(facts, ['078-05-1120', null])).toMatchObject({ statement: { parameters: ['[masked]', null] } })
  }
  for (const facts of [update('public.users', 'name'), select('public.users', 'ssn')]) {
    expect(requestFor(facts, ['7'])).toMatchObject({ statement: { parameters: ['7'] } })
  }
})

test('what cannot be shown whole cannot be asked for', () => {
  const orders = update('public.orders', 'paid')
  expect(requestFor(orders, [], 'ä'.repeat(32_769))).toContain('too long to be shown')
  expect(requestFor({ ...orders, action: 'execute' }, [])).toContain('people would not see')
  expect(requestFor(orders, ['x'.repeat(65_537)])).toContain('too many to be shown')
  expect(
    requestFor(
      orders,
      Array.from({ length: 1_001 }, () => null),
    ),
  ).toContain('too many to be shown')
  expect(
    typeof requestFor(
      orders,
      Array.from({ length: 1_000 }, () => 'x'),
      'x'.repeat(65_536),
    ),
  ).toBe('object')
})

const bob = { issuer: 'i', subject: 'bob@example.com', actor: null, groups: ['dba'] }
const by = [{ rule: 'r', groups: ['dba'], subjects: [] }]
const principal = { issuer: 'i', subject: 'ada@example.com', actor: 'copilot' }

test.each([
  ['as the subject', { ...bob, subject: 'ada@example.com' }],
  ['as the subject, by another issuer', { ...bob, issuer: 'j', subject: 'Ada@Example.com' }],
  ['as the agent', { ...bob, subject: 'copilot' }],
  ['through the agent', { ...bob, actor: 'copilot' }],
  ['as an agent of the subject', { ...bob, actor: 'ada@example.com' }],
])('nobody decides on their own request: %s', (_, approver) => {
  expect(mayDecide(approver, { principal, by })?.code).toBe('OWN_REQUEST')
  expect(mayDecide(bob, { principal, by })).toBeNull()
})

test('an approver satisfies every rule, in all that it wants, and a request that names nobody has no approver', () => {
  const may = (...rules: { groups: string[]; subjects: string[] }[]): boolean =>
    mayDecide(bob, { principal, by: rules.map((rule) => ({ rule: 'r', ...rule })) }) === null
  expect(may({ groups: ['d*'], subjects: ['*@example.com'] })).toBe(true)
  expect(may({ groups: ['dba'], subjects: [] }, { groups: ['sre'], subjects: [] })).toBe(false)
  expect(may({ groups: ['dba'], subjects: ['eve@example.com'] })).toBe(false)
  expect(may({ groups: [], subjects: [] })).toBe(false)
  expect(may()).toBe(false)
  const told = mayDecide(bob, { principal, by: [{ rule: 'r', groups: ['sre', 'owners'], subjects: [] }] })
  expect(told?.reason).toBe('the rule r wants someone of sre or owners to decide')
})

test('the riskiest comes first: whole tables, many rows, changes, new rows, the rest', () => {
  const risk = (facts: Partial<StatementFacts>, rows: number | null = null): number =>
    riskOf({ statements: [statement(facts)], fingerprint: '' }, rows)
  const order = [
    risk({ action: 'drop_table' }),
    risk({ action: 'update' }, 50_000),
    risk({ action: 'update' }, 1_001),
    risk({ action: 'delete' }, 1_000),
    risk({ action: 'alter_table' }),
    risk({ action: 'insert' }),
    risk({ action: 'select' }),
  ]
  expect(order.toSorted((left, right) => right - left)).toEqual(order)
  expect(new Set(order).size).toBe(order.length)
  for (const whole of [{ unboundedWrite: true }, { complete: false }, { dynamicSql: true }, { action: 'truncate' }]) {
    expect(risk(whole)).toBeGreaterThan(risk({ action: 'update' }, 1e12))
  }
  fc.assert(fc.property(fc.double(), (rows) => Number.isSafeInteger(risk({ action: 'update' }, rows))))
})

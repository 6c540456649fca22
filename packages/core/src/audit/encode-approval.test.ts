import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { access, agent, authorityOf, statement } from '../policy/policy-fixtures.ts'
import type { TextFacts } from '../statement/facts.ts'
import {
  encodeAdminAction,
  encodeApprovalAsked,
  encodeApprovalDecided,
  encodeApprovalEnded,
} from './encode-approval.ts'
import { encodeSessionPart } from './encode-record.ts'
import type { AuditRecord } from './record.ts'

const update = statement({ action: 'update', accesses: [access('update', 'public.orders')] })
const facts: TextFacts = { statements: [update], fingerprint: 'aaaaaaaaaaaaaaaa' }
const part = encodeSessionPart({ id: 's-1', principal: agent, target: 'shop', engine: 'postgres' })
const decision = authorityOf(
  'rules: [{ name: writes, approve: { actions: [update], by: { groups: [dba] }, approvals: 2 } }]',
).decide(update)
const need = decision.kind === 'ask' ? decision.approval : null

const { subject, actor, groups, issuer } = agent
const who = { subject, actor, groups, issuer }
const bob = { subject: 'bob@example.com', actor: null, groups: ['dba'], issuer: 'https://login.example.com' }

function read(members: string): AuditRecord {
  expect(members).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/u)
  return JSON.parse(`{${members}}`) as AuditRecord
}

test('the records of a request say who asked what, who decided how, and what became of it', () => {
  if (need === null) throw new Error('it asks nobody')
  const asked = { approval: 'A1', joined: false, need, estimatedRows: 12, unmasked: ['public.users.ssn'] }
  const statement = { text: 'update orders set paid = $1', parameters: ['t'], redacted: null }
  expect(read(encodeApprovalAsked(part, statement, facts, asked))).toEqual({
    kind: 'approval_asked',
    session: 's-1',
    principal: who,
    target: 'shop',
    engine: 'postgres',
    statement: { text: 'update orders set paid = $1', parameters: ['t'], fingerprint: 'aaaaaaaaaaaaaaaa' },
    actions: ['update'],
    relations: ['public.orders'],
    approval: {
      id: 'A1',
      joined: false,
      rules: ['writes'],
      wanted: 2,
      holdSeconds: 120,
      estimatedRows: 12,
      unmasked: ['public.users.ssn'],
    },
  })
  const decided = {
    approval: 'A1',
    verdict: 'approve',
    by: bob,
    reason: null,
    through: 'page',
    have: 1,
    wanted: 2,
    state: 'pending',
    requester: agent,
    target: 'shop',
    engine: 'postgres',
  } as const
  expect(read(encodeApprovalDecided(decided))).toEqual({
    kind: 'approval_decided',
    principal: who,
    target: 'shop',
    engine: 'postgres',
    approval: {
      id: 'A1',
      verdict: 'approve',
      by: bob,
      through: 'page',
      reason: null,
      have: 1,
      wanted: 2,
      state: 'pending',
    },
  })
  const said = {
    verdict: 'approve',
    by: { issuer: 'i', subject: 'bob', actor: null },
    through: 'page',
    reason: null,
  } as const
  const ended = {
    approval: 'A1',
    state: 'voided',
    why: 'policy_changed',
    heldMicroseconds: 1.4,
    decisions: [said],
  } as const
  expect(read(encodeApprovalEnded(part, ended))).toMatchObject({
    kind: 'approval_ended',
    session: 's-1',
    approval: { id: 'A1', state: 'voided', reason: 'policy_changed', held_us: 1, decisions: [said] },
  })
  expect(read(encodeAdminAction({ action: 'grant_revoked', by: bob, object: 'G1', reason: 'done' }))).toEqual({
    kind: 'admin_action',
    admin: { action: 'grant_revoked', by: bob, object: 'G1', reason: 'done' },
  })
})

test('no words of a person break a record', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.double(), (text, number) => {
      const by = { subject: text, actor: text, groups: [text], issuer: text }
      read(encodeAdminAction({ action: text, by, object: text, reason: text }))
      const said = { verdict: 'refuse', by, through: text, reason: text } as const
      const ended = {
        approval: text,
        state: 'refused',
        why: text,
        heldMicroseconds: number,
        decisions: [said],
      } as const
      expect(read(encodeApprovalEnded(part, ended)).approval?.['decisions']).toMatchObject([{ reason: text }])
      const rest = { through: text, have: number, wanted: number, state: text, target: text } as const
      const decided = { approval: text, verdict: 'refuse', by, reason: text, requester: by, engine: 'mysql' } as const
      expect(read(encodeApprovalDecided({ ...decided, ...rest })).approval?.reason).toBe(text)
    }),
  )
})

import type { AuditRecord } from '@gatehouse/core'
import { expect, test } from 'vitest'
import { timelineOf } from './session-timeline.ts'

let seq = 0
const record = (kind: string, more: object = {}): AuditRecord =>
  ({
    seq: ++seq,
    time: new Date(seq * 1000).toISOString(),
    kind,
    session: 's',
    target: 'shop',
    engine: 'postgres',
    ...more,
  }) as AuditRecord
const sql = (text: string): object => ({ statement: { text, parameters: [], fingerprint: null } })
const decision = (effect: string, approval: string | null, code?: string): object => ({
  decision: { effect, rule: 'r', approval, ...(code === undefined ? {} : { code }) },
})
const told = (records: readonly AuditRecord[]): ReturnType<typeof timelineOf>['statements'] =>
  timelineOf({ session: 's', engine: 'postgres', records, chunks: [], removed: new Map(), omitted: 0 }).statements

test('a statement that was held is one with the question to people, whether they said yes or no, or nobody did', () => {
  seq = 0
  const by = { verdict: 'refuse', by: { subject: 'dana' }, through: 'page', reason: 'no' }
  const statements = told([
    record('session_start'),
    record('approval_asked', { ...sql('alter'), approval: { id: 'A' } }),
    record('approval_ended', { approval: { id: 'A', state: 'approved', decisions: [{ ...by, verdict: 'approve' }] } }),
    record('intent', { ...sql('alter'), ...decision('permit', 'A') }),
    record('outcome', { statement: { intent: 4 }, outcome: { rows: 1, bytes: 0, error: null, duration_us: 5 } }),
    record('approval_asked', { ...sql('update'), approval: { id: 'B' } }),
    record('approval_ended', { approval: { id: 'B', state: 'refused', decisions: [by] } }),
    record('intent', { ...sql('update'), ...decision('deny', null, 'APPROVAL_REFUSED') }),
    record('approval_asked', { ...sql('delete'), approval: { id: 'C' } }),
    record('approval_ended', { approval: { id: 'C', state: 'voided', decisions: 'broken' } }),
    record('approval_asked', { ...sql('drop'), approval: { id: 'D' } }),
  ])
  expect(statements.map(({ seq: of, state, held }) => [of, state, held?.state])).toEqual([
    [4, 'done', 'approved'],
    [8, 'refused', 'refused'],
    [9, 'refused', 'voided'],
    [11, 'unknown', 'pending'],
  ])
  expect(statements[1]?.held).toEqual({
    approval: 'B',
    from: '1970-01-01T00:00:06.000Z',
    until: '1970-01-01T00:00:07.000Z',
    state: 'refused',
    decisions: [{ subject: 'dana', verdict: 'refuse', reason: 'no', through: 'page' }],
  })
  expect(statements[1]?.code).toBe('APPROVAL_REFUSED')
})

test('a refusal that nobody was asked about takes no other statement’s question', () => {
  seq = 0
  const statements = told([
    record('approval_asked', { ...sql('update'), approval: { id: 'A' } }),
    record('approval_ended', { approval: { id: 'A', state: 'timeout', decisions: [] } }),
    record('intent', { ...sql('drop'), ...decision('deny', null, 'NOT_ALLOWED') }),
  ])
  expect(statements.map(({ text, held }) => [text, held?.state])).toEqual([
    ['update', 'timeout'],
    ['drop', undefined],
  ])
})

test('a long text is cut, and says so', () => {
  seq = 0
  const [statement] = told([record('intent', { ...sql('x'.repeat(5000)), ...decision('permit', null) })])
  expect(statement).toMatchObject({ textCut: true, state: 'unknown' })
  expect(statement?.text).toHaveLength(400)
})

import { expect, test } from 'vitest'
import { type Approved, clear } from '../approval/approved.ts'
import { requestKey } from '../approval/request-key.ts'
import { encodeSessionPart } from '../audit/encode-record.ts'
import { DEFAULT_RECORD_LIMITS } from '../audit/encode-statement.ts'
import { DEFAULT_REDACTION } from '../audit/record-redactor.ts'
import { NO_PART } from '../audit/record-part.ts'
import type { AuditRecord } from '../audit/record.ts'
import { access, agent, policyOf, statement } from '../policy/policy-fixtures.ts'
import type { TextFacts } from '../statement/facts.ts'
import { Gate } from './gate.ts'
import type { Judgement } from './judgement.ts'
import { RateLimiter } from './rate-limit.ts'

const UPDATE: TextFacts = {
  statements: [statement({ action: 'update', accesses: [access('update', 'public.orders')] })],
  fingerprint: 'aaaaaaaaaaaaaaaa',
}
const TEXT = 'update orders set paid = true where id = $1'
const ASKS = 'rules: [{ name: writes, approve: { actions: [update], by: { groups: [dba] } } }]'

/** A gate under a policy, and what it recorded. */
class Scene {
  readonly records: Partial<AuditRecord>[] = []
  readonly policy = { current: policyOf(ASKS) }
  readonly session = { id: 's-1', principal: agent, target: 'shop', engine: 'postgres' as const }
  readonly gate = new Gate<object>(
    { ...this.session, credential: null, encoded: encodeSessionPart(this.session) },
    {
      reader: {
        inlineLimitBytes: 1,
        read: () => ({ kind: 'read', facts: UPDATE, forwardText: null }),
        readLarge: () => Promise.resolve({ kind: 'read', facts: UPDATE, forwardText: null }),
        withoutLiterals: () => null,
      },
      policy: this.policy,
      trail: {
        append: (members, before = NO_PART, after = NO_PART) =>
          this.records.push(JSON.parse(`{${before.text}${members}${after.text}}`) as Partial<AuditRecord>),
        owe: () => undefined,
        commit: () => undefined,
      },
      rates: new RateLimiter(),
      clock: { now: () => 0, monotonic: () => 0 },
      recordLimits: DEFAULT_RECORD_LIMITS,
      redaction: DEFAULT_REDACTION,
      observer: null,
    },
  )

  /** A clearance for the text with these values, as people approved it. */
  cleared(judgement: Judgement, parameters: readonly string[]): Approved {
    if (judgement.facts === null || judgement.approval === null) throw new Error('it needs no approval')
    const { facts, approval: need } = judgement
    const asked = {
      ...this.session,
      text: TEXT,
      parameters,
      parameterTypes: [],
      settings: {},
      unmasked: [],
      facts,
      need,
    }
    const clearance = clear({ kind: 'approval', id: 'A1', key: requestKey(asked) }, asked)
    if (clearance === null) throw new Error('it was not cleared')
    return clearance
  }
}

test('a statement that needs approval is refused, and recorded as refused, without a clearance', () => {
  const { gate, records } = new Scene()
  const judgement = gate.judgeFacts(UPDATE)
  expect(judgement).toMatchObject({ refusal: null, approval: { rules: [{ rule: 'writes' }] } })
  expect(gate.admit(judgement, TEXT, ['7']).refusal).toMatchObject({ code: 'APPROVAL_UNAVAILABLE', rule: 'writes' })
  expect(records[0]?.decision).toMatchObject({ effect: 'deny', code: 'APPROVAL_UNAVAILABLE' })
})

test('with its clearance it is admitted once, and the record names the approval', () => {
  const scene = new Scene()
  const judgement = scene.gate.judgeFacts(UPDATE)
  const clearance = scene.cleared(judgement, ['7'])
  expect(scene.gate.admit(judgement, TEXT, ['7'], clearance).refusal).toBeNull()
  expect(scene.records[0]?.decision).toEqual({ effect: 'permit', rule: 'writes', approval: 'A1' })
  expect(scene.gate.admit(judgement, TEXT, ['7'], clearance).refusal?.code).toBe('APPROVAL_VOIDED')
})

test('a clearance is for one text with its values under the rules that asked, and for nothing else', () => {
  const other = new Scene()
  const judgement = other.gate.judgeFacts(UPDATE)
  expect(other.gate.admit(judgement, TEXT, ['8'], other.cleared(judgement, ['7'])).refusal).toMatchObject({
    code: 'APPROVAL_VOIDED',
    approval: 'A1',
  })
  expect(other.gate.admit(judgement, `${TEXT} `, ['7'], other.cleared(judgement, ['7'])).refusal).not.toBeNull()
  const clearance = other.cleared(judgement, ['7'])
  other.policy.current = policyOf(ASKS.replace('groups: [dba]', 'groups: [owners]'))
  expect(other.gate.admit(other.gate.judgeAgain(judgement), TEXT, ['7'], clearance).refusal?.code).toBe(
    'APPROVAL_VOIDED',
  )
})

test('with an estimate below what the rule asks at, what is allowed runs as it is; without one it needs approval', () => {
  const scene = new Scene()
  scene.policy.current = policyOf(`rules:
  - { name: many, approve: { actions: [update], estimatedRowsOver: 10, by: { groups: [dba] } } }
  - { name: writes, allow: { actions: [update], relations: [public.*] } }
`)
  const judgement = scene.gate.judgeFacts(UPDATE)
  const few = scene.gate.estimated(judgement, 10)
  expect(few.approval).toBeNull()
  expect(scene.gate.admit(few, TEXT, null).refusal).toBeNull()
  expect(scene.records.at(-1)?.decision).toEqual({ effect: 'permit', rule: 'writes', approval: null })
  for (const rows of [11, null]) {
    expect(scene.gate.admit(scene.gate.estimated(judgement, rows), TEXT, null).refusal).not.toBeNull()
  }
  const two = scene.gate.judgeFacts({ ...UPDATE, statements: [...UPDATE.statements, ...UPDATE.statements] })
  expect(two.approval?.estimateMatters).toBe(false)
  expect(scene.gate.estimated(two, 1).approval).not.toBeNull()
})

test('a setting of the start-up message that needs approval is refused: nobody can be asked for it', () => {
  const { gate } = new Scene()
  expect(gate.refusalOf(gate.judgeFacts(UPDATE))?.code).toBe('APPROVAL_UNAVAILABLE')
})

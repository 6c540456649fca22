import { expect, test } from 'vitest'
import { parsePolicy } from './parse-policy.ts'
import { policyOf } from './policy-fixtures.ts'

test('an approve rule is read with its defaults, and `hold: 0` means that nothing is held', () => {
  const { approve } = policyOf(`rules:
  - { name: plain, approve: { actions: [update], by: { groups: [dba] } } }
  - name: full
    approve:
      actions: [delete]
      relations: [public.*]
      by: { groups: [dba, sre*], subjects: ["*@example.com"] }
      approvals: 2
      hold: 0
      graceSeconds: 60
      estimatedRowsOver: 0
    reason: Deletes are looked at.
`).document
  expect(approve).toMatchObject([
    {
      relations: null,
      estimatedRowsOver: null,
      terms: { approvals: 1, holdTimeoutSeconds: 120, graceSeconds: 900, reason: null },
    },
    {
      estimatedRowsOver: 0,
      terms: {
        by: { groups: ['dba', 'sre*'], subjects: ['*@example.com'] },
        approvals: 2,
        holdTimeoutSeconds: 0,
        graceSeconds: 60,
        reason: 'Deletes are looked at.',
      },
    },
  ])
})

test.each([
  ['approve: { actions: [update] }', 'does not say who may approve'],
  ['approve: { actions: [update], by: {} }', 'names nobody'],
  ['approve: { actions: [update], by: { group: [dba] } }', 'Did you mean groups?'],
  ['approve: { by: { groups: [dba] } }', 'asks about nothing'],
  ['approve: { relations: [a], by: { groups: [dba] } }', 'relations but no actions'],
  ['approve: { actions: [update], by: { groups: [dba] }, approvals: 0 }', 'from 1 to 9'],
  ['approve: { actions: [update], by: { groups: [dba] }, approvals: 10 }', 'from 1 to 9'],
  ['approve: { actions: [update], by: { groups: [dba] }, holdTimeoutSeconds: 86401 }', 'from 0 to 86400'],
  ['approve: { actions: [update], by: { groups: [dba] }, graceSeconds: 1.5 }', 'from 0 to 86400'],
  ['approve: { actions: [update], by: { groups: [dba] }, hold: 5 }', 'can only be 0'],
  ['approve: { actions: [update], by: { groups: [dba] }, hold: 0, holdTimeoutSeconds: 0 }', 'say the same'],
  ['approve: { actions: [update], by: { groups: [dba] }, estimatedRowsOver: -1 }', 'of at least 0'],
  ['approve: { actions: [update], by: { groups: [dba] }, unmask: [users.ssn] }', 'asks about nothing else'],
  [
    'approve: { actions: [update], by: { groups: [dba] } }, deny: { files: true }',
    'allows, asks for approval or denies',
  ],
])('an approve rule that is wrong refuses the policy: %s', (rule, message) => {
  const parsed = parsePolicy(`rules:\n  - { name: a, ${rule} }\n`)
  const problems = parsed.ok ? [] : parsed.problems.map((one) => `${one.message} ${one.hint}`)
  expect(problems.join('\n')).toContain(message)
})

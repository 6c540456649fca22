import { expect, test } from 'vitest'
import { no, question, waiter, yes } from '../testing/scene.ts'
import {
  claim,
  decide,
  HOLD_SLACK_MILLISECONDS,
  leave,
  newApproval,
  nextChange,
  settle,
  useTicket,
} from './transitions.ts'

const START = 1_000_000
const HOLD = 120_000
const GRACE = 900_000
const held = newApproval('a', question(), waiter(), START)
const open = newApproval('a', question(), null, START)

test('a hold that nobody ends is over a little after its time, and the question open for its grace', () => {
  const over = START + HOLD + HOLD_SLACK_MILLISECONDS
  expect(nextChange(held)).toBe(over)
  expect(settle(held, over - 1)).toBe(held)
  const settled = settle(held, over)
  expect(settled).toMatchObject({ state: 'pending', waiters: [{ state: 'left' }], openUntil: over + GRACE })
  expect(nextChange(settled)).toBe(over + GRACE)
  expect(settle(settled, over + GRACE - 1).state).toBe('pending')
  expect(settle(held, over + GRACE)).toMatchObject({ state: 'expired', endedAt: over + GRACE })
})

test('a yes after the grace comes too late; one within it is good for its grace, once', () => {
  expect(decide(open, yes(), undefined, START + GRACE).outcome).toMatchObject({
    kind: 'already',
    approval: { state: 'expired' },
  })
  const approved = decide(open, yes(), undefined, START + GRACE - 1).approval
  expect(useTicket(approved, START + 2 * GRACE - 1)).toBe(null)
  const used = useTicket(approved, START + 2 * GRACE - 2)
  expect(used).toMatchObject({ ticket: { usedAt: START + 2 * GRACE - 2 } })
  expect(used === null ? used : useTicket(used, START + GRACE)).toBe(null)
})

test('a session that was let run and does not say so in time never runs', () => {
  const approved = decide(held, yes(), undefined, START + 1).approval
  expect(claim(approved, 's1', START + HOLD + HOLD_SLACK_MILLISECONDS - 1).outcome.kind).toBe('run')
  expect(claim(approved, 's1', START + HOLD + HOLD_SLACK_MILLISECONDS).outcome.kind).toBe('not_yours')
})

test('whoever timed out keeps the word that the question stays open, but for a change of policy', () => {
  const two = { ...held, waiters: [...held.waiters, { ...held.waiters[0], session: 's2' }] } as typeof held
  const timedOut = leave(two, 's1', 'timeout', START + 1).approval
  expect(leave(timedOut, 's2', 'disconnect', START + 2).approval.state).toBe('pending')
  expect(leave(timedOut, 's2', 'policy_changed', START + 2).approval).toMatchObject({
    state: 'voided',
    endReason: 'policy_changed',
  })
})

test('what has ended changes no more', () => {
  const refused = decide(held, no(), undefined, START + 1).approval
  for (const later of [
    decide(refused, yes('eli'), undefined, START + 2).approval,
    claim(refused, 's1', START + 2).approval,
    leave(refused, 's1', 'timeout', START + 2).approval,
  ])
    expect(later).toBe(refused)
})

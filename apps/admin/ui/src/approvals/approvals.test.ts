import { describe, expect, test } from 'vitest'
import type { Approval } from '../api/answers.ts'
import { outcomeNotice } from './outcome.ts'
import { byRisk, riskWords } from './risk.ts'
import { firstTimeout, hasSaidYes, headline, isOwn, waitingCount } from './what.ts'

const NOW = '2030-01-01T12:00:00.000Z'
const BY = { issuer: 'https://id', subject: 'grace@example.com', actor: null }

function approval(changes: Partial<Approval> = {}, request: Partial<Approval['request']> = {}): Approval {
  return {
    id: 'a',
    createdAt: NOW,
    state: 'pending',
    decisions: [],
    waiters: [],
    openUntil: null,
    endedAt: null,
    endReason: null,
    ticket: null,
    ...changes,
    request: {
      principal: { issuer: 'https://id', subject: 'ada@example.com', actor: 'agent-7', groups: [] },
      target: 'shop',
      engine: 'postgres',
      statement: {
        text: 'UPDATE orders SET x = 1',
        parameters: [],
        fingerprint: 'f',
        actions: ['select', 'update'],
        relations: ['public.orders'],
        doings: ['select on public.orders', 'update', 'update on public.orders'],
        settings: {},
        unmasked: [],
      },
      risk: 2_000_000_000,
      estimatedRows: null,
      rules: ['r'],
      by: [],
      approvalsNeeded: 1,
      graceSeconds: 0,
      history: [],
      ...request,
    },
  }
}

describe('The queue', () => {
  test('has the most to lose first, and of equal ones the newest', () => {
    const order = byRisk([
      approval({ id: 'old' }),
      approval({ id: 'new', createdAt: '2030-01-01T12:00:01.000Z' }),
      approval({ id: 'worst' }, { risk: 4_000_000_000 }),
    ])
    expect(order.map(({ id }) => id)).toEqual(['worst', 'new', 'old'])
  })

  test('a risk that nobody knows counts as the worst', () => {
    expect([0, 1e9 + 5, 2e9, 3e9, 4e9, 9e9, Number.NaN].map((risk) => riskWords(risk).level)).toEqual([
      0, 1, 2, 3, 4, 4, 4,
    ])
  })

  test('names what is changed before what is read', () => {
    expect(headline(approval())).toBe('update on public.orders')
  })
})

describe('The card', () => {
  test('counts those that wait now, and knows when the first gives up', () => {
    const waiter = {
      session: 's',
      gateway: 'g',
      since: NOW,
      until: '2030-01-01T12:05:00.000Z',
      state: 'waiting',
    } as const
    const held = approval({
      waiters: [waiter, { ...waiter, until: '2030-01-01T12:04:00.000Z' }, { ...waiter, state: 'left', until: NOW }],
    })
    expect(waitingCount(held)).toBe(2)
    expect(firstTimeout(held)).toBe('2030-01-01T12:04:00.000Z')
  })

  test('knows one’s own request, as subject and as agent, however the name is written', () => {
    expect(isOwn(approval(), { ...BY, subject: 'ADA@example.com' })).toBe(true)
    expect(isOwn(approval(), { ...BY, actor: 'agent-7' })).toBe(true)
    expect(isOwn(approval(), BY)).toBe(false)
  })

  test('knows who said yes before', () => {
    const said = approval({ decisions: [{ by: BY, verdict: 'approve', reason: null, through: 'page', at: NOW }] })
    expect(hasSaidYes(said, BY)).toBe(true)
    expect(hasSaidYes(said, { ...BY, subject: 'linus@example.com' })).toBe(false)
  })
})

describe('What became of a decision is told as it is', () => {
  test('a yes that came too late never sounds like one', () => {
    const refused = approval({
      state: 'refused',
      decisions: [{ by: BY, verdict: 'refuse', reason: 'no', through: 'api', at: NOW }],
    })
    expect(outcomeNotice({ kind: 'already', approval: refused }, 'approve')).toEqual({
      tone: 'bad',
      text: 'It had ended before: refused by grace@example.com. Your decision changed nothing.',
    })
    const voided = approval({ state: 'voided', endReason: 'policy_changed' })
    expect(outcomeNotice({ kind: 'already', approval: voided }, 'approve').text).toContain('voided (policy changed)')
  })

  test('more sessions than were seen: nothing was decided', () => {
    expect(outcomeNotice({ kind: 'changed', waiters: 3, approval: approval() }, 'approve').text).toContain(
      'Nothing was decided: 3 sessions wait now',
    )
  })

  test('a yes of several says how many there are', () => {
    expect(outcomeNotice({ kind: 'counted', have: 1, need: 2, approval: approval() }, 'approve').text).toContain(
      '1 of 2',
    )
  })
})

import { nat, sample, tuple } from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { LeaveReason } from '../approval/approval.ts'
import type { ApprovalEvent } from '../approval/approvals.ts'
import type { Coordination } from '../coordination.ts'
import { LIMITS, no, question, waiter as anyWaiter, yes } from './scene.ts'

/** Two coordinations that share everything: as of two processes. */
export type Pair = () => readonly [Coordination, Coordination]

/** What every implementation promises about approvals. */
export function promiseApprovals(pair: Pair): void {
  let gateway = ''
  // A gateway that lives: what waits at one that nobody knows is voided before long.
  beforeAll(async () => {
    gateway = (await pair()[0].sessions.enlist('holder')).id
  })
  const waiter = (over: Parameters<typeof anyWaiter>[0] = {}): ReturnType<typeof anyWaiter> =>
    anyWaiter({ gateway, ...over })
  const ask = async (request = question(), who: ReturnType<typeof waiter> | null = waiter()): Promise<string> => {
    const asked = await pair()[0].approvals.ask(request, who, LIMITS)
    if (asked.kind !== 'asked') throw new Error(`not asked: ${asked.kind}`)
    return asked.id
  }

  describe('approvals', () => {
    test('a yes given in one process lets the session run in another, exactly once', async () => {
      const [one, other] = pair()
      const id = await ask()
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'pending' })
      expect(await other.approvals.decide(id, yes())).toMatchObject({
        kind: 'decided',
        approval: { state: 'approved' },
      })
      expect(await one.approvals.claim(id, 'another session')).toMatchObject({ kind: 'not_yours' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'run' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'not_yours' })
      expect(await other.approvals.get(id)).toMatchObject({
        state: 'approved',
        waiters: [{ state: 'ran' }],
        decisions: [{ verdict: 'approve', by: { subject: 'dana' }, through: 'page' }],
      })
    })

    test('one no ends it, with its reason, and the same question is not put again for a while', async () => {
      const [one, other] = pair()
      const request = question({ approvalsNeeded: 2 })
      const id = await ask(request)
      await other.approvals.decide(id, yes('dana'))
      expect(await other.approvals.decide(id, no('eli'))).toMatchObject({ kind: 'decided' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'not_yours' })
      expect(await one.approvals.leave(id, 's1', 'timeout')).toMatchObject({
        kind: 'ended',
        approval: { state: 'refused', endReason: 'not on a Friday' },
      })
      const again = await other.approvals.ask(request, waiter(), LIMITS)
      expect(again).toMatchObject({ kind: 'cooling_down', id, reason: 'not on a Friday' })
      expect(again.kind === 'cooling_down' && again.retryAfterSeconds).toBeGreaterThan(50)
      expect(await one.approvals.ask(request, waiter(), { ...LIMITS, coolDownSeconds: 0 })).toMatchObject({
        kind: 'asked',
        joined: false,
      })
    })

    test('two yeses are those of two people, whatever they act through', async () => {
      const [one, other] = pair()
      const id = await ask(question({ approvalsNeeded: 2 }))
      expect(await one.approvals.decide(id, yes('dana'))).toMatchObject({ kind: 'counted', have: 1, need: 2 })
      const again = { ...yes('dana'), by: { issuer: 'https://idp', subject: 'dana', actor: 'a script' } }
      expect(await other.approvals.decide(id, again)).toMatchObject({ kind: 'same_approver' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'pending' })
      expect(await other.approvals.decide(id, yes('eli'))).toMatchObject({ kind: 'decided' })
      expect(await other.approvals.decide(id, no('fay'))).toMatchObject({ kind: 'already' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'run' })
    })

    test('an approver decides about as many sessions as they saw', async () => {
      const [one, other] = pair()
      const request = question()
      const id = await ask(request)
      expect(await other.approvals.ask(request, waiter({ session: 's2' }), LIMITS)).toEqual({
        kind: 'asked',
        id,
        joined: true,
      })
      expect(await one.approvals.decide(id, yes(), { expectWaiters: 1 })).toMatchObject({ kind: 'changed', waiters: 2 })
      expect(await one.approvals.decide(id, yes(), { expectWaiters: 2 })).toMatchObject({ kind: 'decided' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'run' })
      expect(await other.approvals.claim(id, 's2')).toMatchObject({ kind: 'run' })
    })

    test('a question that somebody has said yes to is not joined', async () => {
      const request = question({ approvalsNeeded: 2 })
      const id = await ask(request)
      await pair()[1].approvals.decide(id, yes('dana'))
      expect(await ask(request, waiter({ session: 's2' }))).not.toBe(id)
    })

    test('a question without anybody waiting can be answered in its grace, and the answer used once', async () => {
      const [one, other] = pair()
      const request = question()
      const id = await ask(request, null)
      await other.approvals.decide(id, yes())
      const stranger = { ...request, principal: { ...request.principal, subject: 'somebody else' } }
      expect(await one.approvals.ask(stranger, null, LIMITS)).toMatchObject({ kind: 'asked' })
      const used = await Promise.all(
        [1, 2, 3, 4].map((at) => pair()[at % 2 === 0 ? 0 : 1].approvals.ask(request, null, LIMITS)),
      )
      expect(used.filter((outcome) => outcome.kind === 'approved')).toMatchObject([{ approval: { id } }])
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'not_yours' })
    })

    test('after a timeout the question stays open, and after its grace it does not', async () => {
      const [one, other] = pair()
      const id = await ask()
      expect(await one.approvals.leave(id, 's1', 'timeout')).toMatchObject({
        kind: 'left',
        approval: { state: 'pending' },
      })
      expect(await other.approvals.decide(id, yes())).toMatchObject({
        kind: 'decided',
        approval: { ticket: { usedAt: null } },
      })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'not_yours' })
      const brief = await ask(question({ graceSeconds: 0 }))
      expect(await one.approvals.leave(brief, 's1', 'timeout')).toMatchObject({ approval: { state: 'expired' } })
      expect(await other.approvals.decide(brief, yes())).toMatchObject({
        kind: 'already',
        approval: { state: 'expired' },
      })
    })

    test('a yes that came before the timeout may still be used', async () => {
      const [one, other] = pair()
      const id = await ask()
      await other.approvals.decide(id, yes())
      expect(await one.approvals.leave(id, 's1', 'timeout')).toMatchObject({ kind: 'approved' })
      expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'run' })
    })

    test.each(['disconnect', 'killed', 'expired', 'policy_changed', 'cancelled', 'gateway_lost'] as const)(
      '%s of the last one who waits voids the question; a late yes finds that, and nothing runs',
      async (why) => {
        const [one, other] = pair()
        const id = await ask()
        expect(await one.approvals.leave(id, 's1', why)).toMatchObject({
          kind: 'left',
          approval: { state: 'voided', endReason: why },
        })
        expect(await other.approvals.decide(id, yes())).toMatchObject({
          kind: 'already',
          approval: { state: 'voided' },
        })
        expect(await one.approvals.claim(id, 's1')).toMatchObject({ kind: 'not_yours' })
        const approved = await ask()
        await other.approvals.decide(approved, yes())
        expect(await one.approvals.leave(approved, 's1', why)).toMatchObject({ kind: 'left' })
        expect(await one.approvals.claim(approved, 's1')).toMatchObject({ kind: 'not_yours' })
      },
    )

    test('a principal has as many pending questions as the limit says, and no more', async () => {
      const { principal } = question()
      const asked = await Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          pair()[at % 2 === 0 ? 0 : 1].approvals.ask(question({ principal }), waiter(), LIMITS),
        ),
      )
      expect(asked.filter(({ kind }) => kind === 'asked')).toHaveLength(20)
      expect(asked.filter(({ kind }) => kind === 'too_many')).toHaveLength(10)
    })

    test('a question that is too large is not put', async () => {
      const { statement } = question()
      const large = question({ statement: { ...statement, text: 'x'.repeat(2 ** 20) } })
      expect(await pair()[0].approvals.ask(large, waiter(), LIMITS)).toMatchObject({ kind: 'too_large' })
    })

    test('lists newest first, by state, target and subject, page by page', async () => {
      const target = `target ${String(Math.random())}`
      const { principal } = question()
      const ids: string[] = []
      for (let at = 0; at < 5; at++) ids.unshift(await ask(question({ target, principal })))
      await pair()[1].approvals.decide(ids[1] ?? '', no())
      const { approvals } = pair()[1]
      const listed = async (filter: Parameters<typeof approvals.list>[0]): Promise<string[]> =>
        (await approvals.list({ target, ...filter })).map(({ id }) => id)
      // Questions put within one millisecond may come in any order.
      expect((await listed({})).sort()).toEqual([...ids].sort())
      expect((await listed({ state: 'pending' })).sort()).toEqual(ids.filter((_, at) => at !== 1).sort())
      expect(await listed({ state: 'refused' })).toEqual([ids[1]])
      expect(await listed({ subject: 'nobody' })).toEqual([])
      const all = await listed({ subject: principal.subject })
      const [first = '', second = ''] = await listed({ limit: 2 })
      expect([first, second, ...(await listed({ after: second }))]).toEqual(all)
    })

    test('whoever watches is told every change by whoever made it', async () => {
      const [one, other] = pair()
      const events: ApprovalEvent[] = []
      const stop = other.approvals.watch((event) => events.push(event))
      const id = await ask()
      const told = (): readonly string[] =>
        events.flatMap((event) => (event.kind === 'changed' && event.id === id ? [event.state] : []))
      await one.approvals.decide(id, yes())
      await expect.poll(told).toEqual(['pending', 'approved'])
      stop()
      await one.approvals.claim(id, 's1')
      expect(told()).toEqual(['pending', 'approved'])
    })

    test('what is not known is said to be unknown', async () => {
      const { approvals } = pair()[0]
      expect(await approvals.get('nothing')).toBe(null)
      for (const outcome of [
        await approvals.decide('nothing', yes()),
        await approvals.claim('nothing', 's1'),
        await approvals.leave('nothing', 's1', 'timeout'),
      ])
        expect(outcome).toEqual({ kind: 'unknown' })
    })
  })

  describe('races', () => {
    type Move = 'approve' | 'refuse' | Extract<LeaveReason, 'timeout' | 'disconnect' | 'killed'>
    const moves: readonly Move[] = ['approve', 'refuse', 'timeout', 'disconnect', 'killed']
    const pairs = moves.flatMap((one, at) => moves.slice(at).map((other) => [one, other] as const))

    test.each(pairs)('%s against %s: one outcome, 1,000 times', { timeout: 120_000 }, async (first, second) => {
      const turns = sample(tuple(nat(6), nat(6), nat(6)), { numRuns: 1000, seed: 7 })
      for (let from = 0; from < turns.length; from += 50)
        await Promise.all(turns.slice(from, from + 50).map((delays) => race(first, second, delays)))
    })

    async function race(first: Move, second: Move, delays: readonly [number, number, number]): Promise<void> {
      const [one, other] = pair()
      const request = question()
      const id = await ask(request)
      let runs = 0
      const move = async (client: Coordination, what: Move, who: string, delay: number): Promise<string> => {
        await turnsOfLoop(delay)
        if (what === 'approve' || what === 'refuse')
          return (await client.approvals.decide(id, what === 'approve' ? yes(who) : no(who))).kind
        const left = await client.approvals.leave(id, 's1', what)
        // After its word that it left, nothing may run it.
        if (left.kind === 'left' && left.approval.waiters.every(({ state }) => state === 'left')) {
          expect(await client.approvals.claim(id, 's1')).not.toMatchObject({ kind: 'run' })
        }
        return left.kind
      }
      const run = async (): Promise<void> => {
        await turnsOfLoop(delays[2])
        if ((await one.approvals.claim(id, 's1')).kind === 'run') runs++
      }
      const outcomes = await Promise.all([
        move(one, first, 'dana', delays[0]),
        move(other, second, 'eli', delays[1]),
        run(),
      ])
      if ((await one.approvals.claim(id, 's1')).kind === 'run') runs++
      const again = await other.approvals.ask(request, null, LIMITS)
      const end = await one.approvals.get(id)
      const decided = outcomes.filter((kind) => kind === 'decided').length
      const usedTicket = again.kind === 'approved' ? 1 : 0
      expect(end?.decisions.length).toBe(decided)
      expect(decided).toBeLessThanOrEqual(1)
      expect(runs + usedTicket).toBeLessThanOrEqual(end?.state === 'approved' ? 1 : 0)
      expect(end?.waiters.map(({ state }) => state)).toEqual([runs === 1 ? 'ran' : expect.not.stringMatching('ran')])
      const said = [first, second]
      if (end?.state === 'approved') expect(said).toContain('approve')
      if (end?.state === 'refused') expect(said).toContain('refuse')
      if (end?.state === 'voided') expect(said.some((what) => what === 'disconnect' || what === 'killed')).toBe(true)
      // A timeout leaves the question open; whatever the session does after that is not about it.
      if (end?.state === 'pending') {
        expect(said).toContain('timeout')
        expect(said.some((what) => what === 'approve' || what === 'refuse')).toBe(false)
      }
      expect(end?.state).not.toBe('expired')
    }
  })
}

async function turnsOfLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

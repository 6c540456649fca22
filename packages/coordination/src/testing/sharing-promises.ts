import { describe, expect, test } from 'vitest'
import type { Coordination } from '../coordination.ts'
import type { Message } from '../messages.ts'
import type { LogoutRevoked, NewRevocation, RevocableSession } from '../revocations.ts'
import type { GatewayLease } from '../sessions.ts'
import type { Pair } from './approval-promises.ts'
import { LIMITS, question, session, waiter } from './scene.ts'

/** What every implementation promises about what is shared besides approvals and deliveries. `open`: one more, sharing with the pair. */
export function promiseSharing(
  pair: Pair,
  leases: () => readonly [GatewayLease, GatewayLease],
  open: () => Promise<Coordination>,
): void {
  const SEVERAL = { sessionsPerPrincipal: 5 }
  const by = { issuer: 'https://idp', subject: 'sam', actor: null }

  describe('sessions', () => {
    test('a session is seen, found, changed and gone everywhere', async () => {
      const [, other] = pair()
      const [lease] = leases()
      const record = session()
      expect(await lease.enter(record, SEVERAL)).toEqual({ kind: 'entered' })
      expect(await other.sessions.get(record.id)).toEqual({ ...record, gateway: lease.id })
      await lease.update([
        { id: record.id, state: 'held', approval: 'abc', statements: 3 },
        { id: 'unknown', state: 'idle' },
      ])
      expect(await other.sessions.list({ subject: record.principal.subject })).toMatchObject([
        { id: record.id, state: 'held', approval: 'abc', statements: 3 },
      ])
      expect(await other.sessions.list({ target: 'another' })).toEqual([])
      expect(await other.sessions.findByCancelKey(record.cancelKey.processId)).toEqual({
        gateway: lease.id,
        session: record.id,
        secretHash: record.cancelKey.secretHash,
        principal: { issuer: 'https://idp', subject: record.principal.subject, actor: 'copilot' },
      })
      await lease.leave(record.id)
      expect(await other.sessions.get(record.id)).toBe(null)
      expect(await other.sessions.findByCancelKey(record.cancelKey.processId)).toBe(null)
      expect(await other.sessions.count(record.principal)).toBe(0)
    })

    test('sessions whose process is gone are taken out by whoever knows it', async () => {
      const [one, other] = pair()
      const [lease] = leases()
      const gone = session()
      const alive = session({ principal: gone.principal })
      await lease.enter(gone, SEVERAL)
      await lease.enter(alive, SEVERAL)
      await other.sessions.remove([gone.id, 'unknown'])
      expect(await one.sessions.get(gone.id)).toBe(null)
      expect(await one.sessions.findByCancelKey(gone.cancelKey.processId)).toBe(null)
      expect(await one.sessions.get(alive.id)).toMatchObject({ id: alive.id })
      expect(await one.sessions.count(gone.principal)).toBe(1)
      await lease.leave(alive.id)
    })

    test('a process id belongs to one session on all gateways', async () => {
      const [lease, second] = leases()
      const record = session()
      await lease.enter(record, SEVERAL)
      expect(await second.enter(session({ cancelKey: record.cancelKey }), SEVERAL)).toEqual({
        kind: 'process_id_taken',
      })
      await lease.leave(record.id)
      expect(await second.enter(session({ cancelKey: record.cancelKey }), SEVERAL)).toEqual({ kind: 'entered' })
    })

    test('a principal has as many sessions on all gateways as the limit says', async () => {
      const { principal } = session()
      const entered = await Promise.all(
        Array.from({ length: 12 }, (_, at) => leases()[at % 2 === 0 ? 0 : 1].enter(session({ principal }), SEVERAL)),
      )
      expect(entered.filter(({ kind }) => kind === 'entered')).toHaveLength(5)
      expect(entered.filter(({ kind }) => kind === 'too_many')).toHaveLength(7)
      expect(await pair()[1].sessions.count(principal)).toBe(5)
    })

    test('when a gateway is lost its sessions vanish, and what they waited for is voided', async () => {
      const [one] = pair()
      const third = await open()
      const lease = await third.sessions.enlist('third')
      const record = session()
      await lease.enter(record, SEVERAL)
      const asked = await third.approvals.ask(question(), waiter({ session: record.id, gateway: lease.id }), LIMITS)
      const id = asked.kind === 'asked' ? asked.id : ''
      await third.close({ abruptly: true })
      expect(await one.sessions.get(record.id)).not.toBe(null)
      await expect.poll(() => one.sessions.get(record.id)).toBe(null)
      expect(await one.sessions.count(record.principal)).toBe(0)
      const { principal, cancelKey } = record
      expect(await leases()[0].enter(session({ principal, cancelKey }), { sessionsPerPrincipal: 1 })).toEqual({
        kind: 'entered',
      })
      await expect.poll(async () => (await one.approvals.get(id))?.state).toBe('voided')
      expect(await one.approvals.get(id)).toMatchObject({ endReason: 'gateway_lost' })
      expect((await one.sessions.gateways()).map(({ name }) => name)).not.toContain('third')
    })

    test('a gateway that says good-bye is gone at once', async () => {
      const third = await open()
      const lease = await third.sessions.enlist('leaving')
      const record = session()
      await lease.enter(record, SEVERAL)
      await third.close()
      expect(await pair()[0].sessions.get(record.id)).toBe(null)
    })
  })

  test('a message reaches its gateway, and the sender knows whether it did', async () => {
    const [one, other] = pair()
    const [lease] = leases()
    const message: Message = { kind: 'end_session', session: 's1', reason: 'enough', by: 'sam' }
    expect(await other.messages.send(lease.id, message)).toBe(false)
    const received: Message[] = []
    const stop = one.messages.receive(lease.id, async (message) => {
      received.push(message)
      return message.session === 's1'
    })
    await expect.poll(() => other.messages.send(lease.id, message)).toBe(true)
    expect(await other.messages.send(lease.id, { kind: 'cancel', session: 's2' })).toBe(false)
    expect(received).toEqual([message, { kind: 'cancel', session: 's2' }])
    stop()
    expect(await other.messages.send(lease.id, message)).toBe(false)
  })

  test('a revocation holds in every process within a second, until it is lifted or ends', async () => {
    const [one, other] = pair()
    const subject = `subject ${String(Math.random())}`
    const principal = { issuer: 'https://idp', subject, actor: 'copilot' }
    const own = { session: null, principal, target: 'shop', credential: 'c1' }
    expect(other.revocations.matches(own)).toBe(null)
    for (const what of [
      { kind: 'principal', issuer: null, subject },
      { kind: 'principal', issuer: 'https://idp', subject },
      { kind: 'credential', credential: 'c1' },
      { kind: 'target', target: 'shop' },
      { kind: 'actor', issuer: null, actor: 'copilot' },
      { kind: 'issuer', issuer: 'https://idp' },
    ] as const) {
      const revocation = await one.revocations.revoke({ what, reason: 'left the company', by, until: null })
      expect(one.revocations.matches(own)).toEqual(revocation)
      await expect.poll(() => other.revocations.matches(own)).toEqual(revocation)
      expect(await other.revocations.list()).toContainEqual(revocation)
      expect(await other.revocations.lift(revocation.id)).toBe(true)
      await expect.poll(() => one.revocations.matches(own)).toBe(null)
      expect(await one.revocations.lift(revocation.id)).toBe(false)
    }
    const what = { kind: 'principal', issuer: null, subject } as const
    await one.revocations.revoke({ what, reason: 'a pause', by, until: Date.now() + 300 })
    expect(one.revocations.matches(own)).not.toBe(null)
    await expect.poll(() => one.revocations.matches(own)).toBe(null)
  })

  test('a logout ends what was issued until then, of the session or of the subject, in every process, and once', async () => {
    const [one, other] = pair()
    const sub = `subject ${String(Math.random())}`
    const session = (claims: Readonly<Record<string, unknown>>, issuer = 'https://idp'): RevocableSession => ({
      session: null,
      principal: { issuer, subject: 'whatever it is called', actor: null, claims },
      target: 'shop',
      credential: null,
    })
    const reason = 'logged out'
    const logOut = (what: Partial<LogoutRevoked>): NewRevocation => ({
      what: { kind: 'logout', issuer: 'https://idp', subject: sub, sid: null, issuedUntil: 1000, ...what },
      reason,
      by,
      until: Date.now() + 60_000,
    })
    const id = `logout-${String(Math.random()).slice(2)}`
    expect(await one.revocations.revokeOnce(id, logOut({}))).toMatchObject({ id, reason })
    expect(await other.revocations.revokeOnce(id, logOut({ issuedUntil: 9000 }))).toBe(null)
    await expect.poll(() => other.revocations.matches(session({ sub, iat: 1000 }))).toMatchObject({ id })
    for (const claims of [{ sub, iat: 1 }, { sub }, { sub, iat: 'x' }, { sub, sid: 'any', iat: 999.5 }])
      expect(other.revocations.matches(session(claims))).toMatchObject({ id })
    for (const claims of [{ sub, iat: 1001 }, { sub: 'another', iat: 1 }, {}])
      expect(other.revocations.matches(session(claims))).toBe(null)
    expect(other.revocations.matches(session({ sub, iat: 1 }, 'https://another'))).toBe(null)
    expect(await one.revocations.lift(id)).toBe(true)
    await expect.poll(() => other.revocations.matches(session({ sub, iat: 1 }))).toBe(null)

    const sid = `sid ${String(Math.random())}`
    const inSession = `${id}-session`
    await one.revocations.revokeOnce(inSession, logOut({ sid }))
    await expect.poll(() => other.revocations.matches(session({ sub, sid, iat: 1 }))).toMatchObject({ id: inSession })
    expect(other.revocations.matches(session({ sub, iat: 1 }))).toMatchObject({ id: inSession })
    expect(other.revocations.matches(session({ sid, iat: 1 }))).toMatchObject({ id: inSession })
    for (const claims of [
      { sub, sid: 'another', iat: 1 },
      { sub, sid, iat: 1001 },
    ])
      expect(other.revocations.matches(session(claims))).toBe(null)
    await one.revocations.lift(inSession)
  })

  test('a legal hold is known in every process until it is lifted, and that it was for a while longer', async () => {
    const [one, other] = pair()
    const what = { kind: 'subject', subject: `subject ${String(Math.random())}` } as const
    let changes = 0
    const stop = other.legalHolds.onChange(() => changes++)
    const hold = await one.legalHolds.set({ what, reason: 'case 4711', by })
    expect(hold).toMatchObject({ what, reason: 'case 4711', by, lifted: null, until: null })
    expect(await other.legalHolds.list()).toContainEqual(hold)
    await expect.poll(() => changes).toBeGreaterThan(0)
    const lifted = await other.legalHolds.lift(hold.id, { by, reason: 'settled' })
    expect(lifted).toMatchObject({ id: hold.id, lifted: { by, reason: 'settled' } })
    expect(await one.legalHolds.list()).toContainEqual(lifted)
    expect(await one.legalHolds.lift(hold.id, { by, reason: null })).toBe(null)
    expect(await one.legalHolds.lift('never-there', { by, reason: null })).toBe(null)
    // Who kept it beside the store, and did not hear that it was lifted, does not put it in force again.
    await one.legalHolds.restore(hold)
    expect(await other.legalHolds.list()).toContainEqual(lifted)
    await one.legalHolds.restore({ ...hold, id: `${hold.id}-forgotten` })
    expect(await other.legalHolds.list()).toContainEqual({ ...hold, id: `${hold.id}-forgotten` })
    stop()
  })

  test('a grant given once is held in every process, and a counted one is used as often as it says', async () => {
    const [one, other] = pair()
    const principal = { issuer: 'https://idp', subject: `subject ${String(Math.random())}`, actor: null }
    const covers = { kind: 'actions', actions: ['update'], relations: ['public.orders'] } as const
    const until = Date.now() + 60_000
    const given = await one.grants.give({
      principal,
      target: 'shop',
      covers,
      rules: ['writes-need-a-human'],
      unmask: [],
      until,
      uses: 3,
      by,
      approval: null,
      reason: null,
    })
    await expect.poll(() => other.grants.heldBy(principal, 'shop')).toEqual([given])
    expect(other.grants.heldBy(principal, 'another')).toEqual([])
    const uses = await Promise.all(
      Array.from({ length: 10 }, (_, at) => pair()[at % 2 === 0 ? 0 : 1].grants.use(given.id)),
    )
    expect(uses.filter(Boolean)).toHaveLength(3)
    await expect.poll(() => other.grants.heldBy(principal, 'shop')).toEqual([])
    const free = await one.grants.give({ ...given, uses: null })
    expect(await other.grants.use(free.id)).toBe(true)
    expect(await other.grants.revoke(free.id)).toBe(true)
    expect(await one.grants.use(free.id)).toBe(false)
    await expect.poll(() => one.grants.heldBy(principal, 'shop')).toEqual([])
  })

  test('a limit holds over all processes exactly', async () => {
    const key = `limit ${String(Math.random())}`
    const taken = await Promise.all(
      Array.from({ length: 40 }, (_, at) => pair()[at % 2 === 0 ? 0 : 1].counters.take(key, 7, 100, 86_400)),
    )
    expect(taken.reduce((sum, { granted }) => sum + granted, 0)).toBe(100)
    expect(taken.at(-1)).toMatchObject({ granted: 0 })
    expect(await pair()[1].counters.take(key, 0, 100, 86_400)).toMatchObject({ granted: 0, left: 0 })
    const other = `${key} other`
    expect(await pair()[0].counters.take(other, 0, 10, 86_400)).toMatchObject({ granted: 0, left: 10 })
    expect(await pair()[0].counters.take(other, 3, 10, 86_400)).toMatchObject({ granted: 3, left: 7 })
    expect(await pair()[1].counters.take(other, 0, 10, 86_400)).toMatchObject({ granted: 0, left: 7 })
    const brief = `${key} brief`
    await pair()[0].counters.take(brief, 5, 5, 1)
    await expect.poll(async () => (await pair()[1].counters.take(brief, 5, 5, 1)).granted).toBe(5)
  })

  test('a session credential is good for as many logins as it says', async () => {
    const [one, other] = pair()
    const name = `agent-${String(Math.random())}`
    const principal = { ...by, groups: [], claims: {}, expiresAt: Date.now() + 60_000 }
    const credential = {
      verifiers: { scram: 'SCRAM-SHA-256$…' },
      principal,
      target: 'shop',
      address: null,
      until: Date.now() + 60_000,
      uses: 2,
    }
    expect(await one.credentials.put(name, credential)).toBe(true)
    expect(await other.credentials.put(name, credential)).toBe(false)
    expect(await other.credentials.get(name)).toMatchObject({ name, used: 0 })
    const taken = await Promise.all([one, other, one, other].map(({ credentials }) => credentials.take(name)))
    expect(taken.filter((one) => one !== null)).toHaveLength(2)
    expect((await one.credentials.list()).map(({ name }) => name)).toContain(name)
    const revoked: (string | null)[] = []
    const stop = other.credentials.onRevoked((which) => revoked.push(which))
    expect(await one.credentials.revoke(name)).toBe(true)
    expect(await other.credentials.take(name)).toBe(null)
    expect(await other.credentials.get(name)).toBe(null)
    await expect.poll(() => revoked).toContain(name)
    stop()
  })
}

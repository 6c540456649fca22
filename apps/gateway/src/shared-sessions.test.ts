import { type Coordination, type GatewayLease, MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SessionRegistry } from './session-registry.ts'
import { SharedSessions } from './shared-sessions.ts'

const identity = { issuer: 'https://idp', subject: 'alice', actor: null }
const principal = { ...identity, groups: [], claims: {}, expiresAt: Date.now() + 60_000 }
const session = { id: 's1', principal, target: 'shop', engine: 'postgres', clientAddress: '::1' } as const
const key = { processId: 1, secretKey: Buffer.from('secret') }
let coordination: Coordination
beforeEach(async () => {
  coordination = await openMemoryCoordination(new MemoryHub())
})
afterEach(() => coordination.close())

/** Where something happens just when a session has been shown. */
async function sharing(meanwhile: () => Promise<unknown>): Promise<SharedSessions> {
  const lease = await coordination.sessions.enlist('one')
  const interrupted: GatewayLease = {
    id: lease.id,
    update: lease.update.bind(lease),
    leave: lease.leave.bind(lease),
    enter: async (...entering) => {
      const outcome = await lease.enter(...entering)
      await meanwhile()
      return outcome
    },
  }
  const log = pino({ level: 'silent' })
  return new SharedSessions(coordination, interrupted, new SessionRegistry(), log, () => Date.now())
}

test('who is revoked while the session is being shown does not get in, and is shown no more', async () => {
  const shared = await sharing(() => {
    const what = { kind: 'principal', issuer: null, subject: 'alice' } as const
    return coordination.revocations.revoke({ what, reason: 'has left', by: identity, until: null })
  })
  const entered = await shared.enter({ ...session, credential: null, applicationName: null }, key, 10)
  expect(entered).toEqual({ kind: 'revoked', reason: 'has left' })
  await expect.poll(() => coordination.sessions.list({})).toEqual([])
  shared.close()
})

test('whose credential is revoked while the session is being shown does not get in, and is shown no more', async () => {
  const credential = { verifiers: {}, principal, target: 'shop', address: null, until: Date.now() + 60_000, uses: null }
  await coordination.credentials.put('c1', credential)
  await coordination.credentials.put('c2', credential)
  const shared = await sharing(() => coordination.credentials.revoke('c1'))
  const entered = await shared.enter({ ...session, credential: 'c1', applicationName: null }, key, 10)
  expect(entered).toMatchObject({ kind: 'revoked' })
  await expect.poll(() => coordination.sessions.list({})).toEqual([])
  const other = await shared.enter({ ...session, credential: 'c2', applicationName: null }, key, 10)
  expect(other).toEqual({ kind: 'entered' })
  expect(await coordination.sessions.get('s1')).toMatchObject({ credential: 'c2' })
  shared.close()
})

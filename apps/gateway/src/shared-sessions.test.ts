import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { SessionRegistry } from './session-registry.ts'
import { SharedSessions } from './shared-sessions.ts'

test('who is revoked while the session is being shown does not get in, and is shown no more', async () => {
  const coordination = await openMemoryCoordination(new MemoryHub())
  const lease = await coordination.sessions.enlist('one')
  const identity = { issuer: 'https://idp', subject: 'alice', actor: null }
  const revoking = {
    ...lease,
    id: lease.id,
    update: lease.update.bind(lease),
    leave: lease.leave.bind(lease),
    enter: async (...session: Parameters<typeof lease.enter>) => {
      const outcome = await lease.enter(...session)
      const what = { kind: 'principal', issuer: null, subject: 'alice' } as const
      await coordination.revocations.revoke({ what, reason: 'has left', by: identity, until: null })
      return outcome
    },
  }
  const log = pino({ level: 'silent' })
  const shared = new SharedSessions(coordination, revoking, new SessionRegistry(), log, () => Date.now())
  const principal = { ...identity, groups: [], claims: {}, expiresAt: Date.now() + 60_000 }
  const entered = await shared.enter(
    {
      id: 's1',
      principal,
      target: 'shop',
      engine: 'postgres',
      credential: null,
      clientAddress: '::1',
      applicationName: null,
    },
    { processId: 1, secretKey: Buffer.from('secret') },
    10,
  )
  expect(entered).toEqual({ kind: 'revoked', reason: 'has left' })
  await expect.poll(() => coordination.sessions.list({})).toEqual([])
  shared.close()
  await coordination.close()
})

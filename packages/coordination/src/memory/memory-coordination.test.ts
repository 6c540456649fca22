import { afterAll, beforeAll, describe } from 'vitest'
import type { Coordination } from '../coordination.ts'
import { TIMING } from '../timing.ts'
import type { GatewayLease } from '../sessions.ts'
import { promiseApprovals } from '../testing/approval-promises.ts'
import { promiseDeliveries } from '../testing/delivery-promises.ts'
import { promiseSharing } from '../testing/sharing-promises.ts'
import { openMemoryCoordination } from './memory-coordination.ts'
import { MemoryHub } from './memory-hub.ts'

describe('in memory', () => {
  const hub = new MemoryHub()
  const quick = { heartbeat: 100, lostAfter: 500, tick: 50 }
  let pair: readonly [Coordination, Coordination]
  let leases: readonly [GatewayLease, GatewayLease]

  describe('approvals', () => {
    beforeAll(async () => {
      const hub = new MemoryHub()
      // The gateways of these waiters are not there, and are not to be missed.
      const patient = { ...TIMING, lostAfter: 3_600_000 }
      pair = [await openMemoryCoordination(hub, patient), await openMemoryCoordination(hub, patient)]
    })
    afterAll(async () => {
      for (const one of pair) await one.close()
    })
    promiseApprovals(() => pair)
  })

  describe('the rest', () => {
    beforeAll(async () => {
      pair = [await openMemoryCoordination(hub, quick), await openMemoryCoordination(hub, quick)]
      leases = [await pair[0].sessions.enlist('one'), await pair[1].sessions.enlist('other')]
    })
    afterAll(async () => {
      for (const one of pair) await one.close()
    })
    promiseSharing(
      () => pair,
      () => leases,
      () => openMemoryCoordination(hub, quick),
    )
    promiseDeliveries(() => pair)
  })
})

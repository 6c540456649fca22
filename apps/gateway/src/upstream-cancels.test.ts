import { expect, test } from 'vitest'
import type { TargetConfig } from './config/index.ts'
import { cancelInTurn, cancelsSettled } from './upstream-cancels.ts'

function target(): TargetConfig {
  return {
    engine: 'postgres',
    host: 'db',
    port: 5432,
    database: 'shop',
    user: 'gatehouse',
    password: null,
    credential: null,
    sessionRole: null,
    tls: {
      mode: 'verify-full',
      caFile: null,
      serverName: null,
      clientCertificateFile: null,
      clientKeyFile: null,
      crlFile: null,
      pinnedSha256: [],
      minVersion: 'TLSv1.2',
    },
    connectTimeoutSeconds: 5,
    keepAliveSeconds: 60,
  }
}

test('a thousand cancels of one target are made a few at a time, in order; one that fails holds up none', async () => {
  const one = target()
  const begun: number[] = []
  let running = 0
  let most = 0
  const cancels = Array.from({ length: 1_000 }, (_, at) =>
    cancelInTurn(one, async () => {
      begun.push(at)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (at % 7 === 0) throw new Error('it cannot be reached')
    }),
  )
  const settled = await Promise.allSettled(cancels)
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(143)
  expect(most).toBe(16)
  expect(begun).toEqual(begun.map((_, at) => at))
  expect(begun).toHaveLength(1_000)
})

test('a target that does not answer does not hold up another', async () => {
  const silent = target()
  const { promise, resolve } = Promise.withResolvers<void>()
  const stuck = Array.from({ length: 20 }, () => cancelInTurn(silent, () => promise))
  let ran = false
  await cancelInTurn(target(), async () => {
    ran = true
  })
  expect(ran).toBe(true)
  resolve()
  await Promise.all(stuck)
})

test('whoever ends waits for the cancels that are under way, those that wait for their turn too, and not for ever', async () => {
  const said: unknown[] = []
  const log = { warn: (details: unknown) => said.push(details) }
  await cancelsSettled(log, 20_000)
  const done: number[] = []
  const one = target()
  for (let at = 0; at < 40; at++)
    void cancelInTurn(one, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      done.push(at)
      if (at % 2 === 0) throw new Error('it cannot be reached')
    }).catch(() => undefined)
  await cancelsSettled(log, 20_000)
  expect(done).toHaveLength(40)
  expect(said).toEqual([])
  const { promise, resolve } = Promise.withResolvers<void>()
  const stuck = cancelInTurn(target(), () => promise)
  await cancelsSettled(log, 20)
  expect(said).toEqual([{ cancels: 1 }])
  resolve()
  await stuck
  await cancelsSettled(log, 20_000)
  expect(said).toHaveLength(1)
})

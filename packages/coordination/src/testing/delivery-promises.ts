import { expect, test } from 'vitest'
import type { Pair } from './approval-promises.ts'

/** What every implementation promises about messages that one of many sends. */
export function promiseDeliveries(pair: Pair): void {
  test('a message about a request is sent by one of many, and again when that one does not come back', async () => {
    const [one, other] = pair()
    const approval = `approval-${String(Math.random())}`
    const asked = { channel: 'chat', event: 'asked' } as const
    await Promise.all([one, other].map(({ deliveries }) => deliveries.want(approval, [asked])))
    expect(await other.deliveries.due(500)).toContain(approval)
    const taken = await Promise.all([one, other, one, other].map(({ deliveries }) => deliveries.take(approval, 50)))
    expect(taken.flat()).toMatchObject([{ ...asked, state: 'pending', tries: 1 }])
    await expect.poll(() => other.deliveries.take(approval, 60_000)).toMatchObject([{ tries: 2 }])
    await one.deliveries.settle(approval, asked, { state: 'again', afterMilliseconds: 10, status: 503 })
    await expect.poll(() => one.deliveries.take(approval, 60_000)).toMatchObject([{ tries: 3, status: 503 }])
    await one.deliveries.settle(approval, asked, { state: 'delivered', status: 200 })
    await other.deliveries.settle(approval, asked, { state: 'failed', status: null })
    expect(await other.deliveries.of(approval)).toMatchObject([{ ...asked, state: 'delivered', tries: 3, status: 200 }])
    await other.deliveries.want(approval, [asked, { channel: 'chat', event: 'ended' }])
    expect(await one.deliveries.take(approval, 50)).toMatchObject([{ event: 'ended', tries: 1 }])
  })

  test('what is good for one use is used once', async () => {
    const id = `link-${String(Math.random())}`
    const until = Date.now() + 60_000
    const spent = await Promise.all([0, 1, 0, 1].map((at) => pair()[at === 0 ? 0 : 1].deliveries.spend(id, until)))
    expect(spent.filter(Boolean)).toHaveLength(1)
    expect(await pair()[0].deliveries.spend(`${id}-late`, Date.now() - 1)).toBe(false)
  })
}

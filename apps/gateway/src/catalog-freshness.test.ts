import { pino } from 'pino'
import { afterEach, expect, test, vi } from 'vitest'
import { CatalogFreshness, CatalogUnsettled } from './catalog-freshness.ts'
import { UpstreamUnavailable } from './upstream-dial.ts'

const silent = pino({ level: 'silent' })
let freshness: CatalogFreshness | null = null
afterEach(() => freshness?.close())

function reading(load: () => Promise<void>): CatalogFreshness {
  freshness = new CatalogFreshness('shop', load, silent)
  return freshness
}

test('definitions that did not settle are read again before a login is refused', async () => {
  const load = vi
    .fn<() => Promise<void>>()
    .mockRejectedValueOnce(new CatalogUnsettled('shop', 'not read', 'they changed all the time'))
    .mockRejectedValueOnce(new CatalogUnsettled('shop', 'not read', 'they changed all the time'))
    .mockResolvedValue()
  await reading(load).ready()
  expect(load).toHaveBeenCalledTimes(3)
})

test('a database that cannot be reached is said at once', async () => {
  const load = vi.fn<() => Promise<void>>().mockRejectedValue(new UpstreamUnavailable('shop', 'cannot be reached', ''))
  await expect(reading(load).ready()).rejects.toThrow('cannot be reached')
  expect(load).toHaveBeenCalledTimes(1)
})

import { type Counters, CoordinationLost, MemoryHub } from '@gatehouse/coordination'
import { pino } from 'pino'
import { beforeEach, describe, expect, test } from 'vitest'
import { farewell } from './farewell.ts'
import { type Attempt, LoginBackOff } from './login-back-off.ts'
import { LoginRefused } from './login-refused.ts'

const log = pino({ level: 'silent' })
const settings = { failuresPerAddress: 3, failuresPerName: 2, sharedAddresses: ['10.9.0.0/16', 'fd00::/8'] }
const NAME = 'gh-aaaaaaaaaaaaaaaaaaaa'

let now = 0
let hub: MemoryHub
let gateways: readonly [LoginBackOff, LoginBackOff]
beforeEach(() => {
  now = 600_000
  hub = new MemoryHub(() => now)
  gateways = [gatewayOn(hub.counters), gatewayOn(hub.counters)]
})

function gatewayOn(counters: Counters): LoginBackOff {
  return new LoginBackOff(counters, settings, log, () => now)
}

/** `in`, the seconds to wait, or that it failed. */
async function outcome(
  backOff: LoginBackOff,
  attempt: Attempt,
  prove: () => Promise<string>,
): Promise<string | number> {
  try {
    return await backOff.guard(attempt, prove)
  } catch (error) {
    if (!(error instanceof LoginRefused)) throw error
    return error.farewell.retryAfterSeconds ?? 'failed'
  }
}

const right = (address: string, credential: string | null = null, by = gateways[0]) =>
  outcome(by, { address, credential }, () => Promise.resolve('in'))
const wrong = (address: string, credential: string | null = null, by = gateways[0]) =>
  outcome(by, { address, credential }, () => {
    throw new LoginRefused(farewell('token refused', 'TOKEN_REFUSED', 'no', ''), 'no', { guess: true })
  })

describe('an address', () => {
  test('that has failed too often waits for the next minute, at every gateway, even with the right secret', async () => {
    const [one, other] = gateways
    expect([await wrong('192.0.2.1', null, one), await wrong('192.0.2.1', null, other)]).toEqual(['failed', 'failed'])
    expect(await right('192.0.2.1')).toBe('in')
    expect(await wrong('192.0.2.1', null, one)).toBe('failed')
    now += 20_000
    expect([await right('192.0.2.1', null, one), await right('192.0.2.1', null, other)]).toEqual([40, 40])
    now += 40_000
    expect(await right('192.0.2.1')).toBe('in')
  })

  test('that has not failed gets in, whatever others have done', async () => {
    for (const stranger of ['192.0.2.1', '192.0.2.3', '2001:db8:1:2::1'])
      for (let at = 0; at < 5; at++) await wrong(stranger, NAME)
    for (const agent of ['192.0.2.2', '198.51.100.1', '2001:db8:1:3::1', '::ffff:192.0.2.4'])
      expect(await right(agent, NAME), agent).toBe('in')
  })

  test('is the same in either writing, and of IPv6 a whole /64', async () => {
    for (let at = 0; at < 3; at++) await wrong(at === 0 ? '::ffff:192.0.2.1' : '192.0.2.1')
    expect(await right('192.0.2.1')).toBe(60)
    for (const address of ['2001:db8::1', '2001:0db8:0000:0000:aaaa::', '2001:db8:0:0:1:2:3:4']) await wrong(address)
    expect(await right('2001:db8::ffff')).toBe(60)
    expect(await right('2001:db8:0:1::1')).toBe('in')
    for (let at = 0; at < 3; at++) await wrong('fe80::1%eth0')
    expect(await right('fe80::2%eth0')).toBe(60)
  })

  test('that many share keeps none of them waiting for what another does', async () => {
    for (const address of ['10.9.1.1', '::ffff:10.9.1.1', 'fd00::7'])
      for (let at = 0; at < 5; at++) expect(await wrong(address)).toBe('failed')
    expect(await right('10.9.1.1')).toBe('in')
    expect(await right('10.9.1.1', NAME)).toBe('in')
  })

  test('waits for nothing that was no guess', async () => {
    for (let at = 0; at < 9; at++)
      await outcome(gateways[0], { address: '192.0.2.1', credential: null }, () => {
        throw new LoginRefused(farewell('token refused', 'TOKEN_EXPIRED', 'it has expired', ''))
      })
    expect(await right('192.0.2.1')).toBe('in')
  })
})

describe("a credential's name", () => {
  test('is tried in one neighbourhood only so often, by addresses that fail', async () => {
    expect([await wrong('192.0.2.1', NAME), await wrong('192.0.2.2', NAME)]).toEqual(['failed', 'failed'])
    // Each of them has failed once, and may no more; a third one may once.
    expect([await wrong('192.0.2.1', NAME), await right('192.0.2.2', NAME)]).toEqual([60, 60])
    expect([await wrong('192.0.2.3', NAME), await right('192.0.2.3', NAME)]).toEqual(['failed', 60])
    expect(await right('192.0.2.1', 'gh-bbbbbbbbbbbbbbbbbbbb')).toBe('in')
    expect(await wrong('192.0.3.1', NAME)).toBe('failed')
  })

  test('is tried only so often behind an address that many share, and others there are not kept from theirs', async () => {
    for (const expected of ['failed', 'failed', 60]) expect(await wrong('10.9.1.1', NAME)).toBe(expected)
    expect(await right('10.9.1.1', 'gh-bbbbbbbbbbbbbbbbbbbb')).toBe('in')
  })
})

test('where the others cannot be reached, a gateway counts alone', async () => {
  const alone = gatewayOn({ take: () => Promise.reject(new CoordinationLost('nobody answers')) })
  for (const expected of ['failed', 'failed', 'failed', 60])
    expect(await wrong('192.0.2.1', null, alone)).toBe(expected)
  expect(await right('192.0.2.2', null, alone)).toBe('in')
})

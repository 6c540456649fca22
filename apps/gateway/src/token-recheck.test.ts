import type { Principal } from '@gatehouse/core'
import type { Recheck, RecheckAnswer } from '@gatehouse/identity'
import { expect, test } from 'vitest'
import type { Session } from './session.ts'
import { TokenRecheck } from './token-recheck.ts'

const EVERY = 60
const GRACE = 120

/** Sessions whose issuer answers as `answer` says; what was asked, and how sessions ended. */
function scene(
  count: number,
  tokens = count,
): {
  answer: RecheckAnswer['kind'] | Promise<never>
  asked: number[]
  readonly ended: (string | undefined)[]
  readonly at: (seconds: number) => Promise<void>
} {
  const ended: (string | undefined)[] = Array.from({ length: count }, () => undefined)
  const principals = Array.from({ length: tokens }, (_, at): Principal => ({
    subject: `p${at}`,
    actor: null,
    groups: [],
    issuer: 'i',
    claims: {},
    expiresAt: Infinity,
  }))
  const sessions = Array.from({ length: count }, (_, at): Session => ({
    id: `s${at}`,
    principal: principals[at % tokens] as Principal,
    target: 'shop',
    credential: null,
    clientAddress: '::1',
    cancel: () => Promise.resolve(),
    activity: () => ({ state: 'idle', approval: null, statements: 0 }),
    checkTime: () => undefined,
    end: (reason, detail) => (ended[at] = `${reason}: ${String(detail)}`),
  }))
  const own: ReturnType<typeof scene> = {
    answer: 'active',
    asked: [],
    ended,
    at: async (seconds) => {
      recheck.check(seconds * 1000)
      for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
    },
  }
  const recheckOf = (principal: Principal): Recheck | null => {
    const at = principals.indexOf(principal)
    return {
      everySeconds: EVERY,
      graceSeconds: GRACE,
      ask: () => {
        own.asked.push(at)
        return Promise.resolve(own.answer).then((kind) =>
          kind === 'changed' ? { kind, what: 'other claims: groups' } : { kind },
        )
      },
    }
  }
  const recheck = new TokenRecheck({ all: () => sessions }, { recheckOf }, { warn: () => undefined }, () => 0)
  return own
}

test('an issuer is asked when it is time, and a session whose token is good goes on', async () => {
  const own = scene(1)
  for (let second = 0; second <= 181; second += 1) await own.at(second)
  expect(own.asked.length).toBe(3)
  expect(own.ended).toEqual([undefined])
})

test('a session ends as soon as its issuer says no', async () => {
  const own = scene(1)
  await own.at(0)
  own.answer = 'inactive'
  await own.at(59)
  expect(own.ended).toEqual([undefined])
  await own.at(60)
  expect(own.ended).toEqual([expect.stringMatching(/^revoked: .*good no more/)])
})

test('a session ends as soon as its issuer says that its token stands for somebody else', async () => {
  const own = scene(2, 1)
  await own.at(0)
  own.answer = 'changed'
  await own.at(60)
  expect(own.ended).toEqual([expect.stringMatching(/^revoked: .*something else/), expect.stringMatching(/^revoked: /)])
})

test('an issuer that does not answer is asked again soon, and ends a session only behind the grace', async () => {
  const own = scene(1)
  await own.at(0)
  own.answer = 'unreachable'
  for (let second = 60; second < 60 + GRACE; second += 1) await own.at(second)
  expect(own.asked.length).toBe(GRACE / 15)
  expect(own.ended).toEqual([undefined])
  await own.at(60 + GRACE)
  expect(own.ended).toEqual([expect.stringContaining('could not be asked')])
})

test('an outage that ends within the grace is forgotten', async () => {
  const own = scene(1)
  await own.at(0)
  own.answer = 'unreachable'
  await own.at(60)
  own.answer = 'active'
  await own.at(75)
  own.answer = 'unreachable'
  for (let second = 76; second < 75 + EVERY + GRACE; second += 1) await own.at(second)
  expect(own.ended).toEqual([undefined])
  await own.at(75 + EVERY + GRACE)
  expect(own.ended).toEqual([expect.stringContaining('could not be asked')])
})

test('many sessions at once are not many questions at once, and each has its turn', async () => {
  const own = scene(1000)
  await own.at(0)
  let most = 0
  for (let second = 60; second < 60 + 32; second += 1) {
    const before = own.asked.length
    await own.at(second)
    most = Math.max(most, own.asked.length - before)
  }
  expect(most).toBeLessThanOrEqual(32)
  expect(new Set(own.asked).size).toBe(1000)
})

test('while questions are under way no more are asked than may be', async () => {
  const own = scene(100)
  await own.at(0)
  own.answer = new Promise<never>(() => undefined)
  for (let second = 60; second < 70; second += 1) await own.at(second)
  expect(own.asked.length).toBe(32)
})

test('sessions that one token began are asked about once, and all end', async () => {
  const own = scene(500, 2)
  await own.at(0)
  await own.at(60)
  expect(own.asked).toEqual([0, 1])
  own.answer = 'inactive'
  await own.at(120)
  expect(own.asked).toEqual([0, 1, 0, 1])
  expect(own.ended.every((how) => how?.includes('good no more'))).toBe(true)
})

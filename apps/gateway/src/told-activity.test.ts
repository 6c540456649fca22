import { expect, test } from 'vitest'
import type { SessionActivity } from './session.ts'
import { ToldActivity } from './told-activity.ts'

/** As many sessions, each of which may be changed. */
function sessions(count: number): { id: string; doing: SessionActivity; activity: () => SessionActivity }[] {
  return Array.from({ length: count }, (_, at) => {
    const session = {
      id: String(at),
      doing: { state: 'idle', approval: null, statements: 0 } as SessionActivity,
      activity: () => session.doing,
    }
    return session
  })
}

test('what has not changed is told once, and since when a state is with its change alone', () => {
  const told = new ToldActivity()
  const [session] = sessions(1)
  if (session === undefined) throw new Error('there is none')
  const tell = (now: number) => told.changes([session], now)
  expect(tell(1)).toEqual([{ id: '0', state: 'idle', approval: null, statements: 0, since: 1 }])
  expect(tell(2)).toEqual([])
  session.doing = { ...session.doing, statements: 5 }
  expect(tell(3)).toEqual([{ id: '0', state: 'idle', approval: null, statements: 5 }])
  told.forgetAll()
  expect(tell(4)).toHaveLength(1)
  told.forget('0')
  expect(tell(5)).toHaveLength(1)
})

test('of many that work all the time, 50 are told about at once, and every one in its turn', () => {
  const told = new ToldActivity()
  const all = sessions(250)
  const turns = new Map<string, number[]>()
  for (let second = 1; second <= 20; second++) {
    for (const session of all) session.doing = { ...session.doing, statements: second }
    const patches = told.changes(all, second)
    expect(patches).toHaveLength(50)
    for (const { id } of patches) turns.set(id, [...(turns.get(id) ?? []), second])
  }
  expect(turns.size).toBe(250)
  for (const seconds of turns.values()) {
    expect(seconds).toHaveLength(4)
    expect(seconds.slice(1).map((second, at) => second - (seconds[at] ?? 0))).toEqual([5, 5, 5])
  }
})

test('who is held, or no longer is, is told about at once, however many others work', () => {
  const told = new ToldActivity()
  const all = sessions(250)
  for (const session of all) session.doing = { ...session.doing, statements: 1 }
  const last = all.at(-1)
  if (last === undefined) throw new Error('there is none')
  last.doing = { state: 'held', approval: 'a1', statements: 1 }
  expect(told.changes(all, 1)).toHaveLength(51)
  last.doing = { state: 'running', approval: null, statements: 2 }
  expect(told.changes(all, 2)[0]).toEqual({ id: '249', state: 'running', approval: null, statements: 2, since: 2 })
})

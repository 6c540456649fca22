import { expect, test } from 'vitest'
import { selfTimes } from './cpu-profile.ts'

const frame = (functionName: string, url = ''): { functionName: string; url: string; lineNumber: number } => ({
  functionName,
  url,
  lineNumber: 4,
})

const profile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5] },
    { id: 2, callFrame: frame('flush', 'file:///gateway/connection.ts'), children: [3] },
    { id: 3, callFrame: frame('write', 'node:net'), children: [4] },
    { id: 4, callFrame: frame('writeBuffer') },
    { id: 5, callFrame: frame('(idle)') },
  ],
  startTime: 1000,
  samples: [2, 4, 5, 3, 4],
  timeDeltas: [0, 10, 20, 30, 40],
}

test('a native function is told by its callers, and counts for the file that called it', () => {
  const times = selfTimes(profile, 0, Infinity)
  expect(times.functions).toContainEqual(['writeBuffer < write node:net:5 < flush connection.ts:5', 20])
  expect(times.files).toEqual([['connection.ts', 70]])
})

test('idle time is not busy time', () => {
  const { busy, idle } = selfTimes(profile, 0, Infinity)
  expect([busy, idle]).toEqual([70, 30])
})

test('samples outside the asked time do not count', () => {
  expect(selfTimes(profile, 1005, 1035)).toMatchObject({ busy: 20, idle: 30 })
})

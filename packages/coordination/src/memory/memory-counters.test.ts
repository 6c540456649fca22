import { expect, test } from 'vitest'
import { MemoryCounters } from './memory-counters.ts'

test('of windows without end the oldest are forgotten, so that whoever chooses the keys does not choose how much memory they take', async () => {
  const counters = new MemoryCounters(() => 1000)
  const left = async (key: number): Promise<number> => (await counters.take(`key ${String(key)}`, 0, 10, 60)).left
  for (let key = 0; key < 100_010; key++) await counters.take(`key ${String(key)}`, 1, 10, 60)
  expect([await left(0), await left(9), await left(10), await left(100_009)]).toEqual([10, 10, 9, 9])
})

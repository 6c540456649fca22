import { expect, test } from 'vitest'
import { RecordBatch } from './record-batch.ts'

test('a record is dated as Date writes it, whatever second the one before it was of', () => {
  const times = [
    0, 999, 1000, 1001, 1001, 999, -1, 1_767_225_599_999, 1_767_225_600_000, 1_767_225_600_010, 253_402_300_800_000,
  ]
  let now = 0
  const batch = new RecordBatch(0, '0'.repeat(64), () => now)
  const written = times.map((time) => {
    now = time
    batch.reset(0, '0'.repeat(64))
    batch.add('"kind":"test"')
    return /"time":"([^"]+)"/.exec(batch.buffer.toString('utf8', 0, batch.length))?.[1]
  })
  expect(written).toEqual(times.map((time) => new Date(time).toISOString()))
})

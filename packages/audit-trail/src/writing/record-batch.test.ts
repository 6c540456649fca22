import { RecordPart, TrailUnavailable } from '@gatehouse/core'
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

test('a record in parts is the line that its whole text makes, whatever characters it has', () => {
  const before = '"kind":"intent","session":"Zoë 🙂",'
  const after = ',"masked":["東京"]'
  for (const between of ['', '"text":"select 1"', '"text":"é\ud83d\ude42"', `"text":"${'東'.repeat(200_000)}"`]) {
    const [whole, inParts] = [0, 1].map(() => new RecordBatch(9, 'a'.repeat(64), () => 0))
    whole?.add(before + between + after)
    inParts?.add(between, RecordPart.of(before), RecordPart.of(after))
    expect(inParts?.buffer.toString('utf8', 0, inParts.length)).toBe(whole?.buffer.toString('utf8', 0, whole.length))
    expect(inParts?.hash).toBe(whole?.hash)
  }
})

test('what is not one line, or does not begin with its kind, gets into no record, in whatever part it stands', () => {
  const batch = new RecordBatch(0, '0'.repeat(64), () => 0)
  expect(() => RecordPart.of('"a":"\n"')).toThrow(RangeError)
  expect(() => batch.add('"a":"\n"', RecordPart.of('"kind":"intent",'))).toThrow(TrailUnavailable)
  expect(() => batch.add('"kind":"intent"', RecordPart.of('"session":"s",'))).toThrow(TrailUnavailable)
  expect(() => batch.add('"a":1', RecordPart.of('"kind":"intent",'), RecordPart.of('x'.repeat(9_000_000)))).toThrow(
    TrailUnavailable,
  )
  expect(batch.length).toBe(0)
})

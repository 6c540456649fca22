import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { RecordHead } from './record-head.ts'
import { formatHead } from '../chain/record-line.ts'

test('a head is what it would be if it were the first, whatever number, time and hash the one before it had', () => {
  const seq = fc.oneof(
    fc.constantFrom(1, 9, 10, 11, 99, 100, 999_999, 1_000_000, Number.MAX_SAFE_INTEGER),
    fc.integer({ min: 1, max: 1_000_000_000_000 }),
  )
  const time = fc.oneof(
    fc.constantFrom(0, 999, 1000, 253_402_300_800_000),
    fc.integer({ min: 0, max: 2_000_000_000_000 }),
  )
  const prev = fc.string({ unit: fc.constantFrom('0', '7', '9', 'a', 'f'), minLength: 64, maxLength: 64 })
  fc.assert(
    fc.property(fc.array(fc.tuple(seq, time, prev), { minLength: 1, maxLength: 20 }), (records) => {
      let now = 0
      const head = new RecordHead(() => now)
      for (const [number, millisecond, hash] of records) {
        // Records come one behind the other, most times.
        for (const following of [number, Math.min(number + 1, Number.MAX_SAFE_INTEGER)]) {
          now = millisecond
          head.set(following, hash)
          expect(head.bytes.toString('latin1')).toBe(formatHead(following, new Date(now).toISOString(), hash))
        }
      }
    }),
  )
})

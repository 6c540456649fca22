import { describe, expect, test } from 'vitest'
import { RestartDelay } from './restart-delay.ts'

describe('A worker that crashes', () => {
  test('is replaced at once, and waited with ever longer when it crashes again and again', () => {
    const delay = new RestartDelay()
    const delays = [120_000, 10, null, null, null, null, null, null, null].map((lived) => delay.after(lived))
    expect(delays).toEqual([0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  test('begins anew when it has lived for a minute', () => {
    const delay = new RestartDelay()
    for (const lived of [0, 0, 0]) delay.after(lived)
    expect(delay.after(60_000)).toBe(0)
    expect(delay.after(59_999)).toBe(500)
  })
})

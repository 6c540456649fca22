import { afterAll, expect, vi } from 'vitest'

/**
 * Fails a test file that leaves its process otherwise than it found it: the files of a worker share one (vitest.config.ts), and the next would
 * find what this one left. Runs beside each file (`setupFiles`); its hook comes after those of the file.
 */
const found = look()

afterAll(() => {
  const left = look()
  // The next file starts from what this one found, whatever this one left.
  vi.useRealTimers()
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  expect(left, 'this file must leave folder, environment, clock and signals as it found them').toEqual(found)
})

function look() {
  return {
    folder: process.cwd(),
    environment: { ...process.env },
    fakeTimers: vi.isFakeTimers(),
    listeners: Object.fromEntries(
      (['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const).map((event) => [event, process.listenerCount(event)]),
    ),
  }
}

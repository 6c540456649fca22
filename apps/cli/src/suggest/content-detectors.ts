import { DETECTORS, TextScanner } from '@gatehouse/core'
import type { FindInValue } from './sample-tables.ts'

/** Everything that the detectors of `classify` know. */
export function contentDetectors(): FindInValue {
  const scanner = new TextScanner(DETECTORS)
  return (value) => {
    const count = scanner.scan(value, 0, value.length)
    const { detectors, starts, ends } = scanner.spans
    return Array.from({ length: count }, (_, index) => ({
      detector: DETECTORS[detectors[index] ?? 0] ?? 'email',
      start: starts[index] ?? 0,
      end: ends[index] ?? 0,
    }))
  }
}

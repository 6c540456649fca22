import type { Canary, NeedleIndex } from '../corpus/canaries.ts'
import type { Lane } from './outcome.ts'
import type { Unit } from './unit.ts'

/** Databases of one schema that differ in masked values alone, a gateway in front of them, and a session for each way to look. */
export interface Databases {
  /** The unit of a seed, in the language of the server. `probes` are masked values that it may guess. */
  readonly unitOf: (seed: number, probes: readonly string[]) => Unit
  /** Through the gateway under masks that hide all, on either side's values. */
  readonly one: Lane
  readonly two: Lane
  /** At the server itself, on the first side's values. */
  readonly direct: Lane
  /** Through the gateway under masks of every kind; `other` has the other side's values. */
  readonly shown: Lane
  readonly other: Lane
  readonly canaries: readonly Canary[]
  readonly needles: NeedleIndex
  /** Without pieces so short that a digest holds them by chance. */
  readonly longNeedles: NeedleIndex
  /** What `one` and `two` hold where no mask is. */
  readonly stored: () => Promise<readonly [one: string, two: string]>
  /** Everything back to how it began, but for the counters of the server. */
  readonly reset: () => Promise<void>
  readonly close: () => Promise<void>
}

/** Characters that are not found by chance. */
export const LONG = 9

import type { SigningKey } from '../seals/signing-key.ts'

/** How a trail is written. */
export interface TrailOptions {
  /** Which gateway writes it: said in the first record of every segment. */
  readonly gatewayId: string
  /** A segment is closed when it has reached this many bytes; default 67,108,864. */
  readonly segmentBytes?: number
  /** A segment is closed when it is this old; default 3,600. */
  readonly segmentSeconds?: number
  /** The longest that a committed record may wait to be durable against loss of power; 0: commit waits; default 50. */
  readonly syncMilliseconds?: number
  /** How long owed records may wait for a record that somebody waits for, to be written with it; default 0: they do not wait. */
  readonly owedMilliseconds?: number
  /** How often a commit looks whether the segment's name still leads to the file it writes; default 0: each time. */
  readonly checkMilliseconds?: number
  /** Signs seals and checkpoints; default null: there are no seals, and checkpoints are not signed. */
  readonly signing?: SigningKey | null
  /** Told of each checkpoint that was written, as its line; default: nobody is. */
  readonly onCheckpoint?: (line: string) => void
  /** From which segment on records of what is still open are found, said in the first record of every segment; null, and default: nothing is open. */
  readonly openFrom?: () => number | null
  /** The clock, in milliseconds since the epoch; default the system's. */
  readonly now?: () => number
}

/** The options with their defaults. Throws `RangeError` for a number that is not one. */
export function completeOptions(options: TrailOptions): Required<TrailOptions> {
  const {
    gatewayId,
    segmentBytes = 64 * 1024 * 1024,
    segmentSeconds = 3_600,
    syncMilliseconds = 50,
    owedMilliseconds = 0,
    checkMilliseconds = 0,
    signing = null,
    onCheckpoint = () => {},
    openFrom = () => null,
    now = Date.now,
  } = options
  if (!(segmentBytes > 0)) throw new RangeError('segmentBytes must be more than 0')
  if (!(segmentSeconds > 0)) throw new RangeError('segmentSeconds must be more than 0')
  if (!(syncMilliseconds >= 0 && syncMilliseconds <= 60_000))
    throw new RangeError('syncMilliseconds must be 0 to 60000')
  if (!(owedMilliseconds >= 0 && owedMilliseconds <= 1_000)) throw new RangeError('owedMilliseconds must be 0 to 1000')
  if (!(checkMilliseconds >= 0 && checkMilliseconds <= 1_000))
    throw new RangeError('checkMilliseconds must be 0 to 1000')
  return {
    gatewayId,
    segmentBytes,
    segmentSeconds,
    syncMilliseconds,
    owedMilliseconds,
    checkMilliseconds,
    signing,
    onCheckpoint,
    openFrom,
    now,
  }
}

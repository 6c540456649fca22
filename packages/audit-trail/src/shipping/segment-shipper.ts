import { readCheckpoint } from '../seals/checkpoint.ts'
import { BackOff } from './back-off.ts'
import { type SegmentDestination, ShippingAlarm } from './destination.ts'
import { type FinishedFile, finishedFiles } from './finished-files.ts'
import type { ShippedTrail } from './record-follower.ts'
import { type Mark, ShippedMark } from './shipped-mark.ts'
import { ShippingAccount } from './shipping-account.ts'
import type { DestinationProgress, ShippedThrough, Shipper } from './shipping-state.ts'

const POLL_MILLISECONDS = 1_000

/** The newest checkpoint is kept this often, besides each time that files were. */
const CHECKPOINT_MILLISECONDS = 60_000

/** Ships a trail's files to a destination once they are written no more. What is there already is not sent again. */
export class SegmentShipper implements Shipper {
  readonly name: string
  readonly #trail: ShippedTrail
  readonly #formerRecordings: number
  readonly #destination: SegmentDestination
  readonly #account = new ShippingAccount()
  readonly #backOff = new BackOff()
  readonly #mark: ShippedMark
  /** Files that are there byte for byte, as was seen since this began: a size alone says nothing of bytes that somebody else put there. */
  readonly #seen = new Set<string>()
  /** Names and sizes of what is there; null: it was not asked yet. */
  #kept: Map<string, number> | null = null
  /** What was there when it was asked last; null: it is not known yet. */
  #former: Mark | null = null
  #checkpointed = 0
  #checkpointedAt = Number.NEGATIVE_INFINITY
  #finishing = false

  /** `formerRecordings`: see `finishedFiles`. */
  constructor(trail: ShippedTrail, formerRecordings: number, destination: SegmentDestination) {
    this.name = destination.name
    this.#trail = trail
    this.#formerRecordings = formerRecordings
    this.#destination = destination
    this.#mark = new ShippedMark(trail.directory, destination.name, trail.identity)
  }

  finish(): void {
    this.#finishing = true
    this.#backOff.hurry()
  }

  run(): Promise<void> {
    return this.#backOff.untilDone(
      () => this.#follow(),
      (error) => this.#account.failed(error),
    )
  }

  async progress(): Promise<DestinationProgress> {
    const files = await finishedFiles(this.#trail.directory, this.#formerRecordings)
    const waiting = files.filter((file) => !this.#has(file))
    const lagBytes = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
    return {
      state: this.#account.state(this.name, null, lagBytes),
      through: this.#kept === null ? { segment: 0, recording: 0 } : through(files, waiting),
    }
  }

  async #follow(): Promise<void> {
    const { directory, identity } = this.#trail
    this.#former = await this.#mark.read()
    const kept = new Map(await this.#destination.kept(identity))
    this.#kept = kept
    for (;;) {
      const files = await finishedFiles(directory, this.#formerRecordings)
      const waiting = files.filter((file) => !this.#has(file))
      this.#account.caughtUp(waiting.length === 0)
      let alarm: ShippingAlarm | null = null
      for (const { file, bytes } of waiting) {
        try {
          await this.#destination.keep(identity, directory, file)
          kept.set(file, bytes)
          this.#seen.add(file)
          this.#backOff.reset()
        } catch (error) {
          // One file that is not what it should be keeps no other from getting there.
          if (!(error instanceof ShippingAlarm)) throw error
          alarm ??= error
        }
      }
      await this.#keepCheckpoint(waiting.length > 0)
      if (alarm !== null) throw alarm
      this.#account.delivered()
      this.#account.caughtUp(true)
      await this.#mark.write({ seq: 0, ...through(files, []) })
      if (this.#finishing) return
      await this.#backOff.pause(POLL_MILLISECONDS)
    }
  }

  /** What is cut off the end of the trail, or put back to an older copy, shows by it. `now`: whenever the last one was. */
  async #keepCheckpoint(now: boolean): Promise<void> {
    const { directory, identity } = this.#trail
    const found = readCheckpoint(directory)
    if (typeof found === 'string' || found.checkpoint.seq === this.#checkpointed) return
    const due = performance.now() - this.#checkpointedAt >= CHECKPOINT_MILLISECONDS
    if (!due && !now && !this.#finishing) return
    await this.#destination.keepCheckpoint(identity, found.checkpoint.seq, found.line)
    this.#checkpointed = found.checkpoint.seq
    this.#checkpointedAt = performance.now()
  }

  #has({ file, bytes, segment, recording }: FinishedFile): boolean {
    const former = this.#former
    const before = former !== null && segment <= former.segment && recording <= former.recording
    if (this.#kept === null) return former === null || before
    return this.#kept.get(file) === bytes && (before || this.#seen.has(file))
  }
}

/** The last numbers up to which nothing waits. */
function through(files: readonly FinishedFile[], waiting: readonly FinishedFile[]): ShippedThrough {
  const last = (numberOf: (file: FinishedFile) => number): number => {
    const first = waiting.map(numberOf).find((number) => number > 0)
    return first === undefined ? Math.max(0, ...files.map(numberOf)) : first - 1
  }
  return { segment: last(({ segment }) => segment), recording: last(({ recording }) => recording) }
}

import { readCheckpoint } from '../seals/checkpoint.ts'
import { BackOff } from './back-off.ts'
import { type RecordDestination, ShippingAlarm, type TrailIdentity } from './destination.ts'
import { ShippedMark } from './shipped-mark.ts'
import { ShippingAccount } from './shipping-account.ts'
import type { DestinationProgress, Shipper } from './shipping-state.ts'
import { TrailReader } from './trail-reader.ts'

/** How often the checkpoint is looked at; the trail writes it each second. */
const POLL_MILLISECONDS = 250

/** How often the mark is written for a destination that knows what it has. */
const MARK_MILLISECONDS = 5_000

/** A trail that is shipped. */
export interface ShippedTrail {
  readonly directory: string
  readonly identity: TrailIdentity
  /** Told of what an operator should know and nothing can be done about. */
  readonly notice: (message: string) => void
}

/**
 * Ships a trail's records to a destination, in order, as far as the checkpoint says that they are durable: what comes after it could be lost with the
 * power, and its numbers be given to other records. What could not be delivered is tried again from where the destination says it is.
 */
export class RecordFollower implements Shipper {
  readonly name: string
  readonly #trail: ShippedTrail
  readonly #destination: RecordDestination
  readonly #mark: ShippedMark
  readonly #account = new ShippingAccount()
  readonly #backOff = new BackOff()
  #reader: TrailReader | null = null
  /** The last record that was delivered. */
  #delivered = 0
  /** It was delivered all of the segments up to this one. */
  #through = 0
  #markedAt = 0
  #durable = 0
  #finishing = false

  constructor(trail: ShippedTrail, destination: RecordDestination) {
    this.name = destination.name
    this.#trail = trail
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
    const lagBytes = (await this.#reader?.restBytes()) ?? 0
    const lagRecords = Math.max(0, this.#durable - this.#delivered)
    return {
      state: this.#account.state(this.name, lagRecords, lagBytes),
      through: { segment: this.#through, recording: Number.MAX_SAFE_INTEGER },
    }
  }

  /** Returns when everything is delivered and it was told to finish. */
  async #follow(): Promise<void> {
    const { directory, identity } = this.#trail
    const mark = await this.#mark.read()
    this.#durable = durableSeq(directory)
    // Before the destination is asked: so what waits is known while it is down.
    if (this.#reader === null) {
      this.#reader = await TrailReader.after(directory, mark.seq)
      this.#delivered = mark.seq
    }
    const position = await this.#destination.position(identity)
    await using reader = await this.#begin(position ?? mark.seq)
    for (;;) {
      this.#durable = durableSeq(directory)
      const records = await reader.next(this.#durable)
      const last = records.at(-1)
      this.#account.caughtUp(last === undefined)
      if (last === undefined) {
        this.#account.delivered()
        await this.#writeMark(MARK_MILLISECONDS)
        if (this.#finishing) return
        await this.#backOff.pause(POLL_MILLISECONDS)
        continue
      }
      await this.#destination.deliver(identity, records)
      this.#delivered = last.record.seq
      this.#through = last.segment - 1
      await this.#writeMark(position === null ? 0 : MARK_MILLISECONDS)
      this.#account.delivered()
      this.#backOff.reset()
    }
  }

  async #begin(position: number): Promise<TrailReader> {
    const { directory, notice } = this.#trail
    if (position > this.#durable)
      throw new ShippingAlarm(
        'SHIPPED_BEYOND_TRAIL',
        `it has record ${position} of this trail, which ends at ${this.#durable}: the directory is an older copy, or the destination is not ours alone`,
      )
    const reader = await TrailReader.after(directory, position)
    if (reader.seq > position)
      notice(`records ${position + 1} to ${reader.seq} are no longer on the disk: ${this.name} goes without them`)
    await this.#reader?.[Symbol.asyncDispose]()
    this.#reader = reader
    this.#delivered = position
    this.#through = reader.segment - 1
    return reader
  }

  /** Where the last time is so long ago. */
  async #writeMark(milliseconds: number): Promise<void> {
    if (performance.now() - this.#markedAt < milliseconds && !this.#finishing) return
    this.#markedAt = performance.now()
    await this.#mark.write({ seq: this.#delivered, segment: 0, recording: 0 })
  }
}

/** The last record that survives a loss of power; 0: not known. */
function durableSeq(directory: string): number {
  const found = readCheckpoint(directory)
  if (found === 'unreadable') throw new Error(`the checkpoint of ${directory} cannot be read`)
  return found === 'missing' ? 0 : found.checkpoint.seq
}

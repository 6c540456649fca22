import { Worker } from 'node:worker_threads'
import { listRecordings } from '../recording/recording-names.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { bytesOfTrail, type ShippingNews, type ShippingOrder, type ShippingTask } from './ship.ts'
import { ShippingReporter, type ShippingLog } from './shipping-reporter.ts'
import type { ShippedThrough, ShippingState } from './shipping-state.ts'

export type { ShippingLog } from './shipping-reporter.ts'

/** Why traffic stops is known to be over, or not, at most so much later. */
const LOOK_MILLISECONDS = 500
/** A state older than this says nothing of what waits now. */
const STALE_MILLISECONDS = 10_000
/** How long what is left may take to be shipped in the end. */
const LAST_PATIENCE_MILLISECONDS = 5_000
const FIRST_RESTART_MILLISECONDS = 1_000
const LONGEST_RESTART_MILLISECONDS = 30_000

/** The part of the limit below which a trail that was stopped goes on. */
const GOES_ON_BELOW = 0.9

const WORKER = new URL('shipping-worker.ts', import.meta.url)

/** The trail that is shipped: it is stopped when too much waits. A `TrailWriter`. */
export interface StoppableTrail {
  stop(reason: string, details: string): void
  resume(): void
  alarm(code: string, message: string): void
}

/** What is shipped, and where to. */
export interface ShippingOptions {
  readonly directory: string
  /** Whose trail it is: what its records call the gateway. */
  readonly gateway: string
  /** Given to the worker as `places`: `ShippingPlaces`. */
  readonly places: object
  /** Bytes that may wait; beyond it the trail is stopped. */
  readonly spoolBytes: number
  readonly log: ShippingLog
  /** The worker's module; default: the one that opens `ShippingPlaces`. */
  readonly worker?: URL
}

/**
 * Ships a trail in a worker thread, so that nothing of it is done in the event loop of sessions. A worker that dies is started anew. While more than
 * `spoolBytes` waits, the trail is stopped.
 */
export class Shipping {
  readonly #options: ShippingOptions
  readonly #task: ShippingTask
  readonly #trail: StoppableTrail
  readonly #reporter: ShippingReporter
  readonly #ticker: NodeJS.Timeout
  #worker: Worker | null = null
  #ended: Promise<void> = Promise.resolve()
  #state: ShippingState
  #stateAt = performance.now()
  #restart: NodeJS.Timeout | undefined
  #restartMilliseconds = FIRST_RESTART_MILLISECONDS
  #looking = false
  #stopped = false
  #closing = false

  private constructor(options: ShippingOptions, task: ShippingTask, trail: StoppableTrail, trailBytes: number) {
    this.#options = options
    this.#task = task
    this.#trail = trail
    this.#reporter = new ShippingReporter(options.log, trail)
    this.#state = { destinations: [], spoolBytes: 0, shippedThrough: { segment: 0, recording: 0 }, trailBytes }
    this.#start()
    this.#ticker = setInterval(() => void this.#look(), LOOK_MILLISECONDS).unref()
  }

  /** Begins to ship a trail that is open, and nobody records beside yet. Rejects when its directory cannot be read. */
  static async open(trail: StoppableTrail, options: ShippingOptions): Promise<Shipping> {
    const { directory, gateway } = options
    const id = readTrailId(directory)
    if (id === null) throw new Error(`${directory} does not say which trail it is: it cannot be shipped`)
    const formerRecordings = listRecordings(directory).at(-1) ?? 0
    const task = { directory, identity: { gateway, trail: id }, formerRecordings }
    return new Shipping(options, task, trail, await bytesOfTrail(directory))
  }

  /** How it stood a moment ago. */
  get state(): ShippingState {
    return this.#state
  }

  /** What every destination has: only that may be removed from the disk. */
  get shippedThrough(): ShippedThrough {
    return this.#state.shippedThrough
  }

  /** Ships what is left, for a few seconds at most, and ends. To be called when the trail is closed. */
  async close(): Promise<void> {
    this.#closing = true
    clearInterval(this.#ticker)
    clearTimeout(this.#restart)
    const worker = this.#worker
    if (worker === null) return
    worker.postMessage('finish' satisfies ShippingOrder, [])
    let giveUp: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => (giveUp = setTimeout(resolve, LAST_PATIENCE_MILLISECONDS)))
    await Promise.race([this.#ended, patience])
    clearTimeout(giveUp)
    await worker.terminate()
    this.#reporter.ended(this.#state)
  }

  #start(): void {
    const { worker: module = WORKER, places, log } = this.#options
    const worker = new Worker(module, { workerData: { ...this.#task, places } })
    worker.unref()
    this.#worker = worker
    worker.on('message', (news: ShippingNews) => {
      if (news.kind === 'notice') log.warn({ notice: news.message }, 'a destination of the audit trail goes without')
      else this.#take(news.state)
    })
    worker.on('error', (error) => log.error({ error: String(error) }, 'shipping of the audit trail broke'))
    this.#ended = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#worker = null
        resolve()
        if (!this.#closing) this.#startAgain()
      })
    })
  }

  #startAgain(): void {
    const milliseconds = this.#restartMilliseconds
    this.#restartMilliseconds = Math.min(LONGEST_RESTART_MILLISECONDS, milliseconds * 2)
    this.#options.log.error({ milliseconds }, 'shipping of the audit trail ended: it is started again')
    this.#restart = setTimeout(() => this.#start(), milliseconds).unref()
  }

  #take(state: ShippingState): void {
    this.#state = state
    this.#stateAt = performance.now()
    this.#restartMilliseconds = FIRST_RESTART_MILLISECONDS
    this.#reporter.take(state)
    this.#judge(state.spoolBytes)
  }

  /** While nothing is heard from the worker, all that the trail grew by counts as waiting. */
  async #look(): Promise<void> {
    if (this.#looking || performance.now() - this.#stateAt < STALE_MILLISECONDS) return
    this.#looking = true
    try {
      const { spoolBytes, trailBytes } = this.#state
      const grown = (await bytesOfTrail(this.#options.directory)) - trailBytes
      if (performance.now() - this.#stateAt >= STALE_MILLISECONDS) this.#judge(spoolBytes + Math.max(0, grown))
    } catch {
      // A segment was removed just now, or the directory cannot be read, which stops the trail by itself.
    } finally {
      this.#looking = false
    }
  }

  #judge(waiting: number): void {
    const limit = this.#options.spoolBytes
    if (this.#closing) return
    // It goes on only when there is some room again: else it would stop and go on each second.
    const tooMuch = waiting > (this.#stopped ? limit * GOES_ON_BELOW : limit)
    if (tooMuch) {
      const reason = `${waiting} bytes of the audit trail wait to be shipped, more than the ${limit} of audit.shipping.spoolBytes; it goes on by itself when they are fewer`
      const details = `${reason}. ${this.#reporter.whatIsBehind(this.#state)}`
      this.#trail.stop(reason, details)
      if (!this.#stopped) this.#options.log.error({ waiting, limit, details }, 'all traffic is stopped')
    } else if (this.#stopped) {
      this.#trail.resume()
      this.#options.log.info({ waiting, limit }, 'traffic goes on: the audit trail is shipped again')
    }
    this.#stopped = tooMuch
  }
}

import { type ExportResult, ExportResultCode } from '@opentelemetry/core'

/** Spans or log lines of one request to the collector. */
const BATCH = 512
/** How long they wait for others to be sent with. */
const WAIT_MILLISECONDS = 1_000

/** What became of spans or log lines, for `/metrics`. */
export interface ExportAccount {
  exported: number
  /** There were too many, or they were left when the process ended. */
  dropped: number
  /** The collector did not take them. */
  failed: number
  queued: number
}

/** What sends a batch: an exporter of OpenTelemetry. */
export interface Exporter<Sent> {
  export(batch: Sent[], told: (result: ExportResult) => void): void
  shutdown(): Promise<void>
}

/** Sends by the exporter, one batch at a time. Nobody waits for it: what it cannot keep is dropped, and counted. */
export class ExportQueue<Sent> {
  readonly account: ExportAccount = { exported: 0, dropped: 0, failed: 0, queued: 0 }
  readonly #exporter: Exporter<Sent>
  readonly #most: number
  readonly #lastMilliseconds: number
  readonly #told: (error: string | null) => void
  #waiting: Sent[] = []
  #sending: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #failing = false

  /** `most`: may wait. `lastMilliseconds`: so long the end waits for what is left. `told`: hears once why sending fails, and null when it works again. */
  constructor(
    exporter: Exporter<Sent>,
    limits: { readonly most: number; readonly lastMilliseconds: number },
    told: (error: string | null) => void,
  ) {
    this.#exporter = exporter
    this.#most = limits.most
    this.#lastMilliseconds = limits.lastMilliseconds
    this.#told = told
  }

  /** Nothing more is kept: what is added would be dropped. */
  get isFull(): boolean {
    return this.#closed || this.#waiting.length >= this.#most
  }

  add(one: Sent): void {
    if (this.isFull) return this.drop()
    this.#waiting.push(one)
    this.account.queued = this.#waiting.length
    if (this.#waiting.length >= BATCH) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), WAIT_MILLISECONDS).unref()
  }

  /** Counts what is not even made, as there is no room for it. */
  drop(): void {
    this.account.dropped++
  }

  /** Resolves when nothing is left, or the collector does not take it in time. False: a request is still under way, and nobody should wait for it. */
  async close(): Promise<boolean> {
    const late = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => late.resolve(false), this.#lastMilliseconds)
    await Promise.race([late.promise, this.#sendAll()])
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.account.dropped += this.#waiting.length
    this.#waiting = []
    this.account.queued = 0
    // It waits for the request that is under way, which may take as long as its timeout.
    const over = this.#exporter.shutdown().then(
      () => true,
      () => true,
    )
    const inTime = await Promise.race([late.promise, over])
    clearTimeout(timer)
    return inTime
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0 || this.#sending !== null) {
      this.#send()
      await this.#sending
      if (this.#failing) return
    }
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#sending !== null || this.#waiting.length === 0) return
    const batch = this.#waiting.splice(0, BATCH)
    this.account.queued = this.#waiting.length
    this.#sending = this.#export(batch).then(() => {
      this.#sending = null
      if (this.#waiting.length >= BATCH) this.#send()
      else if (this.#waiting.length > 0 && !this.#closed)
        this.#timer ??= setTimeout(() => this.#send(), WAIT_MILLISECONDS).unref()
    })
  }

  #export(batch: Sent[]): Promise<void> {
    return new Promise((resolve) => {
      const over = (error: string | null): void => {
        if (error === null) this.account.exported += batch.length
        else this.account.failed += batch.length
        if ((error !== null) !== this.#failing) this.#told(error)
        this.#failing = error !== null
        resolve()
      }
      try {
        this.#exporter.export(batch, ({ code, error }) =>
          over(code === ExportResultCode.SUCCESS ? null : (error?.message ?? 'no reason given')),
        )
      } catch (error) {
        over(String(error))
      }
    })
  }
}

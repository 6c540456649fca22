import { ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace'

/** Spans of one request to the collector. */
const BATCH = 512
/** How long spans wait for others to be sent with. */
const WAIT_MILLISECONDS = 1_000
/** How long the end waits for what is left. */
const LAST_PATIENCE_MILLISECONDS = 3_000

/** What became of spans, for `/metrics`. */
export interface SpanAccount {
  exported: number
  /** There were too many, or they were left when the gateway ended. */
  dropped: number
  /** The collector did not take them. */
  failed: number
  queued: number
}

/** Sends spans by the exporter, one batch at a time. Nobody waits for it: what it cannot keep is dropped, and counted. */
export class SpanQueue implements SpanProcessor {
  readonly account: SpanAccount = { exported: 0, dropped: 0, failed: 0, queued: 0 }
  readonly #exporter: SpanExporter
  readonly #most: number
  readonly #told: (error: string | null) => void
  #spans: ReadableSpan[] = []
  #sending: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  #closed = false
  #failing = false

  /** `told`: hears once why sending fails, and null when it works again. */
  constructor(exporter: SpanExporter, most: number, told: (error: string | null) => void) {
    this.#exporter = exporter
    this.#most = most
    this.#told = told
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#closed || this.#spans.length >= this.#most) {
      this.account.dropped++
      return
    }
    this.#spans.push(span)
    this.account.queued = this.#spans.length
    if (this.#spans.length >= BATCH) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), WAIT_MILLISECONDS).unref()
  }

  /** Resolves when nothing is left, or the collector does not take it in time. */
  async forceFlush(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, LAST_PATIENCE_MILLISECONDS)
    await Promise.race([promise, this.#sendAll()])
    clearTimeout(timer)
  }

  async shutdown(): Promise<void> {
    await this.forceFlush()
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.account.dropped += this.#spans.length
    this.#spans = []
    this.account.queued = 0
    await this.#exporter.shutdown()
  }

  async #sendAll(): Promise<void> {
    while (this.#spans.length > 0 || this.#sending !== null) {
      this.#send()
      await this.#sending
      if (this.#failing) return
    }
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#sending !== null || this.#spans.length === 0) return
    const batch = this.#spans.splice(0, BATCH)
    this.account.queued = this.#spans.length
    this.#sending = this.#export(batch).then(() => {
      this.#sending = null
      if (this.#spans.length >= BATCH) this.#send()
      else if (this.#spans.length > 0 && !this.#closed)
        this.#timer ??= setTimeout(() => this.#send(), WAIT_MILLISECONDS).unref()
    })
  }

  #export(batch: ReadableSpan[]): Promise<void> {
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

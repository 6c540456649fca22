import type { AuditRecord } from '@gatehouse/core'
import { postJson } from '../post-json.ts'
import type { RecordDestination, ShippedRecord, TrailIdentity } from '../shipping/destination.ts'
import { boundedEventText, eventText, LEAST_EVENT_BYTES } from './event-text.ts'
import { ocsfEvent, refusedEvent } from './ocsf-event.ts'

/** A collector that takes events as JSON by POST. */
export interface WebhookOptions {
  /** Default: `webhook`, and the host of the address. */
  readonly name?: string
  readonly url: string
  /** A bearer token, or one with its scheme before it (`Splunk …`, `ApiKey …`, `Basic …`); null: none. */
  readonly token: string | null
  /** Told when an event was refused for good: its `metadata.uid` and the status. The collector was told in the event's place. */
  readonly onRefused?: (uid: string, status: number) => void
}

/** One body holds no more events. */
const MOST_EVENTS = 500
/** Nor is it longer, but for one event that is. */
const MOST_BODY_BYTES = 1024 * 1024
/** `Retry-After` is heeded up to this. */
const MOST_WAIT_MILLISECONDS = 300_000

/** About the body, and not about the address or the moment: the same body would be refused again. */
const REFUSED_FOR_GOOD: ReadonlySet<number> = new Set([400, 413, 422])
const TOO_LARGE = 413

/** Collectors with a scheme of their own; no token of another begins like this. */
const OWN_SCHEME = /^(?:Splunk|ApiKey|Basic) /

/** A record on its way. */
interface Outgoing {
  readonly record: AuditRecord
  readonly text: string
}

/**
 * Records as OCSF events, POSTed as JSON arrays, one after the other. What was answered with 2xx is kept. Events come again after a failure:
 * a receiver tells them apart by `metadata.uid`. A batch that is refused for good is halved until the event is found that is to blame: too large (413), it is
 * cut; else, or when that does not help, an event that says so is sent in its place, under the same `metadata.uid`. Only when the collector
 * keeps that one is it passed over: a collector that takes nothing at all holds the trail up.
 */
export class WebhookDestination implements RecordDestination {
  readonly name: string
  readonly #options: WebhookOptions
  readonly #closed = new AbortController()
  /** As `performance.now()` counts; the collector asked to be left alone until then. */
  #notBefore = 0

  constructor(options: WebhookOptions) {
    this.#options = options
    this.name = options.name ?? `webhook ${new URL(options.url).host}`
  }

  /** A collector does not say what it has. */
  position(): Promise<null> {
    return Promise.resolve(null)
  }

  async deliver(of: TrailIdentity, records: readonly ShippedRecord[]): Promise<void> {
    const wait = this.#notBefore - performance.now()
    if (wait > 0) throw new Error(`it asked to be left alone for ${String(Math.ceil(wait / 1000))} more seconds`)
    for (const batch of batches(of, records)) await this.#send(of, batch)
  }

  close(): Promise<void> {
    this.#closed.abort(new Error('the destination was closed'))
    return Promise.resolve()
  }

  /** Resolves when all of them are kept. */
  async #send(of: TrailIdentity, events: readonly Outgoing[]): Promise<void> {
    const status = await this.#post(of, events)
    if (status === null) return
    const [first, ...others] = events
    if (first === undefined) return
    if (others.length === 0) return this.#sendLess(of, first, status)
    const half = Math.ceil(events.length / 2)
    await this.#send(of, events.slice(0, half))
    await this.#send(of, events.slice(half))
  }

  /** An event alone was refused: it is cut as far as it goes, then told of. */
  async #sendLess(of: TrailIdentity, { record, text }: Outgoing, refused: number): Promise<void> {
    let status: number | null = refused
    for (let bytes = text.length / 2; status === TOO_LARGE && bytes >= LEAST_EVENT_BYTES; bytes /= 2) {
      status = await this.#post(of, [{ record, text: boundedEventText(ocsfEvent(of, record), Math.floor(bytes)) }])
    }
    if (status === null) return
    const told = refusedEvent(of, record, status)
    const answer = await this.#post(of, [{ record, text: eventText(told) }])
    if (answer !== null) throw new Error(`it answered ${String(answer)}, whatever it is sent`)
    this.#options.onRefused?.(told.metadata.uid, status)
  }

  /** Null: they are kept. A status: they are refused for good. Throws when it may be otherwise another time. */
  async #post(of: TrailIdentity, events: readonly Outgoing[]): Promise<number | null> {
    const { url, token } = this.#options
    const authorization = token === null || OWN_SCHEME.test(token) ? token : `Bearer ${token}`
    const body = `[${events.map(({ text }) => text).join(',')}]`
    const answer = await postJson(url, authorization, body, headersOf(of, events), this.#closed.signal)
    const { status } = answer
    if (status >= 200 && status < 300) return null
    if (REFUSED_FOR_GOOD.has(status)) return status
    this.#notBefore = performance.now() + Math.min(answer.retryAfterMilliseconds, MOST_WAIT_MILLISECONDS)
    throw new Error(
      `it answered ${String(status)}${status >= 300 && status < 400 ? ': redirects are not followed' : ''}`,
    )
  }
}

/** In order; each as many as a body holds. */
function* batches(of: TrailIdentity, records: readonly ShippedRecord[]): Generator<readonly Outgoing[]> {
  let batch: Outgoing[] = []
  let bytes = 0
  for (const { record } of records) {
    const text = eventText(ocsfEvent(of, record))
    if (batch.length === MOST_EVENTS || (batch.length > 0 && bytes + text.length > MOST_BODY_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push({ record, text })
    bytes += text.length + 1
  }
  if (batch.length > 0) yield batch
}

/** As Standard Webhooks names them: the id is that of the records, so the same body has the same. */
function headersOf(of: TrailIdentity, events: readonly Outgoing[]): Readonly<Record<string, string>> {
  const seqs = `${String(events[0]?.record.seq)}-${String(events.at(-1)?.record.seq)}`
  return {
    'webhook-id': `${encodeURIComponent(of.gateway)}/${of.trail}/${seqs}`,
    'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
  }
}

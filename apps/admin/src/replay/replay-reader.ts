import type { ReplayEvent } from '@gatehouse/session-replay'

/** Records at which another statement's story begins, or the session's is over. */
const STARTS: ReadonlySet<string> = new Set(['intent', 'approval_asked', 'session_end'])

/** The number of the record with which a statement's story begins; null: the event is no such record. */
export function startOf(event: ReplayEvent): number | null {
  return event.kind === 'record' && STARTS.has(event.record.kind) ? event.record.seq : null
}

/** A replay that is read bit by bit, forwards only. */
export class ReplayReader {
  readonly #events: AsyncGenerator<ReplayEvent>
  #ahead: IteratorResult<ReplayEvent> | null = null
  /** How many events were taken. */
  position = 0
  /** Where the newest story that was taken begins; 0: none was. */
  start = 0

  constructor(events: AsyncGenerator<ReplayEvent>) {
    this.#events = events
  }

  /** The next event, which stays. Null: there is no more. */
  async peek(): Promise<ReplayEvent | null> {
    this.#ahead ??= await this.#events.next()
    return this.#ahead.done === true ? null : this.#ahead.value
  }

  /** Takes the event that was looked at. */
  take(event: ReplayEvent): void {
    this.#ahead = null
    this.position++
    this.start = startOf(event) ?? this.start
  }

  async skipTo(position: number): Promise<void> {
    for (let event = await this.peek(); event !== null && this.position < position; event = await this.peek())
      this.take(event)
  }

  /** Up to the story that begins with this record, or to the end. */
  async skipToStart(seq: number): Promise<void> {
    for (let event = await this.peek(); event !== null; event = await this.peek()) {
      if (startOf(event) === seq) return
      this.take(event)
    }
  }

  async close(): Promise<void> {
    await this.#events.return(undefined)
  }
}

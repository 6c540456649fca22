import { FrameCursor, FRONTEND_LIMITS, ProtocolError } from '@gatehouse/postgres-wire'
import { type Connection, Pause, type Receiver } from '../connection.ts'
import type { SessionHold } from '../holding/session-hold.ts'
import { KeptMessages } from './kept-messages.ts'

/** What a flow hands its messages to. */
export interface FlowOwner {
  /** One message, or piece of CopyData. False: it has to wait, nothing was done with it; whatever it waits for calls `resume`. */
  message(cursor: FrameCursor): boolean
  /** The client broke the protocol, or closed the connection (null). */
  over(fault: ProtocolError | null): void
}

/** A client may send this much behind a held statement. */
const BEHIND_HELD_BYTES = 1024 * 1024

/** The client's messages in order: where one has to wait, all that come behind it do. */
export class MessageFlow implements Receiver {
  readonly #client: Connection
  readonly #hold: SessionHold
  readonly #owner: FlowOwner
  readonly #cursor: FrameCursor
  readonly #kept = new KeptMessages()
  #ended = false

  constructor(client: Connection, hold: SessionHold, maxMessageBytes: number, owner: FlowOwner) {
    this.#client = client
    this.#hold = hold
    this.#owner = owner
    this.#cursor = new FrameCursor(FRONTEND_LIMITS(maxMessageBytes))
    this.#cursor.streamed[0x64 /* d */] = 1
  }

  bytes(chunk: Buffer, length: number): void {
    if (this.#ended) return
    if (this.#kept.any) return this.#keepMore(chunk.subarray(0, length))
    try {
      this.#cursor.feed(chunk, 0, length)
      this.#walk()
    } catch (error) {
      this.end()
      this.#owner.over(
        error instanceof ProtocolError
          ? error
          : new ProtocolError('BAD_VALUE', `the gateway failed on a message: ${String(error)}`),
      )
    }
  }

  closed(): void {
    this.#owner.over(null)
  }

  /** Nothing of the client is looked at any more. */
  end(): void {
    this.#ended = true
    this.#kept.take()
  }

  /** What had to wait is tried again. */
  readonly resume = (): void => {
    if (!this.#kept.any || this.#ended) return
    const kept = this.#kept.take()
    this.bytes(kept, kept.length)
    if (!this.#kept.any || this.#hold.waiting) this.#client.resume(Pause.Deciding)
  }

  #walk(): void {
    const cursor = this.#cursor
    while (!this.#ended && cursor.next()) {
      if (this.#owner.message(cursor)) continue
      this.#kept.keep(cursor.bytes.subarray(cursor.start, cursor.end), cursor.rest())
      // While people decide the client is read on, for that is how it shows that it has left.
      if (!this.#hold.waiting) this.#client.pause(Pause.Deciding)
      return
    }
  }

  /** What comes behind a held statement waits with it. A client that sends more than that would not be seen to leave. */
  #keepMore(more: Buffer): void {
    this.#kept.keep(more)
    if (this.#kept.bytesBehind <= BEHIND_HELD_BYTES) return
    this.#client.pause(Pause.Deciding)
    this.#hold.stop('cancelled')
  }
}

import { PacketCursor, ProtocolError } from '@gatehouse/mysql-wire'
import { type Connection, Pause, type Receiver } from '../connection.ts'
import type { CommandBytes } from './staged-requests.ts'

/** What a flow hands its commands to. */
export interface FlowOwner {
  /** One command, of which nothing was done yet. It ends, or calls `begin` or `wait` of the flow. */
  command(command: CommandBytes): void
  /** Work of the gateway's own that has to be done before the next command; null: there is none. Never rejects. */
  work(): Promise<void> | null
  /** The client broke the protocol, or closed the connection (null). */
  over(fault: ProtocolError | null): void
}

/** What a client may send behind the command under way before it is read no more. */
const KEPT_BYTES = 64 * 1024

/** The client's commands, one at a time: what comes while one is under way waits. */
export class CommandFlow implements Receiver {
  readonly #client: Connection
  readonly #owner: FlowOwner
  readonly #cursor: PacketCursor
  #state: 'idle' | 'asked' | 'waiting' = 'idle'
  /** The command that waits, to be tried again. */
  #pending: CommandBytes | null = null
  /** What came behind the command that is under way; null: nothing. */
  #kept: Buffer | null = null
  #ended = false

  /** `maxMessageBytes`: of a command, its continuation packets counted. */
  constructor(client: Connection, maxMessageBytes: number, owner: FlowOwner) {
    this.#client = client
    this.#owner = owner
    this.#cursor = new PacketCursor(maxMessageBytes)
    this.#cursor.joined = true
  }

  bytes(chunk: Buffer, length: number): void {
    if (this.#ended) return
    if (this.#state !== 'idle') return this.#keep(chunk.subarray(0, length))
    try {
      this.#cursor.feed(chunk, 0, length)
      while (!this.#ended && this.#cursor.next()) {
        // Every command begins anew.
        this.#cursor.nextSequenceId = 0
        this.#owner.command(this.#cursor)
        if (this.idle) this.#startWork()
        if (!this.idle) return this.#keep(this.#cursor.rest())
      }
    } catch (error) {
      this.#fault(error)
    }
  }

  closed(): void {
    this.#owner.over(null)
  }

  /** Nothing of the client is looked at any more. */
  end(): void {
    this.#ended = true
    this.#kept = null
    this.#pending = null
  }

  /** Nothing is under way: what the gateway says to the client now begins a response. */
  get idle(): boolean {
    return this.#state === 'idle'
  }

  /** A command is under way; `done` ends it. */
  begin(): void {
    this.#state = 'asked'
  }

  /** The command has to wait; whatever it waits for calls `resume`. */
  wait({ bytes, start, payload, end, packets }: CommandBytes): void {
    const from = packets === 1 ? start : payload
    const copy = Buffer.from(bytes.subarray(from, end))
    this.#pending = { bytes: copy, start: 0, payload: payload - from, end: end - from, packets }
    this.#state = 'waiting'
  }

  /** The command that was under way is answered. */
  done(): void {
    this.#state = 'waiting'
    this.resume()
  }

  /** Goes on where something had to wait. */
  readonly resume = (): void => {
    if (this.#ended || this.#state !== 'waiting') return
    if (this.#startWork()) return
    this.#state = 'idle'
    this.#retry()
    if (this.idle && this.#startWork()) return
    const kept = this.#kept
    if (!this.idle || this.#ended || kept === null) return
    this.#kept = null
    this.bytes(kept, kept.length)
    if (this.#kept === null) this.#client.resume(Pause.Deciding)
  }

  /** True: there is work of the gateway's own, and it has begun. */
  #startWork(): boolean {
    const work = this.#ended ? null : this.#owner.work()
    if (work === null) return false
    this.#state = 'asked'
    void work.then(() => this.done())
    return true
  }

  /** What the client sent behind the command under way; it counts as read. */
  takeEarly(): Buffer {
    const rest = this.#cursor.rest()
    const early = this.#kept === null ? rest : Buffer.concat([rest, this.#kept])
    this.#kept = null
    return early
  }

  #retry(): void {
    const pending = this.#pending
    if (pending === null) return
    this.#pending = null
    try {
      this.#owner.command(pending)
    } catch (error) {
      this.#fault(error)
    }
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0 || this.#ended) return
    this.#kept = this.#kept === null ? Buffer.from(bytes) : Buffer.concat([this.#kept, bytes])
    // A client that is not read is not seen to leave.
    if (this.#kept.length > KEPT_BYTES) this.#client.pause(Pause.Deciding)
  }

  #fault(error: unknown): void {
    this.end()
    this.#owner.over(
      error instanceof ProtocolError
        ? error
        : new ProtocolError('BAD_VALUE', `the gateway failed on a command: ${String(error)}`),
    )
  }
}

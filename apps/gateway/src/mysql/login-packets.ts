import { PacketCursor, PacketWriter } from '@gatehouse/mysql-wire'
import type { Connection, Receiver } from '../connection.ts'
import { LoginInterrupted } from '../login-refused.ts'

/**
 * Reads one packet after another while a login, or a query of the gateway's own, is under way, and writes the answers with
 * the sequence ids that follow. After `detach` the connection belongs to somebody else.
 */
export class LoginPackets implements Receiver {
  readonly connection: Connection
  readonly #cursor: PacketCursor
  readonly #writer = new PacketWriter()
  readonly #stepping: boolean
  readonly #payloads: Buffer[] = []
  #rest: Buffer = NOTHING
  #waiter: { resolve: (payload: Buffer) => void; reject: (error: Error) => void } | null = null
  #failure: Error | null = null

  /**
   * `limit`: bytes of the longest payload. `stepping`: nothing is read behind a packet before the next one is asked for, so
   * that a peer cannot fill memory, and what follows a packet can be handed to somebody else.
   */
  constructor(connection: Connection, limit: number, stepping: boolean, nextSequenceId: number = 0) {
    this.connection = connection
    this.#stepping = stepping
    this.#cursor = new PacketCursor(limit)
    this.#cursor.joined = true
    this.nextSequenceId = nextSequenceId
    if (!stepping) connection.receive(this)
  }

  /** The sequence id of the next packet, whoever sends it. */
  get nextSequenceId(): number {
    return this.#writer.nextSequenceId
  }

  set nextSequenceId(id: number) {
    this.#writer.nextSequenceId = id
    this.#cursor.nextSequenceId = id
  }

  bytes(chunk: Buffer, length: number): void {
    this.#read(chunk, length)
    this.#deliver()
  }

  closed(error: Error | null): void {
    this.#fail(new LoginInterrupted(error === null ? 'the connection was closed during login' : error.message))
  }

  /** The payload of the next packet, as a copy. Rejects with `ProtocolError` or `LoginInterrupted`. */
  next(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#deliver()
      if (this.#waiter === null || !this.#stepping) return
      const rest = this.#rest
      this.#rest = NOTHING
      this.#read(rest, rest.length)
      this.#deliver()
      if (this.#waiting) this.connection.receive(this)
    })
  }

  /** Writes one packet at once: only what concerns no statement of a client. */
  write(encode: (writer: PacketWriter) => void): void {
    encode(this.#writer)
    this.#cursor.nextSequenceId = this.#writer.nextSequenceId
    this.connection.write(this.#writer.take())
  }

  /** Stages one packet, behind the trail's commit. */
  stage(encode: (writer: PacketWriter) => void): void {
    encode(this.#writer)
    const packet = this.#writer.take()
    this.connection.stage(packet, 0, packet.length)
  }

  /** Ends the wait, if one is under way: the deadline has passed. */
  interrupt(reason: string): void {
    this.#fail(new LoginInterrupted(reason))
  }

  /** True when the peer sent something that nobody has asked for yet. */
  get ahead(): boolean {
    return this.#payloads.length > 0 || this.#rest.length > 0 || !this.#cursor.betweenPayloads
  }

  /** Nobody reads here any more: the next receiver of the connection goes on. Returns what was read and not asked for, while stepping. */
  detach(): Buffer {
    this.connection.hold()
    return this.#rest
  }

  get #waiting(): boolean {
    return this.#waiter !== null
  }

  #read(chunk: Buffer, length: number): void {
    try {
      this.#cursor.feed(chunk, 0, length)
      while (this.#cursor.next()) {
        const { bytes, payload, end } = this.#cursor
        this.#payloads.push(Buffer.from(bytes.subarray(payload, end)))
        this.#writer.nextSequenceId = this.#cursor.nextSequenceId
        if (!this.#stepping) continue
        this.#rest = this.#cursor.rest()
        this.connection.hold()
        return
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#deliver()
  }

  #deliver(): void {
    const waiter = this.#waiter
    if (waiter === null) return
    const payload = this.#payloads.shift()
    if (payload !== undefined) {
      this.#waiter = null
      waiter.resolve(payload)
    } else if (this.#failure !== null) {
      this.#waiter = null
      waiter.reject(this.#failure)
    }
  }
}

const NOTHING: Buffer = Buffer.alloc(0)

import { FrameCursor } from '@gatehouse/postgres-wire'
import type { Connection, Receiver } from '../connection.ts'
import { LoginInterrupted } from '../login-refused.ts'

/** One message during login: tag, and a copy of its body. */
export interface LoginFrame {
  readonly tag: number
  readonly body: Buffer
}

/**
 * Reads one message after another while a login is under way. After `detach` the connection belongs to somebody else,
 * who gets the bytes that came too early.
 */
export class LoginFrames implements Receiver {
  readonly #connection: Connection
  readonly #cursor: FrameCursor
  readonly #frames: LoginFrame[] = []
  #waiter: { resolve: (frame: LoginFrame) => void; reject: (error: Error) => void } | null = null
  #failure: Error | null = null

  constructor(connection: Connection, limits: Uint32Array) {
    this.#connection = connection
    this.#cursor = new FrameCursor(limits)
    connection.receive(this)
  }

  bytes(chunk: Buffer, length: number): void {
    try {
      this.#cursor.feed(chunk, 0, length)
      while (this.#cursor.next()) {
        const { bytes, tag, body, end } = this.#cursor
        this.#frames.push({ tag, body: Buffer.from(bytes.subarray(body, end)) })
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
    this.#deliver()
  }

  closed(error: Error | null): void {
    this.#fail(new LoginInterrupted(error === null ? 'the connection was closed during login' : error.message))
  }

  /** The next message. Rejects with `ProtocolError` or `LoginInterrupted`. */
  next(): Promise<LoginFrame> {
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject }
      this.#deliver()
    })
  }

  /** Ends the wait, if one is under way: the deadline of the login has passed. */
  interrupt(reason: string): void {
    this.#fail(new LoginInterrupted(reason))
  }

  /** True when the peer sent something that nobody has asked for yet. */
  get ahead(): boolean {
    return this.#frames.length > 0 || !this.#cursor.betweenFrames
  }

  /** Nobody reads here any more: the next receiver of the connection goes on. */
  detach(): void {
    this.#connection.hold()
  }

  get connection(): Connection {
    return this.#connection
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#deliver()
  }

  #deliver(): void {
    const waiter = this.#waiter
    if (waiter === null) return
    const frame = this.#frames.shift()
    if (frame !== undefined) {
      this.#waiter = null
      waiter.resolve(frame)
    } else if (this.#failure !== null) {
      this.#waiter = null
      waiter.reject(this.#failure)
    }
  }
}

import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChainHead } from '../chain/chain-walk.ts'
import { segmentName } from '../chain/segment-names.ts'

/** One segment open for writing. Every method throws what the system says. */
export class SegmentFile {
  readonly segment: number
  readonly fd: number
  /** Bytes of records that count: all that the file may hold. */
  bytes = 0
  /** Records that count. */
  records = 0
  /** The last record that counts; null: there is none. */
  head: ChainHead | null = null
  /** Its last record is `segment_closed`. */
  closed = false
  /** When it was begun, in milliseconds of the monotonic clock. */
  readonly begunAt: number = performance.now()
  /** True when nothing may be written to it any more: it was closed, replaced, or could not be made durable. */
  ended = false
  /** True when it was replaced or could not be made durable: then no more is asked of it. */
  abandoned = false

  readonly #path: string
  readonly #inode: number
  readonly #device: number
  /** True when a failed write may have left bytes that do not count. */
  #untrimmed = false
  /** When the name was last seen to lead to this file, by a monotonic clock. */
  #seenAt = -Infinity

  private constructor(path: string, segment: number, fd: number) {
    const { ino, dev } = fstatSync(fd)
    this.segment = segment
    this.fd = fd
    this.#path = path
    this.#inode = ino
    this.#device = dev
  }

  /** Makes the file of a segment. It must not be there, unless it is known to be empty (`reuseEmpty`). */
  static create(directory: string, segment: number, reuseEmpty: boolean): SegmentFile {
    const path = join(directory, segmentName(segment))
    const fd = openSync(path, reuseEmpty ? 'a+' : 'ax+', 0o600)
    try {
      return new SegmentFile(path, segment, fd)
    } catch (error) {
      closeSync(fd)
      throw error
    }
  }

  /** What happened to the file behind our back; null when its name still leads to it and no one else wrote to it. */
  tampering(): string | null {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    if (found === undefined) return `${this.#path} was removed`
    if (found.ino !== this.#inode || found.dev !== this.#device) return `${this.#path} was replaced by another file`
    if (found.size !== this.bytes) return `${this.#path} has ${found.size} bytes where ${this.bytes} were written`
    return null
  }

  /**
   * Writes the first `length` bytes of `buffer` after the records that count, and makes them durable if `sync`.
   * They count when `bytes` is moved. When it throws, what was written is taken back. Whether the file is still what its
   * name leads to is looked at when the last look is `checkMilliseconds` old.
   */
  write(buffer: Buffer, length: number, sync: boolean, checkMilliseconds: number): void {
    this.#mustBeOurs(checkMilliseconds)
    try {
      for (let written = 0; written < length;) {
        const count = writeSync(this.fd, buffer, written, length - written)
        if (count === 0) throw new Error(`${this.#path}: nothing could be written`)
        written += count
      }
      if (sync) this.sync()
    } catch (error) {
      this.#untrimmed = true
      this.#trimIfPossible()
      throw error
    }
  }

  #mustBeOurs(checkMilliseconds: number): void {
    const now = checkMilliseconds === 0 ? 0 : performance.now()
    if (checkMilliseconds > 0 && now - this.#seenAt < checkMilliseconds) return
    const tampering = this.tampering()
    if (tampering !== null) {
      this.abandon()
      throw new Error(tampering)
    }
    this.#seenAt = now
  }

  /** Takes back what a failed write left; throws when that is not possible. To be called before anything else is tried. */
  trim(): void {
    if (!this.#untrimmed) return
    ftruncateSync(this.fd, this.bytes)
    this.#untrimmed = false
  }

  /** Nothing more may be written to it, and nothing more is asked of it. */
  abandon(): void {
    this.ended = true
    this.abandoned = true
  }

  #trimIfPossible(): void {
    try {
      this.trim()
    } catch {
      // `trim` is called again before the file is used again, and throws then.
    }
  }

  /** Makes what was written durable. When it throws, no later success can be trusted: the file is abandoned. */
  sync(): void {
    try {
      fdatasyncSync(this.fd)
    } catch (error) {
      this.abandon()
      throw error
    }
  }

  close(): void {
    closeSync(this.fd)
  }
}

/** Makes the directory of a trail, for its owner alone. Throws when it is not there and cannot be made. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { mode: 0o700 })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    if (!statSync(directory).isDirectory()) throw new Error(`${directory} is not a directory`, { cause: error })
  }
}

/** Makes the names in a directory durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** The same, outside the event loop. */
export async function syncDirectoryLater(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

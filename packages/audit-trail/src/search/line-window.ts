import { type FileHandle, open } from 'node:fs/promises'
import type { LinePlace } from './segment-scan.ts'

/** Read at once, at least. */
const WINDOW_BYTES = 1024 * 1024

/** Reads lines of one file that are near each other, and one after the other or one before the other. */
export class LineWindow {
  readonly #path: string
  readonly #backward: boolean
  #file: FileHandle | null = null
  #buffer: Buffer = Buffer.alloc(0)
  #from = 0
  #to = 0

  /** `backward`: the next line is before the last one, as a rule. */
  constructor(path: string, backward: boolean) {
    this.#path = path
    this.#backward = backward
  }

  /** The line's bytes as JSON; null: they are none. Rejects when the file cannot be read. */
  async parse({ offset, length }: LinePlace): Promise<unknown> {
    if (offset < this.#from || offset + length > this.#to) await this.#move(offset, length)
    const end = offset + length
    if (end > this.#to) return null
    try {
      return JSON.parse(this.#buffer.toString('utf8', offset - this.#from, end - this.#from))
    } catch {
      return null
    }
  }

  async #move(offset: number, length: number): Promise<void> {
    this.#file ??= await open(this.#path, 'r')
    const size = Math.max(length, Math.min(WINDOW_BYTES, (await this.#file.stat()).size))
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafeSlow(size)
    this.#from = this.#backward ? Math.max(0, offset + length - size) : offset
    const { bytesRead } = await this.#file.read(this.#buffer, 0, size, this.#from)
    this.#to = this.#from + bytesRead
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = null
    await file?.close()
  }
}

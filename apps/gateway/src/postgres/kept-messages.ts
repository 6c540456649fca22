/** A message that waits for something, and what came behind it. */
export class KeptMessages {
  #pieces: Buffer[] = []
  #firstBytes = 0
  #bytes = 0

  /** Something waits. */
  get any(): boolean {
    return this.#pieces.length > 0
  }

  /** How much came after what was kept first. */
  get bytesBehind(): number {
    return this.#bytes - this.#firstBytes
  }

  /** Keeps a copy of these bytes, in order. */
  keep(...pieces: readonly Buffer[]): void {
    const copy = Buffer.concat(pieces)
    this.#bytes += copy.length
    if (!this.any) this.#firstBytes = copy.length
    this.#pieces.push(copy)
  }

  /** All of it; nothing is kept any more. */
  take(): Buffer {
    const [first] = this.#pieces
    const all = first !== undefined && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#firstBytes = 0
    this.#bytes = 0
    return all
  }
}

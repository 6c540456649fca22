/**
 * A password in bytes of its own, so that it can be overwritten: a JavaScript string cannot. It has no printer (`Secret` in core says why).
 */
export class LeasedSecret {
  readonly #bytes: Buffer

  /** Takes the bytes over: the caller keeps no other copy. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** The bytes themselves, not a copy, in UTF-8. Each call is a place to review. All zeros after `overwrite`. */
  expose(): Buffer {
    return this.#bytes
  }

  /** Fills the bytes with zeros. */
  overwrite(): void {
    this.#bytes.fill(0)
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  static {
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), { value: () => '[secret]' })
  }
}

/** What a token is. `word`: a bare word, keyword or not; `name`: a bare word that stands where only a name can (beside a dot). */
export const TokenKind = {
  end: 0,
  word: 1,
  name: 2,
  quotedName: 3,
  string: 4,
  nationalString: 5,
  integer: 6,
  decimal: 7,
  float: 8,
  /** x'…' */
  hexString: 9,
  /** 0x… */
  hexNumber: 10,
  /** b'…' */
  bitString: 11,
  /** 0b… */
  bitNumber: 12,
  introducer: 13,
  /** `@name` with whatever quotes; the `@` belongs to it. */
  userVariable: 14,
  /** An optimizer hint where it is one, with its slashes. */
  hint: 15,
  symbol: 16,
  /** `$$…$$` of MySQL 9, with its marks. */
  dollarString: 17,
} as const

const FIRST_CAPACITY = 256

/** Tokens of one text in arrays that are used again: kind, spelling number (0: none), start and end in bytes. Ends with a token of kind `end`. */
export class Tokens {
  kinds: Uint8Array = new Uint8Array(FIRST_CAPACITY)
  spellings: Uint16Array = new Uint16Array(FIRST_CAPACITY)
  starts: Int32Array = new Int32Array(FIRST_CAPACITY)
  ends: Int32Array = new Int32Array(FIRST_CAPACITY)
  /** Without the end. */
  count = 0
  /** True: between the tokens there is more than spaces, tabs and line ends: a comment, a hint, odd white space, or what the scanner drops. */
  irregular = false

  push(kind: number, spelling: number, start: number, end: number): void {
    const at = this.count++
    if (at >= this.kinds.length) this.#grow()
    this.kinds[at] = kind
    this.spellings[at] = spelling
    this.starts[at] = start
    this.ends[at] = end
  }

  clear(): void {
    // What a huge text made is not kept for the life of the process.
    if (this.kinds.length > 65536) {
      this.kinds = new Uint8Array(FIRST_CAPACITY)
      this.spellings = new Uint16Array(FIRST_CAPACITY)
      this.starts = new Int32Array(FIRST_CAPACITY)
      this.ends = new Int32Array(FIRST_CAPACITY)
    }
    this.count = 0
    this.irregular = false
  }

  #grow(): void {
    const capacity = this.kinds.length * 2
    const kinds = new Uint8Array(capacity)
    kinds.set(this.kinds)
    this.kinds = kinds
    const spellings = new Uint16Array(capacity)
    spellings.set(this.spellings)
    this.spellings = spellings
    const starts = new Int32Array(capacity)
    starts.set(this.starts)
    this.starts = starts
    const ends = new Int32Array(capacity)
    ends.set(this.ends)
    this.ends = ends
  }
}

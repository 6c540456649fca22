import type { KeyedStream } from './keyed-stream.ts'
import { RangePermutation } from './range-permutation.ts'

/** As many as FF3-1 has (NIST SP 800-38G Rev. 1); most values go through them twice, there and back. */
const rounds = 8
/** Not a round: the stream that longer values are replaced with. */
const replacement = 127
/** Values with more lanes than this are replaced, not permuted: eight passes would be eight times the work. */
const maxPermutedLanes = 512
const wordBytes = 4
/** From so many bits on no value is ever met that stays what it is: nothing need be done about it. */
const bitsWithoutFixedPoints = 64
/** A single lane has few permutations: one is kept for each size and tweak, and all given up beyond this many. */
const maxKeptSingles = 256

/**
 * Digits of differing bases, such as the letters and digits of a text, and a keyed permutation of all the values they can
 * have together. Filled with `add`, changed in place by `permute`, read from `values`, emptied with `clear`.
 */
export class Lanes {
  /** The digits; each is below its base. */
  values: Uint16Array = new Uint16Array(64)
  count = 0
  /** The binary logarithm of how many values the lanes can have together. */
  #bits = 0
  #bases = new Uint16Array(64)
  #packed: Buffer = Buffer.alloc(128)
  readonly #singles = new Map<string, RangePermutation>()

  clear(): void {
    this.count = 0
    this.#bits = 0
    if (this.values.length <= maxPermutedLanes) return
    this.values = new Uint16Array(64)
    this.#bases = new Uint16Array(64)
    this.#packed = Buffer.alloc(128)
  }

  /** `base` is 2 to 65535. */
  add(value: number, base: number): void {
    if (this.count === this.values.length) this.#grow()
    this.values[this.count] = value
    this.#bases[this.count++] = base
    this.#bits += Math.log2(base)
  }

  /**
   * Permutes the values that lanes of these bases can have, in a way that depends on the tweak, which must tell the bases;
   * nothing stays what it is. A Feistel network in which a half is added to digit by digit, without carrying. As in
   * `RangePermutation`, one is added between enciphering and deciphering; of 2^64 values and more, enciphering is enough.
   * More than 512 lanes are replaced by what a keyed digest of them gives: two such values share a result with a
   * probability of 2^-64 or so, but it is no permutation.
   */
  permute(stream: KeyedStream, tweak: Buffer): void {
    const { count } = this
    if (count === 0) return
    if (count === 1) {
      this.values[0] = Number(this.#single(stream, tweak).permute(BigInt(this.values[0] ?? 0)))
      return
    }
    if (count > maxPermutedLanes) {
      const words = stream.words(tweak, replacement, this.#packed, this.#pack(0, count), count * wordBytes)
      for (let at = 0; at < count; at++) this.values[at] = wordAt(words, at * wordBytes) % (this.#bases[at] ?? 1)
      return
    }
    for (let round = 0; round < rounds; round++) this.#round(stream, tweak, round, 1)
    if (this.#bits >= bitsWithoutFixedPoints) return
    // The last round changed the second half, so the first one changes now: else that round would take itself back.
    for (let at = 0; at < count; at++) {
      const next = (this.values[at] ?? 0) + 1
      this.values[at] = next === this.#bases[at] ? 0 : next
      if (this.values[at] !== 0) break
    }
    for (let round = rounds - 1; round >= 0; round--) this.#round(stream, tweak, round, -1)
  }

  #round(stream: KeyedStream, tweak: Buffer, round: number, sign: 1 | -1): void {
    const middle = this.count >> 1
    const first = round % 2 === 0
    const start = first ? 0 : middle
    const end = first ? middle : this.count
    const length = first ? this.#pack(middle, this.count) : this.#pack(0, middle)
    const words = stream.words(tweak, round, this.#packed, length, (end - start) * wordBytes)
    const values = this.values
    const bases = this.#bases
    for (let at = start, from = 0; at < end; at++, from += wordBytes) {
      const base = bases[at] ?? 1
      const moved = (values[at] ?? 0) + sign * (wordAt(words, from) % base)
      values[at] = moved < 0 ? moved + base : moved < base ? moved : moved - base
    }
  }

  /** One or two bytes for each lane, as its base needs. Returns their number. */
  #pack(start: number, end: number): number {
    const values = this.values
    const bases = this.#bases
    const packed = this.#packed
    let length = 0
    for (let at = start; at < end; at++) {
      const value = values[at] ?? 0
      if ((bases[at] ?? 0) > 256) packed[length++] = value >> 8
      packed[length++] = value & 0xff
    }
    return length
  }

  #single(stream: KeyedStream, tweak: Buffer): RangePermutation {
    const base = this.#bases[0] ?? 1
    const name = `${base} ${tweak.toString('latin1')}`
    const kept = this.#singles.get(name)
    if (kept !== undefined) return kept
    if (this.#singles.size >= maxKeptSingles) this.#singles.clear()
    const made = new RangePermutation(stream, `one lane ${tweak.toString('hex')}`, BigInt(base))
    this.#singles.set(name, made)
    return made
  }

  #grow(): void {
    const values = new Uint16Array(this.count * 2)
    values.set(this.values)
    this.values = values
    const bases = new Uint16Array(this.count * 2)
    bases.set(this.#bases)
    this.#bases = bases
    this.#packed = Buffer.alloc(this.count * 4)
  }
}

function wordAt(bytes: Buffer, at: number): number {
  const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  return (bytes[at] ?? 0) * 0x100_0000 + low
}

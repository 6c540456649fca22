import type { KeyedStream } from './keyed-stream.ts'

/** As many as FF3-1 has (NIST SP 800-38G Rev. 1); a value goes through them twice, there and back. */
const rounds = 8
const half = Buffer.alloc(6)

/**
 * A keyed permutation of the whole numbers from 0 to `size` - 1 under which no number stays what it is, where there are
 * at least two. `size` is 2^64 at most. Other sizes, tweaks and keys give unrelated permutations.
 *
 * A Feistel network over two halves that need not be equal, whose product is hardly more than `size`; what falls outside
 * goes through again (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). A number is enciphered, one is
 * added, and the sum is deciphered: a permutation with one single cycle, so it has no fixed point.
 */
export class RangePermutation {
  readonly #stream: KeyedStream
  readonly #tweak: Buffer
  readonly #size: bigint
  /** The sizes of the halves. */
  readonly #left: number
  readonly #right: number

  constructor(stream: KeyedStream, name: string, size: bigint) {
    this.#stream = stream
    this.#tweak = stream.tweakOf(`${name} of ${size}`)
    this.#size = size
    this.#left = Math.max(rootAbove(size), 1)
    this.#right = Number((size + BigInt(this.#left) - 1n) / BigInt(this.#left))
  }

  /** What becomes of a number from 0 to `size` - 1. */
  permute(value: bigint): bigint {
    if (this.#size < 2n) return value
    const enciphered = this.#walk(value, true)
    return this.#walk(enciphered + 1n === this.#size ? 0n : enciphered + 1n, false)
  }

  #walk(value: bigint, there: boolean): bigint {
    let at = value
    do at = there ? this.#encipher(at) : this.#decipher(at)
    while (at >= this.#size)
    return at
  }

  #encipher(value: bigint): bigint {
    let left = Number(value / BigInt(this.#right))
    let right = Number(value % BigInt(this.#right))
    for (let round = 0; round < rounds; round++) {
      if (round % 2 === 0) left = (left + this.#word(round, right, this.#left)) % this.#left
      else right = (right + this.#word(round, left, this.#right)) % this.#right
    }
    return BigInt(left) * BigInt(this.#right) + BigInt(right)
  }

  #decipher(value: bigint): bigint {
    let left = Number(value / BigInt(this.#right))
    let right = Number(value % BigInt(this.#right))
    for (let round = rounds - 1; round >= 0; round--) {
      if (round % 2 === 0) left = (left - this.#word(round, right, this.#left) + this.#left) % this.#left
      else right = (right - this.#word(round, left, this.#right) + this.#right) % this.#right
    }
    return BigInt(left) * BigInt(this.#right) + BigInt(right)
  }

  /** A pseudo-random number below `size`, which is 2^32 at most: 68 bits, reduced, so that no number is favoured. */
  #word(round: number, other: number, size: number): number {
    half.writeUIntBE(other, 0, 6)
    const words = this.#stream.words(this.#tweak, round, half, 6, 9)
    return ((words.readUIntBE(0, 6) % size) * 0x10_0000 + (words.readUIntBE(6, 3) & 0xf_ffff)) % size
  }
}

/** The least whole number whose square is not below `size`. */
function rootAbove(size: bigint): number {
  let root = BigInt(Math.ceil(Math.sqrt(Number(size))))
  while (root * root < size) root++
  while (root > 1n && (root - 1n) * (root - 1n) >= size) root--
  return Number(root)
}

import { createCipheriv, createHmac } from 'node:crypto'
import type { Cipheriv } from 'node:crypto'

const blockBytes = 16
/** Of a block that is digested, the first four bytes say which one it is. */
const blockDataBytes = 12
/** Scratch that grew beyond this many bytes is given back. */
const maxScratchBytes = 65_536

/** The first byte of a block says what is digested, a tweak or a round's value: the two never cancel each other out. */
const tweakBlocks = 0
const valueBlocks = 0x80

/**
 * A keyed pseudo-random function of variable length in and out, for the rounds of a Feistel network: one call into the
 * runtime for what goes in and one for what comes out, whatever their length, and no object per call but the result.
 *
 * Input is digested as in LightMAC (Luykx et al., FSE 2016): AES-256 of each numbered block, all of them XORed. Output is
 * AES-256 under a second key of digest XOR counter. `key` must hold 32 bytes that are used for nothing else.
 */
export class KeyedStream {
  readonly #digesting: Cipheriv
  readonly #streaming: Cipheriv
  #scratch: Buffer = Buffer.alloc(1024)

  constructor(key: Buffer) {
    this.#digesting = cipher(key, 'digest')
    this.#streaming = cipher(key, 'stream')
  }

  /** The digest of what a permutation depends on besides the value: 16 bytes that are never shown. */
  tweak(bytes: Buffer, length: number): Buffer {
    const digest = Buffer.alloc(blockBytes)
    this.#digest(bytes, length, tweakBlocks, digest)
    return digest
  }

  /** The digest of a text, as `tweak` makes it. */
  tweakOf(text: string): Buffer {
    const bytes = Buffer.from(text)
    return this.tweak(bytes, bytes.length)
  }

  /**
   * Pseudo-random bytes for a round of a permutation: at least `wanted` of them, in a buffer of their own. Depend on the
   * key, the tweak, `round` (0 to 127) and `value[0,length)`.
   */
  words(tweak: Buffer, round: number, value: Buffer, length: number, wanted: number): Buffer {
    const blocks = Math.ceil(wanted / blockBytes)
    const state = this.#state
    for (let at = 0; at < blockBytes; at++) state[at] = tweak[at] ?? 0
    if (length <= maxShortBytes && blocks <= 256) {
      // Short enough to need no digest: the block is masked with the tweak, which nobody knows.
      state[0] = (state[0] ?? 0) ^ round
      state[1] = (state[1] ?? 0) ^ (length + 1)
      for (let at = 0; at < length; at++) state[at + 2] = (state[at + 2] ?? 0) ^ (value[at] ?? 0)
      if (blocks === 1) return this.#streaming.update(state)
    } else {
      this.#digest(value, length, valueBlocks | round, state)
    }
    const counters = this.#room(blocks * blockBytes)
    const last = state.readUInt32BE(12)
    for (let block = 0; block < blocks; block++) {
      const start = block * blockBytes
      for (let at = 0; at < 12; at++) counters[start + at] = state[at] ?? 0
      counters.writeUInt32BE((last ^ block) >>> 0, start + 12)
    }
    return this.#streaming.update(counters.subarray(0, blocks * blockBytes))
  }

  readonly #state: Buffer = Buffer.alloc(blockBytes)

  /** XORs the digest of `bytes[0,length)` onto `onto`. */
  #digest(bytes: Buffer, length: number, first: number, onto: Buffer): void {
    const blocks = Math.floor(length / blockDataBytes) + 1
    const input = this.#room(blocks * blockBytes)
    for (let block = 0; block < blocks; block++) {
      const at = block * blockBytes
      input.writeUInt32BE(((first << 24) | block) >>> 0, at)
      const from = block * blockDataBytes
      const count = Math.min(blockDataBytes, length - from)
      for (let index = 0; index < count; index++) input[at + 4 + index] = bytes[from + index] ?? 0
      if (count === blockDataBytes) continue
      input[at + 4 + count] = 0x80
      input.fill(0, at + 5 + count, at + blockBytes)
    }
    const digested = this.#digesting.update(input.subarray(0, blocks * blockBytes))
    for (let at = 0; at < digested.length; at++) {
      onto[at & 15] = (onto[at & 15] ?? 0) ^ (digested[at] ?? 0)
    }
  }

  #room(bytes: number): Buffer {
    if (bytes > maxScratchBytes) return Buffer.allocUnsafe(bytes)
    if (bytes > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(maxScratchBytes)
    return this.#scratch
  }
}

/** Two bytes of a block say which round it is and how long the value. The last ones may be used by the counter too. */
const maxShortBytes = 13

function cipher(key: Buffer, use: string): Cipheriv {
  const made = createCipheriv('aes-256-ecb', createHmac('sha256', key).update(use).digest(), null)
  made.setAutoPadding(false)
  return made
}

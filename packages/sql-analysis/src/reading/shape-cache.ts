interface Entry<T> {
  readonly key: Buffer
  readonly value: T
  readonly weight: number
}

/** Below this many bytes a loop compares faster than a call out of JavaScript. */
const loopLimit = 96

/**
 * A bounded cache by bytes, of two generations: a look-up finds by hash and compares every byte, so a collision of hashes can only
 * be a miss. When the young generation is full it becomes the old one, and the old one is dropped; what is found there comes back.
 */
export class ShapeCache<T> {
  readonly #maxEntries: number
  readonly #maxWeight: number
  #young = new Map<number, Entry<T>>()
  #old = new Map<number, Entry<T>>()
  #weight = 0

  /** Limits hold for each generation. Weight is in bytes, as told to `add`. */
  constructor(maxEntries: number, maxWeight: number) {
    this.#maxEntries = maxEntries
    this.#maxWeight = maxWeight
  }

  /** The value whose key is `bytes[start, end)`, with that hash. */
  find(hash: number, bytes: Buffer, start: number, end: number): T | undefined {
    const young = this.#young.get(hash)
    if (young !== undefined && isEqual(young.key, bytes, start, end)) return young.value
    const old = this.#old.get(hash)
    if (old === undefined || !isEqual(old.key, bytes, start, end)) return undefined
    this.#put(hash, old)
    return old.value
  }

  /** Keeps a copy of the key. A key of the same hash is replaced. What is heavier than a generation is not kept. */
  add(hash: number, bytes: Buffer, start: number, end: number, value: T, weight: number): void {
    if (weight > this.#maxWeight) return
    const key = Buffer.allocUnsafeSlow(end - start)
    bytes.copy(key, 0, start, end)
    this.#put(hash, { key, value, weight })
  }

  #put(hash: number, entry: Entry<T>): void {
    if (this.#young.size >= this.#maxEntries || this.#weight + entry.weight > this.#maxWeight) {
      this.#old = this.#young
      this.#young = new Map()
      this.#weight = 0
    }
    this.#weight += entry.weight - (this.#young.get(hash)?.weight ?? 0)
    this.#young.set(hash, entry)
  }
}

function isEqual(key: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start
  if (key.length !== length) return false
  if (length > loopLimit) return bytes.compare(key, 0, length, start, end) === 0
  for (let at = 0; at < length; at++) if (key[at] !== bytes[start + at]) return false
  return true
}

/** Random choices that a seed repeats: the same seed gives the same statements on every machine. */
export class Random {
  #state: number

  /** Any whole number. */
  constructor(seed: number) {
    this.#state = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0
  }

  /** From 0 to below 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  /** A whole number, both ends included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  /** One of a list. Throws on an empty list. */
  pick<T>(list: readonly T[]): T {
    const index = this.below(list.length)
    const found = list[index]
    if (index >= list.length || found === undefined) throw new Error('nothing to pick from')
    return found
  }

  /** One of several, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, choice] of choices) {
      left -= weight
      if (left < 0) return choice
    }
    return this.pick(choices)[1]
  }

  /** Up to `count` different ones of a list, in its order. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list.keys()]
    const taken: number[] = []
    while (taken.length < count && left.length > 0) taken.push(...left.splice(this.below(left.length), 1))
    return taken.toSorted((a, b) => a - b).flatMap((index) => list.slice(index, index + 1))
  }
}

/** Random choices that come out the same for the same seed (mulberry32). Never for secrets. */
export interface SeededRandom {
  /** A whole number from `least` to `most`, both possible. */
  readonly integer: (least: number, most: number) => number
  readonly pick: <const Items extends readonly [unknown, ...unknown[]]>(items: Items) => Items[number]
  /** True about `share` of the times, from 0 to 1. */
  readonly chance: (share: number) => boolean
  /** So many decimal digits. */
  readonly digits: (count: number) => string
  /** A UUID of version 4 in form. */
  readonly uuid: () => string
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const integer = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  const hex = (count: number): string => Array.from({ length: count }, () => integer(0, 15).toString(16)).join('')
  return {
    integer,
    pick: (items) => items[integer(0, items.length - 1)],
    chance: (share) => next() < share,
    digits: (count) => Array.from({ length: count }, () => integer(0, 9)).join(''),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${integer(8, 11).toString(16)}${hex(3)}-${hex(12)}`,
  }
}

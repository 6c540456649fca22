import type { DocumentRoom, Loaded, RoomChange, RoomEvent } from '../documents.ts'

/** How many commits go by before documents that have expired are looked for. */
const COMMITS_BETWEEN_SWEEPS = 1000

/** A room in the memory of one process. */
export class MemoryRoom implements DocumentRoom {
  readonly #now: () => number
  readonly #documents = new Map<string, { readonly value: string; readonly expiresAt: number | null }>()
  readonly #indexes = new Map<string, Map<string, number>>()
  readonly #listeners = new Set<(event: RoomEvent) => void>()
  #commits = 0

  constructor(now: () => number) {
    this.#now = now
  }

  load(keys: readonly string[]): Promise<Loaded> {
    const now = this.#now()
    return Promise.resolve({ now, values: keys.map((key) => this.#value(key, now)) })
  }

  commit({ expected, writes, ranks, note }: RoomChange): Promise<boolean> {
    const now = this.#now()
    if (expected.some(({ key, value }) => this.#value(key, now) !== value)) return Promise.resolve(false)
    for (const { key, value, expiresAt } of writes) {
      if (value === null) this.#documents.delete(key)
      else this.#documents.set(key, { value, expiresAt })
    }
    for (const { index, member, rank, dropBelow } of ranks) {
      const ranked = this.#indexes.get(index) ?? new Map<string, number>()
      this.#indexes.set(index, ranked)
      if (rank === null) ranked.delete(member)
      else ranked.set(member, rank)
      if (dropBelow === null) continue
      // Ranks that are dropped are times: the oldest stand first.
      for (const [other, rank] of ranked) {
        if (rank >= dropBelow) break
        ranked.delete(other)
      }
    }
    if (++this.#commits % COMMITS_BETWEEN_SWEEPS === 0) for (const key of this.#documents.keys()) this.#value(key, now)
    if (note !== null) this.#tell({ kind: 'changed', note })
    return Promise.resolve(true)
  }

  members(index: string, count: number, after: string | null): Promise<readonly string[]> {
    const members = this.#ascending(index).toReversed()
    const from = after === null ? 0 : members.indexOf(after) + 1
    return Promise.resolve(after !== null && from === 0 ? [] : members.slice(from, from + count))
  }

  membersUpTo(index: string, rank: number, count: number): Promise<readonly string[]> {
    const ranks = this.#indexes.get(index)
    const members = this.#ascending(index).filter((member) => (ranks?.get(member) ?? 0) <= rank)
    return Promise.resolve(members.slice(0, count))
  }

  ranked(index: string, members: readonly string[]): Promise<readonly boolean[]> {
    const ranks = this.#indexes.get(index)
    return Promise.resolve(members.map((member) => ranks?.has(member) ?? false))
  }

  watch(listener: (event: RoomEvent) => void): () => void {
    const own = (event: RoomEvent): void => {
      listener(event)
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /** Told behind the change, as news from elsewhere comes. */
  #tell(event: RoomEvent): void {
    setImmediate(() => {
      for (const listener of this.#listeners) listener(event)
    })
  }

  #value(key: string, now: number): string | null {
    const found = this.#documents.get(key)
    if (found === undefined) return null
    if (found.expiresAt === null || found.expiresAt > now) return found.value
    this.#documents.delete(key)
    return null
  }

  #ascending(index: string): string[] {
    const ranked = [...(this.#indexes.get(index) ?? [])]
    return ranked.sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1)).map(([member]) => member)
  }
}

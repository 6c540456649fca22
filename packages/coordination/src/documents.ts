import { setTimeout as sleep } from 'node:timers/promises'
import { CoordinationLost } from './coordination-lost.ts'

/**
 * A room of JSON documents with optimistic transactions: what was read must still stand when it is written, else nothing is
 * written. The state machines live above it, once; the two implementations only keep documents.
 */
export interface DocumentRoom {
  /** Documents as text, null for those that are absent, and the store's time in milliseconds since the epoch. */
  load(keys: readonly string[]): Promise<Loaded>
  /** Writes all of it when every expected document is as expected, else nothing; true when written. */
  commit(change: RoomChange): Promise<boolean>
  /** Members of an index, highest rank first, from behind `after` (a member), at most `count`. */
  members(index: string, count: number, after: string | null): Promise<readonly string[]>
  /** Members whose rank is at most `rank`, lowest first. */
  membersUpTo(index: string, rank: number, count: number): Promise<readonly string[]>
  /** For each member whether the index has it. */
  ranked(index: string, members: readonly string[]): Promise<readonly boolean[]>
  /** Tells every change by whoever made it. The function that comes back ends it. */
  watch(listener: (event: RoomEvent) => void): () => void
}

export interface Loaded {
  readonly now: number
  readonly values: readonly (string | null)[]
}

export interface RoomChange {
  readonly expected: readonly { readonly key: string; readonly value: string | null }[]
  readonly writes: readonly DocumentWrite[]
  readonly ranks: readonly RankWrite[]
  /** Told to whoever watches; null: the change is told to nobody. */
  readonly note: RoomNote | null
}

export interface DocumentWrite {
  readonly key: string
  /** Null removes it. */
  readonly value: string | null
  /** When it goes by itself, milliseconds since the epoch by the store's clock; null: it stays. */
  readonly expiresAt: number | null
}

export interface RankWrite {
  readonly index: string
  readonly member: string
  /** Null takes it out. */
  readonly rank: number | null
  /** Members with a lower rank are dropped; null: none are. */
  readonly dropBelow: number | null
}

/** What a change was about: an id, and a word about it. */
export interface RoomNote {
  readonly id: string
  readonly word: string
}

export type RoomEvent =
  | { readonly kind: 'changed'; readonly note: RoomNote }
  /** Changes may have been missed. `forgotten`: the store began anew since, and has none of what it had. */
  | { readonly kind: 'resync'; readonly forgotten: boolean }

/** How often a transaction is tried again that met others, before it is given up. */
const MOST_ATTEMPTS = 200

/** One attempt: what was read is remembered, what is to be written waits for the commit. */
export class Transaction {
  readonly #room: DocumentRoom
  readonly #expected = new Map<string, string | null>()
  readonly #writes: DocumentWrite[] = []
  readonly #ranks: RankWrite[] = []
  #note: RoomNote | null = null
  /** The store's time when something was read last. */
  now = 0

  constructor(room: DocumentRoom) {
    this.#room = room
  }

  /** Reads documents; each must be unchanged when the transaction commits. */
  async read(keys: readonly string[]): Promise<readonly unknown[]> {
    const { now, values } = await this.#room.load(keys)
    this.now = now
    keys.forEach((key, at) => {
      this.#expected.set(key, values[at] ?? null)
    })
    return values.map((text) => (text === null ? null : (JSON.parse(text) as unknown)))
  }

  write(key: string, document: object | null, expiresAt: number | null): void {
    this.#writes.push({ key, value: document === null ? null : JSON.stringify(document), expiresAt })
  }

  rank(index: string, member: string, rank: number | null, dropBelow: number | null = null): void {
    this.#ranks.push({ index, member, rank, dropBelow })
  }

  tell(note: RoomNote): void {
    this.#note = note
  }

  /** True when it was written, or there was nothing to write. */
  async commit(): Promise<boolean> {
    if (this.#writes.length === 0 && this.#ranks.length === 0) return true
    const expected = [...this.#expected].map(([key, value]) => ({ key, value }))
    return this.#room.commit({ expected, writes: this.#writes, ranks: this.#ranks, note: this.#note })
  }
}

/** Runs `body` until what it read was still true when it was written. It may run several times, and so does nothing else. */
export async function transact<Result>(
  room: DocumentRoom,
  body: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const transaction = new Transaction(room)
    const result = await body(transaction)
    if (await transaction.commit()) return result
    // One of those that met has got through; the pause lets the others not meet again.
    if (attempt > 1) await sleep(Math.random() * Math.min(20, attempt))
  }
  throw new CoordinationLost('too many others change the same at the same time')
}

import { type DocumentRoom, type Transaction, transact } from './documents.ts'
import { OneAtATime } from './one-at-a-time.ts'

/** Most entries of one list: who gives or revokes more than this has to end some first. */
const MOST_ENTRIES = 10_000
const PAGE = 500
const ALL = 'all'
const REMOVED = 'removed'

/** What every entry has. */
export interface ListEntry {
  readonly id: string
  readonly at: number
  /** When it goes by itself, milliseconds since the epoch; null: it stays until it is taken out. */
  readonly until: number | null
}

/** A short list that all processes share, with a copy of it in each, kept fresh by what the room tells. */
export class SharedList<Entry extends ListEntry> {
  readonly #room: DocumentRoom
  readonly #restores: boolean
  readonly #turns = new OneAtATime()
  readonly #listeners = new Set<() => void>()
  readonly #entries = new Map<string, Entry>()
  /** The store has forgotten the list, and not all of it is put back yet. */
  #owed = false

  /** `restores`: what this process knows is put back when the store has forgotten all of it. */
  constructor(room: DocumentRoom, restores: boolean) {
    this.#room = room
    this.#restores = restores
  }

  /** The copy: what holds or has ended by itself since, as far as this process knows. */
  get entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  /** Fills the copy and keeps it. The function that comes back ends it. */
  async start(): Promise<() => void> {
    const stop = this.#room.watch((event) => {
      // What cannot be read now is read when the room can be heard again: that is a resync.
      void (event.kind === 'resync' ? this.#refresh(event.forgotten) : this.#refreshOne(event.note.id)).catch(
        () => undefined,
      )
    })
    await this.#refresh(false)
    return stop
  }

  /** Adds an entry made at the store's time; null when one of that id is there. Throws when the list is full. */
  async put(make: (now: number) => Entry): Promise<Entry | null> {
    // What has ended by itself since is in the copy, and not in the store.
    if (this.#entries.size >= MOST_ENTRIES) await this.#refresh(false)
    if (this.#entries.size >= MOST_ENTRIES)
      throw new RangeError(`there are ${String(MOST_ENTRIES)} already: end some that are no longer needed`)
    const put = await transact(this.#room, async (transaction) => {
      await transaction.read([])
      const entry = make(transaction.now)
      const [there] = await transaction.read([entry.id])
      if (there !== null) return null
      putIn(transaction, entry)
      return entry
    })
    if (put !== null) await this.#refreshOne(put.id)
    return put
  }

  /** Changes an entry in one step; null: it is not there, or `change` says no to it. */
  async change(id: string, change: (entry: Entry, now: number) => Entry | null): Promise<Entry | null> {
    const changed = await this.#turns.run(`change ${id}`, () =>
      transact(this.#room, async (transaction) => {
        const [there] = (await transaction.read([id])) as [Entry | null]
        const next = there === null ? null : change(there, transaction.now)
        if (next === null || next === there) return next
        transaction.write(id, next, next.until)
        transaction.tell({ id, word: 'changed' })
        return next
      }),
    )
    return changed
  }

  /** False when it was not there. */
  async remove(id: string): Promise<boolean> {
    const removed = await transact(this.#room, async (transaction) => {
      const [there] = await transaction.read([id])
      if (there === null) return false
      transaction.write(id, null, null)
      transaction.rank(ALL, id, null)
      transaction.tell({ id, word: REMOVED })
      return true
    })
    await this.#refreshOne(id)
    return removed
  }

  /** One entry as the store has it. */
  async get(id: string): Promise<Entry | null> {
    const { values } = await this.#room.load([id])
    return parsed(values[0]) as Entry | null
  }

  /** Every entry as the store has it, newest first. */
  async all(): Promise<readonly Entry[]> {
    const found: Entry[] = []
    let after: string | null = null
    for (;;) {
      const ids = await this.#room.members(ALL, PAGE, after)
      const { values } = await this.#room.load(ids)
      const gone: string[] = []
      ids.forEach((id, at) => {
        const entry = parsed(values[at]) as Entry | null
        if (entry === null) gone.push(id)
        else found.push(entry)
      })
      after = ids.at(-1) ?? null
      if (gone.length > 0) await this.#forget(gone)
      if (ids.length < PAGE || gone.includes(after ?? '')) return found
    }
  }

  /** Tells the id of each entry that is taken out; null: some may have been, unheard. The function that comes back ends it. */
  onRemoved(listener: (id: string | null) => void): () => void {
    return this.#room.watch((event) => {
      if (event.kind === 'resync') listener(null)
      else if (event.note.word === REMOVED) listener(event.note.id)
    })
  }

  /** Tells that the copy has changed. The function that comes back ends it. */
  onChange(listener: () => void): () => void {
    const own = (): void => {
      listener()
    }
    this.#listeners.add(own)
    return () => {
      this.#listeners.delete(own)
    }
  }

  /** Takes what ended by itself out of the index. */
  async #forget(ids: readonly string[]): Promise<void> {
    await transact(this.#room, async (transaction) => {
      const still = await transaction.read(ids)
      ids.forEach((id, at) => {
        if (still[at] === null) transaction.rank(ALL, id, null)
      })
    })
  }

  #refresh(forgotten: boolean): Promise<void> {
    return this.#turns.run('refresh', async () => {
      this.#owed ||= forgotten && this.#restores
      // What could not be put back now is owed until it is: this copy may be the last.
      if (this.#owed) for (const entry of this.#entries.values()) await this.#putBack(entry)
      this.#owed = false
      const all = await this.all()
      this.#entries.clear()
      for (const entry of all) this.#entries.set(entry.id, entry)
      this.#tell()
    })
  }

  #putBack(entry: Entry): Promise<void> {
    return transact(this.#room, async (transaction) => {
      const [there] = await transaction.read([entry.id])
      if (there === null) putIn(transaction, entry)
    })
  }

  #refreshOne(id: string): Promise<void> {
    return this.#turns.run('refresh', async () => {
      const entry = await this.get(id)
      if (entry === null) this.#entries.delete(id)
      else this.#entries.set(id, entry)
      this.#tell()
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

function putIn(transaction: Transaction, entry: ListEntry): void {
  transaction.write(entry.id, entry, entry.until)
  transaction.rank(ALL, entry.id, entry.at)
  transaction.tell({ id: entry.id, word: 'put' })
}

function parsed(text: string | null | undefined): unknown {
  return text === null || text === undefined ? null : JSON.parse(text)
}

/** What is known of one name. */
interface Entry<V> {
  /** What the server has, as its replies say. */
  current: V | undefined
  /** What requests under way will make of it, oldest first; undefined: it is closed. Allocated when there is one. */
  readonly sent: (V | undefined)[]
}

/** How a request ended. `skipped`: the server did not look at it. */
export type Outcome = 'done' | 'failed' | 'skipped'

/**
 * Server objects by name, followed through requests that are answered later: each change is `sent`, then, in the same
 * order for a name, `settle`d by its reply.
 */
export class NamedObjects<V extends object> {
  readonly #entries = new Map<string, Entry<V>>()
  readonly #limit: number
  /** A failed attempt to replace an object with the empty name has destroyed the old one. */
  readonly #failureClears: boolean

  constructor(limit: number, failureClears: boolean) {
    this.#limit = limit
    this.#failureClears = failureClears
  }

  /** Names known or under way. */
  get size(): number {
    return this.#entries.size
  }

  /** What the name will mean to a request sent now, if nothing under way fails. Undefined: nothing that we know of. */
  get(name: string): V | undefined {
    const entry = this.#entries.get(name)
    if (entry === undefined) return undefined
    return entry.sent.length > 0 ? entry.sent[entry.sent.length - 1] : entry.current
  }

  /** A request that makes (`value`) or closes (undefined) the name is sent. False: too many names; do not send it. */
  sent(name: string, value: V | undefined): boolean {
    const entry = this.#entries.get(name)
    if (entry !== undefined) entry.sent.push(value)
    else if (this.#entries.size >= this.#limit) return false
    else this.#entries.set(name, { current: undefined, sent: [value] })
    return true
  }

  /** The oldest request under way for the name was answered. Throws an Error when there is none. */
  settle(name: string, outcome: Outcome): void {
    const entry = this.#entries.get(name)
    if (entry === undefined || entry.sent.length === 0) throw new Error('no request under way has this name')
    const value = entry.sent.shift()
    if (outcome === 'done') entry.current = value
    else if (outcome === 'failed' && this.#failureClears && name === '') entry.current = undefined
    this.#dropIfUnused(name, entry)
  }

  /** The server does not have the name any more; requests under way for it are not touched. */
  forget(name: string): void {
    const entry = this.#entries.get(name)
    if (entry === undefined) return
    entry.current = undefined
    this.#dropIfUnused(name, entry)
  }

  /** The server has none of the names any more; requests under way are not touched. */
  forgetAll(): void {
    for (const [name, entry] of this.#entries) {
      entry.current = undefined
      this.#dropIfUnused(name, entry)
    }
  }

  #dropIfUnused(name: string, entry: Entry<V>): void {
    if (entry.current === undefined && entry.sent.length === 0) this.#entries.delete(name)
  }
}

import type { Judgement } from '@gatehouse/core'

/** Names of one kind that one session may keep; those beyond it stay unknown. */
const NAMES_LIMIT = 1000

/** Characters of text that are kept behind them. */
const KEPT_LIMIT = 4 * 1024 * 1024

/** What a name stands for. */
export interface NamedBySql {
  /** Characters of text kept with it. */
  readonly weight: number
}

/** A name on its way: which statement of which text gives it. */
interface Given<T> {
  readonly judgement: Judgement
  readonly statementIndex: number
  readonly object: T
}

/**
 * Names of one kind that statements of a session gave: its cursors, or its prepared statements.
 *
 * INVARIANT: a name is known from the server's word that the statement which gives it succeeded (it fails while the name is
 * taken) until the first request is sent that could give the name another meaning. What is not known can still be there.
 */
export class NamesBySql<T extends NamedBySql> {
  readonly #known = new Map<string, T>()
  /** The last statement of each name that was sent, while nothing behind it could give the name another meaning. */
  readonly #given = new Map<string, Given<T>>()
  #weight = 0
  /** Counts up whenever what is known has changed. */
  version = 0

  /** True when no name is known or on its way. */
  get idle(): boolean {
    return this.#known.size === 0 && this.#given.size === 0
  }

  get size(): number {
    return this.#known.size
  }

  get(name: string): T | undefined {
    return this.#known.get(name)
  }

  entries(): Iterable<[string, T]> {
    return this.#known
  }

  /** A statement is on its way that gives the name. */
  give(name: string, judgement: Judgement, statementIndex: number, object: T): void {
    this.#given.set(name, { judgement, statementIndex, object })
  }

  /** The server has run this statement of the text. */
  ran(name: string, judgement: Judgement, statementIndex: number): void {
    const given = this.#given.get(name)
    if (given?.judgement !== judgement || given.statementIndex !== statementIndex) return
    this.forget(name)
    if (this.#known.size >= NAMES_LIMIT || this.#weight + given.object.weight > KEPT_LIMIT) return
    this.#known.set(name, given.object)
    this.#weight += given.object.weight
    this.version++
  }

  /** A request is on its way that could give the name another meaning (null: any name). */
  forget(name: string | null): void {
    if (name === null) {
      this.#given.clear()
      if (this.#known.size === 0) return
      this.#known.clear()
      this.#weight = 0
      this.version++
      return
    }
    this.#given.delete(name)
    const known = this.#known.get(name)
    if (known === undefined) return
    this.#known.delete(name)
    this.#weight -= known.weight
    this.version++
  }
}

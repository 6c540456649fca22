import type { Judgement } from '@gatehouse/core'

/** Prepared statements, and portals, that one session may keep. */
export const NAMED_OBJECTS_LIMIT = 10_000

/** A prepared statement or portal under its name, made in one batch (the requests up to a Sync). */
export interface Named {
  readonly name: string
  /** Number of the batch whose Parse or Bind makes it. */
  readonly batch: number
}

/**
 * Prepared statements or portals by name, as the server has them.
 *
 * The server may still fail the Parse or Bind of an object that was asked for. Within one batch that does not matter,
 * an error skips what follows. From a later batch the object is not settled: the name may as well mean an older one.
 */
export class NamedObjects<T extends Named> {
  readonly #confirmed = new Map<string, T>()
  readonly #asked: T[] = []

  /** No more may be made. */
  get full(): boolean {
    return this.#confirmed.size + this.#asked.length >= NAMED_OBJECTS_LIMIT
  }

  /** A Parse or Bind was sent that makes this object. */
  ask(object: T): void {
    this.#asked.push(object)
  }

  /** The server made it. */
  confirm(object: T): void {
    // Not among those asked for: its name was taken over in the meantime.
    if (this.#forgetAsked(object)) this.#confirmed.set(object.name, object)
  }

  /** The server failed or skipped it. */
  drop(object: T): void {
    this.#forgetAsked(object)
  }

  /** The object of that name as the server will see it in `batch`; null: not settled until replies arrive; undefined: none. */
  find(name: string, batch: number): T | null | undefined {
    for (let index = this.#asked.length - 1; index >= 0; index--) {
      const object = this.#asked[index]
      if (object !== undefined && object.name === name) return object.batch === batch ? object : null
    }
    return this.#confirmed.get(name)
  }

  /** The server closed it. */
  forget(name: string): void {
    this.#confirmed.delete(name)
  }

  /** Portals at the end of a transaction. */
  forgetAll(): void {
    if (this.#confirmed.size > 0) this.#confirmed.clear()
  }

  /**
   * SQL is on its way that makes or removes what has this name (null: all of them): whatever was asked for before it, answered
   * or not, is not what the name will mean. INVARIANT: a name that SQL may have given a new meaning is not found here.
   */
  takenOver(name: string | null): void {
    if (name === null) this.#confirmed.clear()
    else this.#confirmed.delete(name)
    for (let index = this.#asked.length - 1; index >= 0; index--) {
      if (name === null || this.#asked[index]?.name === name) this.#asked.splice(index, 1)
    }
  }

  #forgetAsked(object: T): boolean {
    const index = this.#asked.indexOf(object)
    if (index < 0) return false
    this.#asked.splice(index, 1)
    return true
  }
}

/** SQL of a judgement is on its way that makes or removes prepared statements or cursors. */
export function takeNames(
  { facts }: Judgement,
  statements: Pick<NamedObjects<Named>, 'takenOver'>,
  portals: Pick<NamedObjects<Named>, 'takenOver'>,
): void {
  for (const { action, names, settings } of facts?.statements ?? []) {
    if (action === 'prepare' || action === 'deallocate') statements.takenOver(names.prepared)
    else if (action === 'declare_cursor' || action === 'close_cursor') portals.takenOver(names.cursor)
    // DISCARD ALL, told by the settings it resets; the other kinds leave statements and portals alone.
    else if (action === 'discard' && settings.length > 0) {
      statements.takenOver(null)
      portals.takenOver(null)
    }
  }
}

import { type Tree, kindOf } from '../tree.ts'
import type { Spending } from '../../../facts/work.ts'

/** Units for each object of a tree that gets a number. */
const OBJECT_UNITS = 12

/**
 * Numbers for parts of a statement's tree: two have the same number when they are the same text but for their place.
 * Each part is looked at once, however often it is asked for.
 */
export class Shapes {
  readonly #work: Spending
  readonly #byKey = new Map<string, number>()
  readonly #byPart = new WeakMap<object, number>()

  constructor(work: Spending) {
    this.#work = work
  }

  /** The number of a node, list or plain value. */
  idOf(value: unknown): number {
    if (typeof value !== 'object' || value === null) return this.#idOfKey(`${typeof value} ${String(value)}`)
    const known = this.#byPart.get(value)
    if (known !== undefined) return known
    this.#work.spend(OBJECT_UNITS)
    const id = this.#idOfKey(Array.isArray(value) ? this.#listKey(value) : this.#objectKey(value))
    this.#byPart.set(value, id)
    return id
  }

  /** True when two nodes have the same number. */
  same(a: Tree, b: Tree): boolean {
    return kindOf(a) === kindOf(b) && this.idOf(a) === this.idOf(b)
  }

  #listKey(list: readonly unknown[]): string {
    let key = '['
    this.#work.spend(list.length)
    for (const element of list) key += `${this.idOf(element)},`
    return key
  }

  #objectKey(object: object): string {
    let key = '{'
    for (const [name, value] of Object.entries(object)) {
      if (value === undefined || name.endsWith('location')) continue
      this.#work.spend(2)
      key += `${name}:${this.idOf(value)},`
    }
    return key
  }

  #idOfKey(key: string): number {
    let id = this.#byKey.get(key)
    if (id === undefined) {
      id = this.#byKey.size
      this.#byKey.set(key, id)
    }
    return id
  }
}

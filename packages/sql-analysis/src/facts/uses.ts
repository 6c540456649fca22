import type { Access, Action, FunctionTrust, FunctionUse, RelationName } from '@gatehouse/core'
import type { Spending } from './work.ts'

interface OpenAccess {
  readonly action: Action
  readonly relation: RelationName | null
  columns: Set<string> | null
}

/** Worst last. */
const RANKS: Readonly<Record<FunctionTrust, number>> = {
  harmless: 0,
  expanded: 1,
  sensitive: 2,
  revealing: 3,
  user: 4,
  unknown: 5,
}

/** Relations accessed and functions called, each once, collected while they are found. */
export class Uses {
  readonly #work: Spending
  readonly #accesses = new Map<string, OpenAccess>()
  readonly #functions = new Map<string, FunctionUse>()

  constructor(work: Spending) {
    this.#work = work
  }

  get hasAccess(): boolean {
    return this.#accesses.size > 0
  }

  /** Adds an action. `columns`: null for all or unknown; the returned set takes more columns, null when all are in. */
  access(action: Action, relation: RelationName | null, columns: readonly string[] | null): Set<string> | null {
    this.#work.spend(columns === null ? 2 : 2 + columns.length)
    const key = relation === null ? action : `${action}\0${relation.schema ?? '\0'}\0${relation.name}`
    const known = this.#accesses.get(key)
    if (known === undefined) {
      const entry = { action, relation, columns: columns === null ? null : new Set(columns) }
      this.#accesses.set(key, entry)
      return entry.columns
    }
    if (columns === null) known.columns = null
    else if (known.columns !== null) for (const column of columns) known.columns.add(column)
    return known.columns
  }

  /** The statement could not be read: adds an action of which nothing is known. Costs nothing. */
  accessUnknown(): void {
    this.#accesses.set('unknown', { action: 'unknown', relation: null, columns: null })
  }

  /** Of a function named more than once, the worst trust stays. */
  useFunction(schema: string | null, name: string, trust: FunctionTrust): void {
    this.#work.spend(2)
    const key = `${schema ?? '\0'}\0${name}`
    const known = this.#functions.get(key)
    if (known === undefined || RANKS[trust] > RANKS[known.trust]) this.#functions.set(key, { schema, name, trust })
  }

  /** Takes over all of another's. */
  add(accesses: readonly Access[], functions: readonly FunctionUse[]): void {
    for (const { action, relation, columns } of accesses) this.access(action, relation, columns)
    for (const { schema, name, trust } of functions) this.useFunction(schema, name, trust)
  }

  accesses(): Access[] {
    return [...this.#accesses.values()].map(({ action, relation, columns }) => ({
      action,
      relation,
      columns: columns === null ? null : [...columns],
    }))
  }

  functions(): FunctionUse[] {
    return [...this.#functions.values()]
  }
}

import type { Random } from './random.ts'
import type { Column, Relation, Taint, Type } from './schema.ts'

/** How far a statement may go with masked columns: not at all, select them as they are, anything. */
export type Mode = 'none' | 'plain' | 'wild'

/** What a statement does with masked columns: selects them, computes from them, looks at them, writes them. */
export type Touch = 'plain' | 'derived' | 'decided' | 'written'

/** Where an expression stands. */
export type Use = 'project' | 'derive' | 'decide'

/** A row source that can be named in a scope. */
export interface Item {
  readonly alias: string
  readonly columns: readonly Column[]
  /** The alias can stand for the whole row. */
  readonly row: boolean
}

/** What names can be used at a place in a statement. */
export interface Scope {
  readonly items: Item[]
  /** Where a sub-query may reach out to; null: nowhere. */
  readonly outer: Scope | null
  readonly tables: readonly Relation[]
}

export interface Query {
  readonly sql: string
  readonly columns: readonly Column[]
}

/** Writes a query: `want` are the types of its columns, null: any. */
export type QueryWriter = (writing: Writing, outer: Scope | null, depth: number, want: readonly Type[] | null) => Query

/** A statement while it is written. */
export class Writing {
  readonly random: Random
  /** Major version of the server it is for. */
  readonly version: number
  readonly mode: Mode
  readonly query: QueryWriter
  readonly touches: Set<Touch> = new Set()
  /** Bound values, where literals may become parameters; null: they may not. */
  parameters: string[] | null = null
  /** Literals of masked values, to ask about. */
  readonly probes: readonly string[]
  /** The worst that was put in since it was last set. */
  seen: Taint = 'none'
  #names = 0

  constructor(random: Random, version: number, mode: Mode, query: QueryWriter, probes: readonly string[]) {
    this.random = random
    this.version = version
    this.mode = mode
    this.query = query
    this.probes = probes
  }

  /** A name that this statement has not used. */
  fresh(prefix: string): string {
    return `${prefix}${String(++this.#names)}`
  }

  /** True when a column like this may stand in such a place, in this mode. */
  permits(taint: Taint, use: Use): boolean {
    if (taint === 'none' || this.mode === 'wild') return true
    return this.mode === 'plain' && taint === 'plain' && use === 'project'
  }

  /** Notes that a column like this stands in such a place. */
  note(taint: Taint, use: Use): void {
    if (taint === 'none') return
    if (use === 'decide') this.touches.add('decided')
    else {
      const after = use === 'project' ? taint : 'derived'
      this.touches.add(after === 'plain' ? 'plain' : 'derived')
      this.seen = worse(this.seen, after)
    }
  }

  /** What `write` gives, with the worst taint that it put in. */
  watched(write: () => string): { readonly sql: string; readonly taint: Taint } {
    const before = this.seen
    this.seen = 'none'
    const sql = write()
    const taint = this.seen
    this.seen = worse(before, taint)
    return { sql, taint }
  }
}

export function worse(a: Taint, b: Taint): Taint {
  if (a === 'derived' || b === 'derived') return 'derived'
  return a === 'plain' || b === 'plain' ? 'plain' : 'none'
}

/** Of templates marked with a version, those that the server has; without the mark. */
export function available(templates: readonly string[], version: number): string[] {
  return templates.flatMap((template) => {
    const [, since, rest] = /^@(\d+) (.*)$/s.exec(template) ?? []
    if (since === undefined || rest === undefined) return [template]
    return Number(since) <= version ? [rest] : []
  })
}

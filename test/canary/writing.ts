import type { Random } from './random.ts'

/** How much of a masked value is in a column: none, the value itself, something computed from it. */
export type Taint = 'none' | 'plain' | 'derived'

/** A column; `T` are the names of the types that a language has. */
export interface Column<T extends string> {
  readonly name: string
  readonly type: T
  readonly taint: Taint
}

export interface Relation<T extends string> {
  readonly name: string
  readonly kind: 'table' | 'view'
  readonly columns: readonly Column<T>[]
  /** Columns that an INSERT may name. */
  readonly writable: readonly Column<T>[]
}

/** Relations from a table of `name:type` words: `*` is a masked column, `+` one computed from masked ones, `=` one that is not written. */
export function readRelations<T extends string>(
  texts: Readonly<Record<string, string>>,
  kind: Relation<T>['kind'],
  types: readonly T[],
): Relation<T>[] {
  return Object.entries(texts).map(([name, text]) => {
    const words = text.split(' ')
    const columns = words.map((word) => readColumn(word, types))
    return { name, kind, columns, writable: columns.filter((_, index) => words[index]?.endsWith('=') === false) }
  })
}

function readColumn<T extends string>(word: string, types: readonly T[]): Column<T> {
  const [name = '', marked = ''] = word.split(':')
  const bare = marked.replaceAll(/[*+=]/g, '')
  const type = types.find((each) => each === bare)
  if (type === undefined) throw new Error(`${word} has no known type`)
  return { name, type, taint: marked.includes('*') ? 'plain' : marked.includes('+') ? 'derived' : 'none' }
}

/** How far a statement may go with masked columns: not at all, select them as they are, anything. */
export type Mode = 'none' | 'plain' | 'wild'

/** What a statement does with masked columns: selects them, computes from them, looks at them, writes them. */
export type Touch = 'plain' | 'derived' | 'decided' | 'written'

/** Where an expression stands. */
export type Use = 'project' | 'derive' | 'decide'

/** A row source that can be named in a scope. */
export interface Item<T extends string> {
  readonly alias: string
  readonly columns: readonly Column<T>[]
  /** The alias can stand for the whole row. */
  readonly row: boolean
}

/** What names can be used at a place in a statement. */
export interface Scope<T extends string> {
  readonly items: Item<T>[]
  /** Where a sub-query may reach out to; null: nowhere. */
  readonly outer: Scope<T> | null
  readonly tables: readonly Relation<T>[]
}

export interface Query<T extends string> {
  readonly sql: string
  readonly columns: readonly Column<T>[]
}

/** Writes a query: `want` are the types of its columns, null: any. */
export type QueryWriter<T extends string> = (
  writing: Writing<T>,
  outer: Scope<T> | null,
  depth: number,
  want: readonly T[] | null,
) => Query<T>

/**
 * What expressions a server's SQL has, as templates by the type they give. `{text}` is another expression of that type, `{text!}` one
 * that only decides, `{#}` a small number, `{?text}` a scalar sub-query, `{*text}` a sub-query of one column, `{rows}` one of any
 * columns, `{filter}` and `{order}` clauses of aggregates that may be empty. `@mark ` before it: only for servers that have the mark.
 */
export interface Language<T extends string> {
  readonly types: readonly T[]
  readonly expressions: Readonly<Record<T, readonly string[]>>
  /** Choices that any type has; `{T}` stands for it. */
  readonly general: (type: T) => readonly string[]
  /** Expressions that are likely to fail on the server. */
  readonly failing: readonly string[]
  /** Their arguments may hold no aggregate. */
  readonly aggregates: Readonly<Partial<Record<T, readonly string[]>>>
  /** Functions that only stand with OVER. */
  readonly windowFunctions: Readonly<Partial<Record<T, readonly string[]>>>
  /** Set-returning calls for the target list. */
  readonly sets: Readonly<Partial<Record<T, readonly string[]>>>
  readonly condition: T
  /** Types that aggregates order by. */
  readonly orders: readonly T[]
  readonly quote: '"' | '`'
  /** A query of one column as a scalar sub-query; `fresh` is a name that is free. */
  readonly single: (query: Query<T>, fresh: string) => string
  readonly literal: (writing: Writing<T>, type: T) => string
  readonly query: QueryWriter<T>
  /** Whether the server has what is marked so. */
  readonly has: (mark: string) => boolean
}

/** A statement while it is written. */
export class Writing<T extends string> {
  readonly random: Random
  readonly language: Language<T>
  readonly mode: Mode
  readonly query: QueryWriter<T>
  readonly touches: Set<Touch> = new Set()
  /** Bound values, where literals may become parameters; null: they may not. */
  parameters: string[] | null = null
  /** Literals of masked values, to ask about. */
  readonly probes: readonly string[]
  /** The worst that was put in since it was last set. */
  seen: Taint = 'none'
  #names = 0

  constructor(random: Random, language: Language<T>, mode: Mode, probes: readonly string[]) {
    this.random = random
    this.language = language
    this.mode = mode
    this.query = language.query
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

  /** Of marked templates, those that the server has; without the mark. */
  available(templates: readonly string[]): string[] {
    return templates.flatMap((template) => {
      const [, mark, rest] = /^@(\w+) (.*)$/s.exec(template) ?? []
      if (mark === undefined || rest === undefined) return [template]
      return this.language.has(mark) ? [rest] : []
    })
  }
}

export function worse(a: Taint, b: Taint): Taint {
  if (a === 'derived' || b === 'derived') return 'derived'
  return a === 'plain' || b === 'plain' ? 'plain' : 'none'
}

import {
  AGGREGATES,
  ARRAYS,
  EXPRESSIONS,
  FOR_ANY_TYPE,
  FAILING,
  SETS,
  WINDOW_FUNCTIONS,
  WITHOUT_EQUALITY,
} from './expression-table.ts'
import { literal } from './literals.ts'
import { TYPES, type Column, type Type } from './schema.ts'
import { available, type Item, type Scope, type Use, type Writing } from './writing.ts'

/** An expression of a type. In `decide` places nothing is shown, only looked at. */
export function expression(writing: Writing, type: Type, scope: Scope, depth: number, use: Use): string {
  const { random } = writing
  if (depth <= 0 || random.chance(0.4)) {
    const column = random.chance(0.85) ? columnOf(writing, scope, type, use) : null
    return column ?? literal(writing, type)
  }
  const general = FOR_ANY_TYPE.filter(
    (text) =>
      !(text.startsWith('nullif') && WITHOUT_EQUALITY.has(type)) && !(text.startsWith('(ARRAY') && ARRAYS.has(type)),
  )
  const [template, held] = random.chance(0.2)
    ? [random.pick(general), type]
    : [random.pick(available(EXPRESSIONS[type], writing.version)), random.pick(TYPES)]
  return `(${fill(writing, template, held, scope, depth - 1, use === 'project' ? 'derive' : use)})`
}

/** One that the server is likely to fail on. */
export function failing(writing: Writing, scope: Scope, depth: number): string {
  return `(${fill(writing, writing.random.pick(available(FAILING, writing.version)), writing.random.pick(TYPES), scope, depth, 'derive')})`
}

/** An aggregate, or null where the type has none. */
export function aggregate(writing: Writing, type: Type, scope: Scope, depth: number): string | null {
  return fromTable(writing, AGGREGATES[type], scope, depth)
}

/** A set-returning call, or null where the type has none. How many rows it gives is told by its arguments. */
export function setCall(writing: Writing, type: Type, scope: Scope): string | null {
  const templates = available(SETS[type] ?? [], writing.version)
  if (templates.length === 0) return null
  return fill(writing, writing.random.pick(templates), writing.random.pick(TYPES), scope, 0, 'decide')
}

/** A window call over `window`, or null where the type has none. */
export function windowCall(writing: Writing, type: Type, scope: Scope, window: string): string | null {
  const call = fromTable(writing, WINDOW_FUNCTIONS[type], scope, 1)
  return call === null ? null : `${call} OVER ${window}`
}

function fromTable(writing: Writing, table: readonly string[] | undefined, scope: Scope, depth: number): string | null {
  const templates = available(table ?? [], writing.version)
  if (templates.length === 0) return null
  return fill(writing, writing.random.pick(templates), writing.random.pick(TYPES), scope, depth, 'derive')
}

const PLACE = /\{([?*]?)(filter|order|rows|alias|#|T|[a-z]+\d*[a-z]*(?:\[\])?)(!?)\}/g

/** A template with expressions in its places. `held` is the type that `{T}` stands for. */
export function fill(
  writing: Writing,
  template: string,
  held: Type,
  scope: Scope,
  depth: number,
  use: Use,
  alias = '',
): string {
  return template.replaceAll(PLACE, (place, kind: string, name: string, mark: string) => {
    const { random } = writing
    const inner: Use = mark === '!' ? 'decide' : use
    if (name === '#') return String(random.below(10))
    if (name === 'alias') return alias
    if (name === 'filter')
      return random.chance(0.2) ? ` FILTER (WHERE ${expression(writing, 'bool', scope, 1, 'decide')})` : ''
    if (name === 'order') {
      const by = random.pick(['int4', 'text', 'date'] as const)
      return random.chance(0.3) ? ` ORDER BY ${expression(writing, by, scope, 1, 'decide')}` : ''
    }
    if (name === 'rows') return `(${writing.query(writing, scope, Math.min(depth, 1), null).sql})`
    const type = name === 'T' ? held : TYPES.find((each) => each === name)
    if (type === undefined) return place
    if (kind === '') return expression(writing, type, scope, depth, inner)
    return subquery(writing, type, scope, depth, inner, kind === '?')
  })
}

function subquery(writing: Writing, type: Type, scope: Scope, depth: number, use: Use, single: boolean): string {
  const query = writing.query(writing, scope, Math.min(depth, 1), [type])
  for (const { taint } of query.columns) writing.note(taint, use)
  return single ? `(SELECT * FROM (${query.sql}) ${writing.fresh('s')} LIMIT 1)` : `(${query.sql})`
}

/** A column of the type that the scope has, as it may be written there; null when it has none. */
export function columnOf(writing: Writing, scope: Scope, type: Type, use: Use): string | null {
  const found = columnsIn(scope).filter(({ column }) => column.type === type && writing.permits(column.taint, use))
  if (found.length === 0) return null
  const { random } = writing
  const wanted = found.filter(({ column }) => column.taint !== 'none')
  const { item, column } = random.pick(wanted.length > 0 && random.chance(0.5) ? wanted : found)
  writing.note(column.taint, use)
  return spelled(writing, scope, item, column)
}

interface Found {
  readonly item: Item
  readonly column: Column
}

export function columnsIn(scope: Scope): Found[] {
  const found: Found[] = []
  const hidden = new Set<string>()
  for (let each: Scope | null = scope; each !== null; each = each.outer) {
    for (const item of each.items) {
      if (hidden.has(item.alias)) continue
      found.push(...item.columns.map((column) => ({ item, column })))
    }
    for (const { alias } of each.items) hidden.add(alias)
  }
  return found
}

/** A column's name in one of the ways it can be written. */
export function spelled(writing: Writing, scope: Scope, item: Item, column: Column): string {
  const { random } = writing
  const name = random.chance(0.05) ? column.name.toUpperCase() : random.chance(0.05) ? `"${column.name}"` : column.name
  const alone = columnsIn(scope).filter((each) => each.column.name === column.name).length === 1
  if (alone && random.chance(0.3)) return name
  return item.row && random.chance(0.03) ? `(${item.alias}).${name}` : `${item.alias}.${name}`
}

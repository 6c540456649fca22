import type { Column, Item, Scope, Use, Writing } from './writing.ts'

/** An expression of a type. In `decide` places nothing is shown, only looked at. */
export function expression<T extends string>(
  writing: Writing<T>,
  type: T,
  scope: Scope<T>,
  depth: number,
  use: Use,
): string {
  const { random, language } = writing
  if (depth <= 0 || random.chance(0.4)) {
    const column = random.chance(0.85) ? columnOf(writing, scope, type, use) : null
    return column ?? language.literal(writing, type)
  }
  const [template, held] = random.chance(0.2)
    ? [random.pick(language.general(type)), type]
    : [random.pick(writing.available(language.expressions[type])), random.pick(language.types)]
  return `(${fill(writing, template, held, scope, depth - 1, use === 'project' ? 'derive' : use)})`
}

/** One that the server is likely to fail on. */
export function failing<T extends string>(writing: Writing<T>, scope: Scope<T>, depth: number): string {
  const { random, language } = writing
  return `(${fill(writing, random.pick(writing.available(language.failing)), random.pick(language.types), scope, depth, 'derive')})`
}

/** An aggregate, or null where the type has none. */
export function aggregate<T extends string>(
  writing: Writing<T>,
  type: T,
  scope: Scope<T>,
  depth: number,
): string | null {
  return fromTable(writing, writing.language.aggregates[type], scope, depth)
}

/** A set-returning call, or null where the type has none. How many rows it gives is told by its arguments. */
export function setCall<T extends string>(writing: Writing<T>, type: T, scope: Scope<T>): string | null {
  const templates = writing.available(writing.language.sets[type] ?? [])
  if (templates.length === 0) return null
  return fill(writing, writing.random.pick(templates), writing.random.pick(writing.language.types), scope, 0, 'decide')
}

/** A window call over `window`, or null where the type has none. */
export function windowCall<T extends string>(
  writing: Writing<T>,
  type: T,
  scope: Scope<T>,
  window: string,
): string | null {
  const call = fromTable(writing, writing.language.windowFunctions[type], scope, 1)
  return call === null ? null : `${call} OVER ${window}`
}

function fromTable<T extends string>(
  writing: Writing<T>,
  table: readonly string[] | undefined,
  scope: Scope<T>,
  depth: number,
): string | null {
  const templates = writing.available(table ?? [])
  if (templates.length === 0) return null
  const held = writing.random.pick(writing.language.types)
  return fill(writing, writing.random.pick(templates), held, scope, depth, 'derive')
}

const PLACE = /\{([?*]?)(filter|order|rows|alias|#|T|[a-z]+\d*[a-z]*(?:\[\])?)(!?)\}/g

/** A template with expressions in its places. `held` is the type that `{T}` stands for. */
export function fill<T extends string>(
  writing: Writing<T>,
  template: string,
  held: T,
  scope: Scope<T>,
  depth: number,
  use: Use,
  alias = '',
): string {
  return template.replaceAll(PLACE, (place, kind: string, name: string, mark: string) => {
    const { random, language } = writing
    const inner: Use = mark === '!' ? 'decide' : use
    if (name === '#') return String(random.below(10))
    if (name === 'alias') return alias
    if (name === 'filter')
      return random.chance(0.2) ? ` FILTER (WHERE ${expression(writing, language.condition, scope, 1, 'decide')})` : ''
    if (name === 'order') {
      const by = random.pick(language.orders)
      return random.chance(0.3) ? ` ORDER BY ${expression(writing, by, scope, 1, 'decide')}` : ''
    }
    if (name === 'rows') return `(${writing.query(writing, scope, Math.min(depth, 1), null).sql})`
    const type = name === 'T' ? held : language.types.find((each) => each === name)
    if (type === undefined) return place
    if (kind === '') return expression(writing, type, scope, depth, inner)
    return subquery(writing, type, scope, depth, inner, kind === '?')
  })
}

function subquery<T extends string>(
  writing: Writing<T>,
  type: T,
  scope: Scope<T>,
  depth: number,
  use: Use,
  single: boolean,
): string {
  const query = writing.query(writing, scope, Math.min(depth, 1), [type])
  for (const { taint } of query.columns) writing.note(taint, use)
  return single ? writing.language.single(query, writing.fresh('s')) : `(${query.sql})`
}

/** A column of the type that the scope has, as it may be written there; null when it has none. */
export function columnOf<T extends string>(writing: Writing<T>, scope: Scope<T>, type: T, use: Use): string | null {
  const found = columnsIn(scope).filter(({ column }) => column.type === type && writing.permits(column.taint, use))
  if (found.length === 0) return null
  const { random } = writing
  const wanted = found.filter(({ column }) => column.taint !== 'none')
  const { item, column } = random.pick(wanted.length > 0 && random.chance(0.5) ? wanted : found)
  writing.note(column.taint, use)
  return spelled(writing, scope, item, column)
}

interface Found<T extends string> {
  readonly item: Item<T>
  readonly column: Column<T>
}

export function columnsIn<T extends string>(scope: Scope<T>): Found<T>[] {
  const found: Found<T>[] = []
  const hidden = new Set<string>()
  for (let each: Scope<T> | null = scope; each !== null; each = each.outer) {
    for (const item of each.items) {
      if (hidden.has(item.alias)) continue
      found.push(...item.columns.map((column) => ({ item, column })))
    }
    for (const { alias } of each.items) hidden.add(alias)
  }
  return found
}

/** A column's name in one of the ways it can be written. */
export function spelled<T extends string>(
  writing: Writing<T>,
  scope: Scope<T>,
  item: Item<T>,
  column: Column<T>,
): string {
  const { random } = writing
  const { quote } = writing.language
  const name = random.chance(0.05)
    ? column.name.toUpperCase()
    : random.chance(0.05)
      ? `${quote}${column.name}${quote}`
      : column.name
  const alone = columnsIn(scope).filter((each) => each.column.name === column.name).length === 1
  if (alone && random.chance(0.3)) return name
  return item.row && random.chance(0.03) ? `(${item.alias}).${name}` : `${item.alias}.${name}`
}

import { columnOf, expression, fill } from '../expressions.ts'
import { type Taint, worse } from '../writing.ts'
import { FROM_CALLS } from './expression-table.ts'
import {
  type Column,
  type Item,
  type Relation,
  RELATIONS,
  type Scope,
  type Type,
  TYPES,
  type Writing,
} from './schema.ts'

interface FromItem {
  readonly sql: string
  readonly items: readonly Item[]
}

/** A FROM clause; what it names is added to the scope. */
export function fromClause(writing: Writing, scope: Scope, depth: number): string {
  const { random } = writing
  const first = joined(writing, scope, depth)
  scope.items.push(...first.items)
  if (!random.chance(0.12)) return ` FROM ${first.sql}`
  const second = fromItem(writing, scope, 0)
  scope.items.push(...second.items)
  return ` FROM ${first.sql}, ${second.sql}`
}

const JOINS = [
  'JOIN',
  'INNER JOIN',
  'LEFT JOIN',
  'LEFT OUTER JOIN',
  'RIGHT JOIN',
  'CROSS JOIN',
  'STRAIGHT_JOIN',
] as const

function joined(writing: Writing, scope: Scope, depth: number): FromItem {
  const { random } = writing
  const left = fromItem(writing, scope, depth)
  if (!random.chance(0.35)) return left
  const kind = random.pick(JOINS)
  const reaches = kind !== 'RIGHT JOIN'
  const inside: Scope = { ...scope, items: reaches ? [...scope.items, ...left.items] : [...scope.items] }
  const right = fromItem(writing, inside, depth - 1)
  const items = [...left.items, ...right.items]
  const both: Scope = { ...scope, items: [...scope.items, ...items] }
  if (kind === 'CROSS JOIN') return { sql: `${left.sql} CROSS JOIN ${right.sql}`, items }
  const shared = kind === 'STRAIGHT_JOIN' ? null : sharedColumns(left, right)
  if (shared !== null && random.chance(0.35)) {
    const natural = random.chance(0.3) && shared.every(({ taint }) => writing.permits(taint, 'decide'))
    const joinable = shared.filter(
      ({ name, taint, type }) =>
        (name === 'id' || random.chance(0.2)) && type !== 'point' && writing.permits(taint, 'decide'),
    )
    const names = natural ? shared : joinable.slice(0, 2)
    for (const { taint } of names) writing.note(taint, 'decide')
    if (natural) return { sql: `${left.sql} NATURAL ${kind} ${right.sql}`, items }
    if (names.length > 0)
      return { sql: `${left.sql} ${kind} ${right.sql} USING (${names.map(({ name }) => name).join(', ')})`, items }
  }
  const equal = random.chance(0.7) ? equality(writing, scope, left, right) : null
  const on = equal ?? expression(writing, 'bool', both, 1, 'decide')
  if (random.chance(0.05)) return { sql: `(${left.sql} ${kind} ${right.sql} ON ${on})`, items }
  return { sql: `${left.sql} ${kind} ${right.sql} ON ${on}`, items }
}

function equality(writing: Writing, scope: Scope, left: FromItem, right: FromItem): string | null {
  const types: readonly Type[] = writing.random.chance(0.7) ? ['int'] : ['text', 'date', 'decimal', 'year']
  const type = writing.random.pick(types)
  const one = columnOf(writing, { items: [...left.items], outer: null, tables: scope.tables }, type, 'decide')
  const two = columnOf(writing, { items: [...right.items], outer: null, tables: scope.tables }, type, 'decide')
  if (one === null || two === null) return null
  return one.includes('.') && two.includes('.') ? `${one} = ${two}` : null
}

/** Columns that both have under one name; null where they could not be compared. */
function sharedColumns(left: FromItem, right: FromItem): readonly Column[] | null {
  const [one, two] = [left.items[0], right.items[0]]
  if (one === undefined || two === undefined || left.items.length > 1 || right.items.length > 1) return null
  const shared = one.columns.flatMap((column) => {
    const other = two.columns.find(({ name }) => name === column.name)
    return other === undefined ? [] : [{ ...column, taint: worse(column.taint, other.taint) }]
  })
  const twice = new Set(one.columns.map(({ name }) => name)).size !== one.columns.length
  return twice || shared.length === 0 ? null : shared
}

function fromItem(writing: Writing, scope: Scope, depth: number): FromItem {
  const { random } = writing
  const roll = random.next()
  if (scope.tables.length > 0 && roll < 0.25) return relationItem(writing, random.pick(scope.tables), null)
  if (depth > 0 && roll < 0.4) return subqueryItem(writing, scope, depth)
  if (roll < 0.47) return callItem(writing, scope)
  return relationItem(writing, random.pick(RELATIONS), scope.tables)
}

/** Where a text names its database: each lane puts the name of its own. */
export const DATABASE = '@db@'

/** `hiding`: tables of a WITH, which hide stored ones of their names; null: it is one of them. */
function relationItem(writing: Writing, relation: Relation, hiding: readonly Relation[] | null): FromItem {
  const { random } = writing
  const stored = hiding !== null
  const hidden = hiding?.some(({ name }) => name === relation.name) ?? false
  const schema =
    hidden || (stored && random.chance(0.15)) ? `${random.chance(0.5) ? `\`${DATABASE}\`` : DATABASE}.` : ''
  const partition = relation.name === 'events' && stored && random.chance(0.2) ? ' PARTITION (events_new)' : ''
  const alias = writing.fresh('r')
  const hint = stored && relation.kind === 'table' && random.chance(0.03) ? ' USE INDEX (PRIMARY)' : ''
  return {
    sql: `${schema}${relation.name}${partition} ${random.chance(0.5) ? 'AS ' : ''}${alias}${hint}`,
    items: [{ alias, columns: relation.columns, row: false }],
  }
}

function subqueryItem(writing: Writing, scope: Scope, depth: number): FromItem {
  const { random, language } = writing
  const lateral = language.has('mysql') && random.chance(0.3)
  const around: Scope = lateral ? scope : { items: [], outer: outerOf(writing, scope), tables: scope.tables }
  const inner = writing.query(writing, around, depth - 1, null)
  const alias = writing.fresh('q')
  const renames = language.has('mysql') && random.chance(0.15)
  const columns = inner.columns.map((column, index) => (renames ? { ...column, name: `k${String(index)}` } : column))
  const names = renames ? ` (${columns.map(({ name }) => name).join(', ')})` : ''
  return {
    sql: `${lateral ? 'LATERAL ' : ''}(${inner.sql}) AS ${alias}${names}`,
    items: [{ alias, columns, row: false }],
  }
}

/** What a derived table sees of the queries around it: nothing in MariaDB. */
export function outerOf(writing: Writing, scope: Scope): Scope | null {
  return writing.language.has('mysql') ? scope.outer : null
}

function callItem(writing: Writing, scope: Scope): FromItem {
  const { random } = writing
  const alias = writing.fresh('f')
  const choices = FROM_CALLS.flatMap(({ sql, columns }) =>
    writing.available([sql]).map((text) => [text, columns] as const),
  )
  const [template, columns] = random.pick(choices)
  // How many rows there are is told by the arguments: to use a masked column there is to look at it.
  const values = !template.startsWith('JSON_TABLE')
  const inside: Scope = template.startsWith('(')
    ? { items: [], outer: outerOf(writing, scope), tables: scope.tables }
    : scope
  const use = values || writing.mode === 'wild' ? 'derive' : 'decide'
  const { sql, taint } = writing.watched(() => fill(writing, template, random.pick(TYPES), inside, 1, use, alias))
  if (taint !== 'none' && !values) writing.touches.add('decided')
  return { sql, items: [{ alias, columns: columnsOf(columns, taint), row: false }] }
}

function columnsOf(text: string, taint: Taint): Column[] {
  return text.split(' ').map((word) => {
    const [name = '', written] = word.split(':')
    const type = TYPES.find((each) => each === written)
    if (type === undefined) throw new Error(`${word} has no known type`)
    return { name, type, taint: taint === 'none' ? 'none' : 'derived' }
  })
}

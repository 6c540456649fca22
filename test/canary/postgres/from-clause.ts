import { FROM_CALLS } from './expression-table.ts'
import { columnOf, expression, fill } from '../expressions.ts'
import { type Column, RELATIONS, TYPES, type Relation, type Type } from './schema.ts'
import { type Taint, worse } from '../writing.ts'
import type { Item, Scope, Writing } from './writing.ts'

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

// A lateral item cannot be joined from the right; FULL JOIN takes only what can be merged or hashed.
const JOINS = ['JOIN', 'INNER JOIN', 'LEFT JOIN', 'LEFT OUTER JOIN', 'RIGHT JOIN', 'FULL JOIN', 'CROSS JOIN'] as const

function joined(writing: Writing, scope: Scope, depth: number): FromItem {
  const { random } = writing
  const left = fromItem(writing, scope, depth)
  if (!random.chance(0.35)) return left
  const kind = random.pick(JOINS)
  const reaches = kind !== 'RIGHT JOIN' && kind !== 'FULL JOIN'
  const inside: Scope = { ...scope, items: reaches ? [...scope.items, ...left.items] : [...scope.items] }
  const right = fromItem(writing, inside, depth - 1)
  const items = [...left.items, ...right.items]
  const both: Scope = { ...scope, items: [...scope.items, ...items] }
  if (kind === 'CROSS JOIN') return { sql: `${left.sql} CROSS JOIN ${right.sql}`, items }
  const shared = sharedColumns(left, right)
  if (shared !== null && random.chance(0.35)) {
    const natural = random.chance(0.3) && shared.every(({ taint }) => writing.permits(taint, 'decide'))
    const joinable = shared.filter(
      ({ name, taint, type }) =>
        (name === 'id' || writing.random.chance(0.2)) &&
        type !== 'xml' &&
        type !== 'json' &&
        writing.permits(taint, 'decide'),
    )
    const names = natural ? shared : joinable.slice(0, 2)
    for (const { taint } of names) writing.note(taint, 'decide')
    if (natural) return { sql: `${left.sql} NATURAL ${kind} ${right.sql}`, items }
    if (names.length > 0) {
      const alias = random.chance(0.1) ? ` AS ${writing.fresh('u')}` : ''
      return {
        sql: `${left.sql} ${kind} ${right.sql} USING (${names.map(({ name }) => name).join(', ')})${alias}`,
        items,
      }
    }
  }
  const equal = random.chance(0.7) || kind === 'FULL JOIN' ? equality(writing, scope, left, right) : null
  if (equal === null && kind === 'FULL JOIN') return { sql: `${left.sql} FULL JOIN ${right.sql} ON true`, items }
  return {
    sql: `${left.sql} ${kind} ${right.sql} ON ${equal ?? expression(writing, 'bool', both, 1, 'decide')}`,
    items,
  }
}

function equality(writing: Writing, scope: Scope, left: FromItem, right: FromItem): string | null {
  const types: readonly Type[] = writing.random.chance(0.7) ? ['int4'] : ['text', 'date', 'numeric', 'uuid']
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
  if (roll < 0.5) return callItem(writing, scope)
  return relationItem(writing, random.pick(RELATIONS), scope.tables)
}

/** `hiding`: tables of a WITH, which hide stored ones of their names; null: it is one of them. */
function relationItem(writing: Writing, relation: Relation, hiding: readonly Relation[] | null): FromItem {
  const { random } = writing
  const stored = hiding !== null
  const hidden = hiding?.some(({ name }) => name === relation.name) ?? false
  const only = stored && relation.kind === 'table' && random.chance(0.05) ? 'ONLY ' : ''
  const schema = hidden || (stored && random.chance(0.2)) ? 'public.' : ''
  const sample =
    stored && relation.kind === 'table' && random.chance(0.03) ? ' TABLESAMPLE BERNOULLI (100) REPEATABLE (1)' : ''
  const alias = writing.fresh('r')
  if (random.chance(0.1)) {
    const count = random.between(1, Math.min(3, relation.columns.length))
    const names = Array.from({ length: count }, (_, index) => `k${String(index)}`)
    const columns = relation.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }))
    return {
      sql: `${only}${schema}${relation.name} AS ${alias}(${names.join(', ')})${sample}`,
      items: [{ alias, columns, row: true }],
    }
  }
  return {
    sql: `${only}${schema}${relation.name} ${random.chance(0.5) ? 'AS ' : ''}${alias}${sample}`,
    items: [{ alias, columns: relation.columns, row: true }],
  }
}

function subqueryItem(writing: Writing, scope: Scope, depth: number): FromItem {
  const lateral = writing.random.chance(0.3)
  const around: Scope = lateral ? scope : { items: [], outer: scope.outer, tables: scope.tables }
  const inner = writing.query(writing, around, depth - 1, null)
  const alias = writing.fresh('q')
  return {
    sql: `${lateral ? 'LATERAL ' : ''}(${inner.sql}) AS ${alias}`,
    items: [{ alias, columns: inner.columns, row: true }],
  }
}

const CALL_TEMPLATES: readonly (readonly [string, string])[] = FROM_CALLS.map(({ sql, columns }) => [sql, columns])

function callItem(writing: Writing, scope: Scope): FromItem {
  const { random } = writing
  const alias = writing.fresh('f')
  const choices = CALL_TEMPLATES.flatMap(([sql, columns]) =>
    writing.available([sql]).map((text) => [text, columns] as const),
  )
  const [template, columns] = random.pick(choices)
  // How many rows there are is told by the arguments: to use a masked column there is to look at it.
  const values = template.startsWith('(') || template.startsWith('LATERAL')
  const lateral: Scope = template.startsWith('(') ? { items: [], outer: scope.outer, tables: scope.tables } : scope
  const { sql, taint } = writing.watched(() =>
    fill(
      writing,
      template,
      random.pick(TYPES),
      lateral,
      1,
      values ? 'derive' : writing.mode === 'wild' ? 'derive' : 'decide',
      alias,
    ),
  )
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

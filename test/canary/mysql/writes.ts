import { columnOf, expression, spelled } from '../expressions.ts'
import { literal } from './literals.ts'
import { commonTables, query } from './queries.ts'
import {
  type Column,
  type Item,
  type Relation,
  RELATIONS,
  type Scope,
  TABLE_LIST,
  type Type,
  type Writing,
} from './schema.ts'

/** Views that a write goes through to the table under them. */
const WRITABLE_VIEWS: readonly Relation[] = RELATIONS.filter(({ name }) => name === 'v_people').map((view) => ({
  ...view,
  writable: view.columns,
}))
const TARGETS: readonly Relation[] = [...TABLE_LIST.filter(({ name }) => name !== 'people_log'), ...WRITABLE_VIEWS]

/** A write, with what reads back what it wrote. */
export interface Write {
  readonly sql: string
  readonly class: string
  readonly target: Relation
}

/** INSERT, REPLACE, UPDATE or DELETE. */
export function write(writing: Writing, depth: number): Write {
  const target = writing.random.pick(TARGETS)
  const make = writing.random.weighted([
    [5, insert],
    [4, update],
    [2, remove],
  ] as const)
  return make(writing, target, depth)
}

/** Reads everything back, as a client would. */
export function readBack(target: Relation): string {
  return `SELECT * FROM ${target.name} ORDER BY 1`
}

const EMPTY: Scope = { items: [], outer: null, tables: [] }

/** The value that goes into a column: a masked column takes the same column of a masked source, or a constant; the rest takes anything. */
function valueFor(writing: Writing, column: Column, scope: Scope, depth: number): string {
  const { sql, taint } = writing.watched(() =>
    writing.mode === 'none' || writing.random.chance(0.5)
      ? plainValue(writing, column.type, scope)
      : expression(writing, column.type, scope, depth, 'derive'),
  )
  if (taint !== 'none') writing.touches.add('written')
  return sql
}

function plainValue(writing: Writing, type: Type, scope: Scope): string {
  const column = writing.random.chance(0.5) ? columnOf(writing, scope, type, 'project') : null
  return column ?? literal(writing, type)
}

function written(writing: Writing, target: Relation): Column[] {
  const { random } = writing
  const wanted = target.writable.filter(({ name }) => name === 'id' || name === 'day')
  const rest = target.writable.filter((column) => !wanted.includes(column))
  return [...wanted, ...random.some(rest, random.between(1, 4))]
}

const DAY = `'2025-06-01'`

function insert(writing: Writing, target: Relation, depth: number): Write {
  const { random, language } = writing
  const columns = written(writing, target)
  const names = columns.map(({ name }) => name).join(', ')
  const fresh = random.between(200, 900)
  const cellsOf = (row: number): string[] =>
    columns.map((column) =>
      column.name === 'id'
        ? String(random.chance(0.1) ? 1 : fresh + row)
        : random.chance(0.05)
          ? 'DEFAULT'
          : column.name === 'day'
            ? DAY
            : valueFor(writing, column, EMPTY, 1),
    )
  const roll = random.next()
  const replaces = random.chance(0.15) && target.kind === 'table'
  let source: string
  if (roll < 0.1) {
    const cells = cellsOf(0)
    source = ` SET ${columns.map(({ name }, index) => `${name} = ${cells[index] ?? 'NULL'}`).join(', ')}`
  } else if (roll < 0.5) {
    const rows = Array.from({ length: random.between(1, 2) }, (_, row) => `(${cellsOf(row).join(', ')})`)
    source = ` (${names}) VALUES ${rows.join(', ')}`
  } else source = ` (${names}) ${selected(writing, columns, depth)}`
  const conflict = !replaces && random.chance(0.25) ? onDuplicate(writing, target) : ''
  const verb = replaces ? 'REPLACE' : random.pick(['INSERT', 'INSERT', 'INSERT', 'INSERT IGNORE'])
  const list = language.has('mariadb') ? returning(writing, target) : ''
  return { sql: `${verb} INTO ${target.name}${source}${conflict}${list}`, class: 'insert', target }
}

/** Rows of a query, their keys moved out of the way of those that are there. */
function selected(writing: Writing, columns: readonly Column[], depth: number): string {
  const { random } = writing
  const tables = random.chance(0.1) ? commonTables(writing, 1, []) : { sql: '', tables: [] }
  const inner = query(
    writing,
    { ...EMPTY, tables: tables.tables },
    depth - 1,
    columns.map(({ type }) => type),
  )
  if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  // In which order rows come is the server's choice, and how long masked values are may sway it.
  const ordering = inner.columns.filter(({ taint, type }) => taint === 'none' && type !== 'point')
  const order = ordering.length === 0 ? '' : `ORDER BY ${ordering.map(({ name }) => `z.${name}`).join(', ')}`
  const cells = columns.map(({ name }, index) =>
    name === 'id'
      ? `ROW_NUMBER() OVER (${order}) + 300`
      : name === 'day'
        ? DAY
        : `z.${inner.columns[index]?.name ?? ''}`,
  )
  return `${tables.sql}SELECT ${cells.join(', ')} FROM (${inner.sql}) z`
}

function onDuplicate(writing: Writing, target: Relation): string {
  const { random } = writing
  const column = random.pick(target.writable.filter(({ name }) => name !== 'id' && name !== 'day'))
  const value = random.chance(0.5)
    ? `VALUES(${column.name})`
    : valueFor(writing, column, { ...EMPTY, items: [{ alias: target.name, columns: target.columns, row: false }] }, 1)
  return ` ON DUPLICATE KEY UPDATE ${column.name} = ${value}`
}

function scopeOf(target: Relation, alias: string): Scope {
  return { items: [{ alias, columns: target.columns, row: false }], outer: null, tables: [] }
}

function sourceItem(writing: Writing, alias: string): { readonly sql: string; readonly item: Item } {
  const { random } = writing
  if (random.chance(0.5)) {
    const relation = random.pick(RELATIONS)
    return { sql: `${relation.name} AS ${alias}`, item: { alias, columns: relation.columns, row: false } }
  }
  const inner = query(writing, null, 1, ['int', 'text', ...random.some(['date', 'decimal', 'json'] as const, 1)])
  return { sql: `(${inner.sql}) AS ${alias}`, item: { alias, columns: inner.columns, row: false } }
}

/** A WHERE over columns without a mask, most of the time. */
function condition(writing: Writing, scope: Scope): string {
  const { random } = writing
  const key = columnOf(writing, scope, 'int', 'decide')
  if (key !== null && random.chance(0.6)) return ` WHERE ${key} < ${String(random.between(2, 9))}`
  return random.chance(0.85) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
}

function ordered(writing: Writing, scope: Scope): string {
  const { random } = writing
  if (!random.chance(0.15)) return ''
  const key = columnOf(writing, scope, random.pick(['int', 'text', 'date'] as const), 'decide')
  return key === null ? ' LIMIT 2' : ` ORDER BY ${key} LIMIT ${String(random.between(1, 4))}`
}

function update(writing: Writing, target: Relation, depth: number): Write {
  const { random } = writing
  const scope = scopeOf(target, 't')
  let from = ''
  if (random.chance(0.35)) {
    const source = sourceItem(writing, 's')
    const on = columnOf(writing, { ...EMPTY, items: [source.item] }, 'int', 'decide')
    const equal = on?.startsWith('s.') === true ? ` ON t.id = ${on}` : ''
    from =
      random.chance(0.5) && equal !== ''
        ? ` ${random.pick(['JOIN', 'LEFT JOIN'])} ${source.sql}${equal}`
        : `, ${source.sql}`
    scope.items.push(source.item)
  }
  const columns = random.some(
    target.writable.filter(({ name }) => name !== 'id' && name !== 'day'),
    random.between(1, 2),
  )
  const set = columns
    .map((column) => `t.${column.name} = ${random.chance(0.05) ? 'DEFAULT' : valueFor(writing, column, scope, depth)}`)
    .join(', ')
  const tail = from === '' ? ordered(writing, scope) : ''
  const ignore = random.chance(0.1) ? 'IGNORE ' : ''
  return {
    sql: `UPDATE ${ignore}${target.name} AS t${from} SET ${set}${condition(writing, scope)}${tail}`,
    class: 'update',
    target,
  }
}

function remove(writing: Writing, target: Relation): Write {
  const { random, language } = writing
  if (random.chance(0.6)) {
    // MariaDB has no alias there.
    const scope = scopeOf(target, target.name)
    const list = language.has('mariadb') ? returning(writing, target) : ''
    const sql = `DELETE FROM ${target.name}${condition(writing, scope)}${ordered(writing, scope)}${list}`
    return { sql, class: 'delete', target }
  }
  const scope = scopeOf(target, 't')
  const source = sourceItem(writing, 's')
  scope.items.push(source.item)
  const head = random.chance(0.5)
    ? `DELETE t FROM ${target.name} AS t, ${source.sql}`
    : `DELETE FROM t USING ${target.name} AS t, ${source.sql}`
  return { sql: `${head}${condition(writing, scope)}`, class: 'delete', target }
}

function returning(writing: Writing, target: Relation): string {
  const { random } = writing
  if (!random.chance(0.3) || target.kind === 'view') return ''
  const free = target.columns.every(({ taint }) => writing.permits(taint, 'project'))
  if (free && random.chance(0.3)) {
    for (const { taint } of target.columns) writing.note(taint, 'project')
    return ' RETURNING *'
  }
  const scope = scopeOf(target, target.name)
  const [item] = scope.items
  const own = target.columns.filter(({ taint }) => writing.permits(taint, 'project'))
  const outputs = random.some(own, 2).map((column) => {
    writing.note(column.taint, 'project')
    return item === undefined ? column.name : spelled(writing, scope, item, column)
  })
  if (random.chance(0.4))
    outputs.push(expression(writing, random.pick(['text', 'json', 'int'] as const), scope, 1, 'project'))
  return ` RETURNING ${[...outputs, '1'].join(', ')}`
}

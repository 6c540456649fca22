import { columnOf, expression, spelled } from '../expressions.ts'
import { literal } from './literals.ts'
import { commonTables, query } from './queries.ts'
import { RELATIONS, TABLE_LIST, type Column, type Relation, type Type } from './schema.ts'
import type { Item, Scope, Writing } from './writing.ts'

/** Views that a write goes through to the table under them. */
const WRITABLE_VIEWS: readonly Relation[] = RELATIONS.filter(({ name }) => name === 'v_people').map((view) => ({
  ...view,
  writable: view.columns,
}))
const TARGETS: readonly Relation[] = [...TABLE_LIST.filter(({ name }) => name !== 'people_log'), ...WRITABLE_VIEWS]

/** Tables with a primary key. */
const KEYED: ReadonlySet<string> = new Set(['people', 'people_copy', 'orders', 'products', 'readings'])

/** A write, with what reads back what it wrote. */
export interface Write {
  readonly sql: string
  readonly class: string
  readonly target: Relation
}

/** INSERT, UPDATE, DELETE or MERGE. */
export function write(writing: Writing, depth: number): Write {
  const target = writing.random.pick(TARGETS)
  const make = writing.random.weighted([
    [4, insert],
    [4, update],
    [2, remove],
    [2, merge],
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

function insert(writing: Writing, target: Relation, depth: number): Write {
  const { random } = writing
  const columns = written(writing, target)
  const names = columns.map(({ name }) => name).join(', ')
  const fresh = String(random.between(200, 900))
  const roll = random.next()
  const tables = random.chance(0.1) ? commonTables(writing, 1, []) : { sql: '', tables: [] }
  let source: string
  if (roll < 0.05 && target.name === 'sink') source = ' DEFAULT VALUES'
  else if (roll < 0.45) {
    const rows = Array.from({ length: random.between(1, 2) }, (_, row) => {
      const cells = columns.map((column) =>
        column.name === 'id'
          ? String(random.chance(0.1) ? 1 : Number(fresh) + row)
          : random.chance(0.05)
            ? 'DEFAULT'
            : column.name === 'day'
              ? dayOf(target)
              : valueFor(writing, column, { ...EMPTY, tables: tables.tables }, 1),
      )
      return `(${cells.join(', ')})`
    })
    source = ` (${names}) VALUES ${rows.join(', ')}`
  } else {
    const inner = query(
      writing,
      { ...EMPTY, tables: tables.tables },
      depth - 1,
      columns.map(({ type }) => type),
    )
    const days = columns.findIndex(({ name }) => name === 'day')
    if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
    const [first] = inner.columns
    const moved =
      first === undefined || columns[0]?.name !== 'id'
        ? inner.sql
        : shifted(inner.sql, inner.columns, days < 0 ? null : { at: days, day: dayOf(target) })
    source = ` (${names}) ${moved}`
  }
  const conflict = random.chance(0.25) && KEYED.has(target.name) ? onConflict(writing, target) : ''
  const sql = `${tables.sql}INSERT INTO ${target.name} AS t${source}${conflict}${returning(writing, target, 'insert')}`
  return {
    sql: target.kind === 'view' ? sql.replace(' AS t', '').replaceAll(/\bt\./g, `${target.name}.`) : sql,
    class: 'insert',
    target,
  }
}

/** A day that the partition takes. */
function dayOf(target: Relation): string {
  return target.name === 'events_old' ? `'2022-06-01'` : `'2025-06-01'`
}

/** Keys are moved out of the way of those that are there. */
function shifted(
  sql: string,
  columns: readonly Column[],
  fixed: { readonly at: number; readonly day: string } | null,
): string {
  const rest = columns.slice(1).map(({ name }, index) => (index + 1 === fixed?.at ? `${fixed.day}::date` : `z.${name}`))
  return `SELECT ${['(row_number() OVER () + 300)::int4', ...rest].join(', ')} FROM (${sql}) z`
}

function onConflict(writing: Writing, target: Relation): string {
  const { random } = writing
  if (random.chance(0.4)) return ` ON CONFLICT ${random.chance(0.5) ? '(id) ' : ''}DO NOTHING`
  const column = random.pick(target.writable.filter(({ name }) => name !== 'id'))
  const items: Item[] = [
    { alias: 't', columns: target.columns, row: false },
    { alias: 'excluded', columns: target.columns, row: false },
  ]
  const scope: Scope = { items, outer: null, tables: [] }
  const value = random.chance(0.5) ? `excluded.${column.name}` : valueFor(writing, column, scope, 1)
  const where = random.chance(0.3) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
  return ` ON CONFLICT (id) DO UPDATE SET ${column.name} = ${value}${where}`
}

function scopeOf(target: Relation, alias: string): Scope {
  return { items: [{ alias, columns: target.columns, row: false }], outer: null, tables: [] }
}

function sourceItem(writing: Writing, alias: string): { readonly sql: string; readonly item: Item } {
  const { random } = writing
  if (random.chance(0.5)) {
    const relation = random.pick(RELATIONS)
    return { sql: `${relation.name} AS ${alias}`, item: { alias, columns: relation.columns, row: true } }
  }
  const inner = query(writing, null, 1, ['int4', 'text', ...random.some(['date', 'numeric', 'jsonb'] as const, 1)])
  return { sql: `(${inner.sql}) AS ${alias}`, item: { alias, columns: inner.columns, row: true } }
}

/** A WHERE over columns without a mask, most of the time. */
function condition(writing: Writing, scope: Scope): string {
  const { random } = writing
  const key = columnOf(writing, scope, 'int4', 'decide')
  if (key !== null && random.chance(0.6)) return ` WHERE ${key} < ${String(random.between(2, 9))}`
  return random.chance(0.85) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
}

function update(writing: Writing, target: Relation, depth: number): Write {
  const { random } = writing
  const scope = scopeOf(target, 't')
  let from = ''
  if (random.chance(0.35)) {
    const source = sourceItem(writing, 's')
    from = ` FROM ${source.sql}`
    scope.items.push(source.item)
  }
  const columns = random.some(
    target.writable.filter(({ name }) => name !== 'id' && name !== 'day'),
    random.between(1, 2),
  )
  const [one, two] = columns
  let set = columns
    .map((column) => `${column.name} = ${random.chance(0.05) ? 'DEFAULT' : valueFor(writing, column, scope, depth)}`)
    .join(', ')
  if (one !== undefined && two !== undefined && random.chance(0.3)) {
    if (random.chance(0.5))
      set = `(${one.name}, ${two.name}) = (${valueFor(writing, one, scope, 1)}, ${valueFor(writing, two, scope, 1)})`
    else {
      const inner = query(writing, scope, 1, [one.type, two.type])
      if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
      set = `(${one.name}, ${two.name}) = (SELECT * FROM (${inner.sql}) y LIMIT 1)`
    }
  }
  const list = returning(writing, target, 'update')
  return {
    sql: `UPDATE ${target.name} AS t SET ${set}${from}${condition(writing, scope)}${list}`,
    class: 'update',
    target,
  }
}

function remove(writing: Writing, target: Relation): Write {
  const scope = scopeOf(target, 't')
  let using = ''
  if (writing.random.chance(0.3)) {
    const source = sourceItem(writing, 's')
    using = ` USING ${source.sql}`
    scope.items.push(source.item)
  }
  return {
    sql: `DELETE FROM ${target.name} AS t${using}${condition(writing, scope)}${returning(writing, target, 'delete')}`,
    class: 'delete',
    target,
  }
}

function merge(writing: Writing, target: Relation): Write {
  const { random, language } = writing
  const source = sourceItem(writing, 's')
  const mine = scopeOf(target, 't')
  const theirs: Scope = { items: [source.item], outer: null, tables: [] }
  const both: Scope = { items: [...mine.items, source.item], outer: null, tables: [] }
  const [left, right] = [columnOf(writing, mine, 'int4', 'decide'), columnOf(writing, theirs, 'int4', 'decide')]
  const on =
    left !== null && right !== null
      ? `t.${left.split('.').at(-1) ?? 'id'} = s.${right.split('.').at(-1) ?? 'id'}`
      : expression(writing, 'bool', both, 1, 'decide')
  const column = random.pick(target.writable.filter(({ name }) => name !== 'id' && name !== 'day'))
  const test = (scope: Scope): string =>
    random.chance(0.3) ? ` AND ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
  const arms = [
    `WHEN MATCHED${test(both)} THEN ${random.pick([() => 'DELETE', () => 'DO NOTHING', () => `UPDATE SET ${column.name} = ${valueFor(writing, column, both, 1)}`])()}`,
    `WHEN NOT MATCHED${test(theirs)} THEN ${random.chance(0.3) ? 'DO NOTHING' : mergeInsert(target, column.name, valueFor(writing, column, theirs, 1))}`,
  ]
  if (language.has('17') && random.chance(0.2)) arms.push(`WHEN NOT MATCHED BY SOURCE${test(mine)} THEN DO NOTHING`)
  const list = language.has('17') && random.chance(0.4) ? returning(writing, target, 'merge') : ''
  return {
    sql: `MERGE INTO ${target.name} AS t USING ${source.sql} ON ${on} ${random.some(arms, random.between(1, arms.length)).join(' ')}${list}`,
    class: 'merge',
    target,
  }
}

function mergeInsert(target: Relation, column: string, value: string): string {
  const day = target.columns.some(({ name }) => name === 'day')
  return `INSERT (id, ${day ? 'day, ' : ''}${column}) VALUES (700, ${day ? `${dayOf(target)}, ` : ''}${value})`
}

function returning(writing: Writing, target: Relation, verb: string): string {
  const { random, language } = writing
  if (!random.chance(0.45)) return ''
  const free = target.columns.every(({ taint }) => writing.permits(taint, 'project'))
  if (free && random.chance(0.3)) {
    for (const { taint } of target.columns) writing.note(taint, 'project')
    return ` RETURNING ${verb === 'merge' ? 'merge_action(), t.*' : random.pick(['*', 't.*'])}`
  }
  const scope = scopeOf(target, 't')
  const [item] = scope.items
  const own = target.columns.filter(({ taint }) => writing.permits(taint, 'project'))
  const outputs = random.some(own, 2).map((column, index) => {
    const alias = language.has('18') && random.chance(0.4) ? random.pick(['old', 'new']) : null
    writing.note(column.taint, 'project')
    if (alias !== null) return `${alias}.${column.name} AS o${String(index)}`
    return item === undefined ? column.name : spelled(writing, scope, { ...item, row: false }, column)
  })
  if (random.chance(0.4))
    outputs.push(expression(writing, random.pick(['text', 'jsonb', 'int4'] as const), scope, 1, 'project'))
  return ` RETURNING ${[...outputs, '1'].join(', ')}`
}

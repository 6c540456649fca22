import { aggregate, columnOf, columnsIn, expression, failing, spelled, windowCall } from '../expressions.ts'
import { type Taint, worse } from '../writing.ts'
import { fromClause } from './from-clause.ts'
import {
  type Column,
  type Query,
  type Relation,
  RELATIONS,
  type Scope,
  type Type,
  TYPES,
  type Writing,
} from './schema.ts'

/** Types that can be compared, and so grouped, ordered and made distinct. */
const COMPARABLE: readonly Type[] = [
  'int',
  'text',
  'date',
  'bool',
  'decimal',
  'level',
  'bigint',
  'datetime',
  'time',
  'year',
]
const COMMON: readonly Type[] = ['int', 'text', 'text', 'date', 'decimal', 'json', 'bool', 'datetime', 'bigint']

const anyType = (writing: Writing): Type => writing.random.pick(writing.random.chance(0.6) ? COMMON : TYPES)

/** A query of any kind. Its columns have names of their own, so that it can stand in FROM. With `want` it has no LIMIT. */
export function query(writing: Writing, outer: Scope | null, depth: number, want: readonly Type[] | null): Query {
  const { random } = writing
  const tables = outer?.tables ?? []
  const common = depth > 1 && random.chance(0.3) ? commonTables(writing, depth, tables) : { sql: '', tables }
  const scope: Scope = { items: [], outer, tables: common.tables }
  const roll = random.next()
  const body =
    depth > 0 && roll < 0.12
      ? setOperation(writing, scope, depth, want)
      : roll < 0.16
        ? values(writing, scope, want)
        : roll < 0.28
          ? grouped(writing, scope, depth, want)
          : select(writing, scope, depth, want)
  return { sql: common.sql + body.sql, columns: body.columns }
}

/** WITH, and the tables that can be named behind it. A name may be that of a table: then it hides the table. */
export function commonTables(
  writing: Writing,
  depth: number,
  tables: readonly Relation[],
): { readonly sql: string; readonly tables: readonly Relation[] } {
  const { random } = writing
  const parts: string[] = []
  let known = tables
  const recursive = random.chance(0.25)
  for (let left = random.between(1, 2); left > 0; left--) {
    const name = random.chance(0.1) && !recursive ? random.pick(['people', 'vault', 'orders']) : writing.fresh('w')
    if (known.some((each) => each.name === name)) continue
    const around: Scope = { items: [], outer: null, tables: known }
    const repeats = recursive && random.chance(0.5)
    const one = repeats ? recursiveTable(writing, name) : query(writing, around, depth - 1, null)
    const renames = repeats || random.chance(0.3)
    const columns = one.columns.map((column, index) => (renames ? { ...column, name: `x${String(index)}` } : column))
    const cycle = repeats && writing.language.has('mariadb') && random.chance(0.3) ? ' CYCLE x0 RESTRICT' : ''
    parts.push(
      `${name}${renames ? ` (${columns.map((column) => column.name).join(', ')})` : ''} AS (${one.sql})${cycle}`,
    )
    known = [...known, { name, kind: 'view', columns, writable: [] }]
  }
  if (parts.length === 0) return { sql: '', tables }
  return { sql: `WITH ${recursive ? 'RECURSIVE ' : ''}${parts.join(', ')} `, tables: known }
}

function recursiveTable(writing: Writing, name: string): Query {
  const first = select(writing, { items: [], outer: null, tables: [] }, 0, ['int', 'text'])
  const all = writing.random.chance(0.7) ? ' ALL' : ''
  const [number, text] = first.columns
  if (number === undefined || text === undefined) throw new Error('a recursive table has two columns')
  const taint = worse(number.taint, text.taint)
  // The second arm counts on: its condition looks at the first column.
  if (all === '') writing.note(taint, 'decide')
  writing.note(number.taint, 'decide')
  const suffix = writing.random.chance(0.3) ? `LEFT(CONCAT(x1, 'x'), 1)` : 'x1'
  const sql = `(${first.sql}) UNION${all} SELECT x0 + 1, ${suffix} FROM ${name} WHERE x0 BETWEEN 0 AND 3`
  return {
    sql,
    columns: first.columns.map((column) => ({ ...column, taint: column.taint === 'none' ? 'none' : 'derived' })),
  }
}

function setOperation(writing: Writing, scope: Scope, depth: number, want: readonly Type[] | null): Query {
  const { random } = writing
  const types = want ?? Array.from({ length: random.between(1, 3) }, () => random.pick(COMPARABLE))
  const arm = (): Query => select(writing, { ...scope, items: [] }, depth - 1, types)
  const [left, right] = [arm(), arm()]
  const columns = left.columns.map((column, index) => ({
    ...column,
    taint: worse(column.taint, right.columns[index]?.taint ?? 'none'),
  }))
  const tainted = columns.some(({ taint }) => taint !== 'none')
  const operator =
    tainted && writing.mode !== 'wild'
      ? 'UNION ALL'
      : random.pick(['UNION', 'UNION DISTINCT', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL'])
  if (operator !== 'UNION ALL') for (const { taint } of columns) writing.note(taint, 'decide')
  return { sql: `(${left.sql}) ${operator} (${right.sql})`, columns }
}

/** VALUES, or what says the same where it would have no names. */
function values(writing: Writing, scope: Scope, want: readonly Type[] | null): Query {
  const { random } = writing
  const types = want ?? Array.from({ length: random.between(1, 3) }, () => anyType(writing))
  const taints: Taint[] = types.map(() => 'none')
  const rows = Array.from({ length: random.between(1, 2) }, () =>
    types.map((type, index) => {
      const { sql, taint } = writing.watched(() => expression(writing, type, scope, 1, 'derive'))
      taints[index] = worse(taints[index] ?? 'none', taint)
      return sql
    }),
  )
  const named = !(writing.language.has('mysql') && random.chance(0.5))
  const columns = types.map((type, index) => ({
    name: named ? writing.fresh('v') : `column_${String(index)}`,
    type,
    taint: taints[index] ?? 'none',
  }))
  if (!named) return { sql: `VALUES ${rows.map((cells) => `ROW(${cells.join(', ')})`).join(', ')}`, columns }
  const selects = rows.map((cells, row) =>
    cells.map((cell, index) => (row === 0 ? `${cell} AS ${columns[index]?.name ?? ''}` : cell)).join(', '),
  )
  return { sql: selects.map((cells) => `SELECT ${cells}`).join(' UNION ALL '), columns }
}

interface Output {
  readonly sql: string
  readonly column: Column
}

/** SELECT without grouping. */
export function select(writing: Writing, scope: Scope, depth: number, want: readonly Type[] | null): Query {
  const { random } = writing
  const from = random.chance(0.94) ? fromClause(writing, scope, depth) : ''
  const where =
    random.chance(0.45) && from !== '' ? ` WHERE ${expression(writing, 'bool', scope, depth, 'decide')}` : ''
  const windows = want === null && depth > 0 && from !== '' && random.chance(0.12)
  const named = windows && random.chance(0.4) ? writing.fresh('win') : null
  const types = want ?? Array.from({ length: random.between(1, 4) }, () => anyType(writing))
  const outputs = types.map((type): Output => {
    const name = writing.fresh('c')
    const { sql, taint } = writing.watched(() => {
      const window = windows ? windowCall(writing, type, scope, named ?? windowOf(writing, scope)) : null
      if (window !== null) return window
      if (want === null && random.chance(writing.mode === 'wild' ? 0.08 : 0.01)) return failing(writing, scope, 0)
      return projected(writing, type, scope, depth)
    })
    return { sql: `${sql} AS ${name}`, column: { name, type, taint } }
  })
  const distinct = random.chance(0.06) && outputs.every(({ column }) => mayCompare(writing, column))
  if (distinct) for (const { column } of outputs) writing.note(column.taint, 'decide')
  const list = outputs.map(({ sql }) => sql).join(', ')
  const columns = outputs.map(({ column }) => column)
  const window = named === null ? '' : ` WINDOW ${named} AS ${windowOf(writing, scope)}`
  const head = distinct
    ? random.pick(['DISTINCT ', 'DISTINCTROW '])
    : random.pick(['', '', '', '', '', 'ALL ', 'STRAIGHT_JOIN ', 'SQL_BIG_RESULT '])
  const tail = ending(writing, distinct ? null : scope, columns, want !== null)
  return { sql: `SELECT ${head}${list}${from}${where}${window}${tail}`, columns }
}

function projected(writing: Writing, type: Type, scope: Scope, depth: number): string {
  const plain = writing.mode === 'plain' || writing.random.chance(0.4)
  const column = plain ? columnOf(writing, scope, type, 'project') : null
  return column ?? expression(writing, type, scope, Math.min(depth, 2) + 1, 'project')
}

function mayCompare(writing: Writing, column: Column): boolean {
  return COMPARABLE.includes(column.type) && writing.permits(column.taint, 'decide')
}

const FRAMES: readonly string[] = [
  '',
  ' ROWS BETWEEN 1 PRECEDING AND CURRENT ROW',
  ' ROWS UNBOUNDED PRECEDING',
  ' RANGE UNBOUNDED PRECEDING',
]

function windowOf(writing: Writing, scope: Scope): string {
  const { random } = writing
  const part = random.chance(0.5) ? columnOf(writing, scope, random.pick(COMPARABLE), 'decide') : null
  const order = columnOf(writing, scope, random.pick(COMPARABLE), 'decide')
  const frame = order === null ? '' : random.pick(FRAMES)
  return `(${part === null ? '' : `PARTITION BY ${part} `}${order === null ? '' : `ORDER BY ${order}${frame}`})`
}

/** SELECT with GROUP BY, or aggregates over all rows. */
function grouped(writing: Writing, scope: Scope, depth: number, want: readonly Type[] | null): Query {
  const { random } = writing
  const from = fromClause(writing, scope, depth)
  const where = random.chance(0.3) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
  const keys = groupKeys(writing, scope)
  const types =
    want ??
    Array.from({ length: random.between(1, 3) }, () =>
      random.pick(['bigint', 'int', 'text', 'decimal', 'json', 'bool', 'date', 'double', 'datetime'] as const),
    )
  const rollup = keys.length > 0 && random.chance(0.15)
  const outputs = types.map((type): Output => {
    const name = writing.fresh('g')
    const key = keys.find((each) => each.type === type)
    const { sql, taint } = writing.watched(() => {
      if (key !== undefined && random.chance(0.7)) {
        writing.note(key.taint, 'project')
        return key.sql
      }
      if (rollup && type === 'int' && writing.language.has('mysql') && keys[0] !== undefined && random.chance(0.3))
        return `GROUPING(${keys[0].sql})`
      return aggregate(writing, type, scope, 1) ?? 'NULL'
    })
    return { sql: `${sql} AS ${name}`, column: { name, type, taint } }
  })
  const having = random.chance(0.15) ? ` HAVING ${writing.watched(() => havingOf(writing, scope)).sql}` : ''
  const columns = outputs.map(({ column }) => column)
  const groupBy =
    keys.length === 0 ? '' : ` GROUP BY ${keys.map(({ sql }) => sql).join(', ')}${rollup ? ' WITH ROLLUP' : ''}`
  return {
    sql: `SELECT ${outputs.map(({ sql }) => sql).join(', ')}${from}${where}${groupBy}${having}${ending(writing, null, columns, want !== null)}`,
    columns,
  }
}

function havingOf(writing: Writing, scope: Scope): string {
  const before = new Set(writing.touches)
  const sql = aggregate(writing, 'bool', scope, writing.mode === 'wild' ? 1 : 0) ?? 'TRUE'
  for (const touch of writing.touches) if (!before.has(touch)) writing.touches.add('decided')
  return sql
}

interface Key {
  readonly sql: string
  readonly type: Type
  readonly taint: Taint
}

function groupKeys(writing: Writing, scope: Scope): Key[] {
  const { random } = writing
  const found = columnsIn({ ...scope, outer: null }).filter(
    ({ column }) => COMPARABLE.includes(column.type) && writing.permits(column.taint, 'decide'),
  )
  if (found.length === 0) return []
  return random.some(found, random.below(3)).map(({ item, column }) => {
    writing.note(column.taint, 'decide')
    return { sql: spelled(writing, scope, item, column), type: column.type, taint: column.taint }
  })
}

/** ORDER BY and LIMIT; `scope` null: only output columns may be ordered by. `whole`: without LIMIT. */
function ending(writing: Writing, scope: Scope | null, columns: readonly Column[], whole: boolean): string {
  const { random } = writing
  const free = columns.filter((column) => mayCompare(writing, column))
  let order = ''
  if (random.chance(0.4)) {
    if (scope !== null && random.chance(0.5)) {
      // A bare constant there would be the number of a column.
      const by = expression(writing, random.pick(COMPARABLE), scope, 1, 'decide')
      order = /^['\d\u0001N-]/.test(by) ? '' : ` ORDER BY ${by}`
    } else if (free.length > 0) {
      const column = random.pick(free)
      writing.note(column.taint, 'decide')
      order = ` ORDER BY ${random.chance(0.5) ? column.name : String(columns.indexOf(column) + 1)}${random.pick(['', ' DESC', ' ASC'])}`
    }
  }
  if (whole || !random.chance(0.25)) return order
  const count = String(random.between(1, 9))
  return `${order}${random.pick([` LIMIT ${count}`, ` LIMIT ${count} OFFSET 1`, ` LIMIT 1, ${count}`])}`
}

/** A query as a client sends it: also stars, TABLE, locks and INTO, which have no column names of their own. */
export function topQuery(writing: Writing, depth: number): Query {
  const { random, language } = writing
  const roll = random.next()
  if (roll < 0.86) {
    const one = query(writing, null, depth, null)
    const modifier = random.chance(0.05)
      ? random.pick(['SQL_NO_CACHE', 'SQL_BUFFER_RESULT', 'SQL_CALC_FOUND_ROWS'])
      : null
    return modifier === null
      ? one
      : { ...one, sql: one.sql.replace(/^SELECT (?!ALL |DISTINCT|STRAIGHT|SQL_)/, `SELECT ${modifier} `) }
  }
  const relation = random.pick(
    RELATIONS.filter(({ columns }) => columns.every(({ taint }) => writing.permits(taint, 'project'))),
  )
  for (const { taint } of relation.columns) writing.note(taint, 'project')
  if (roll < 0.88 && language.has('mysql')) return { sql: `TABLE ${relation.name}`, columns: [] }
  const scope: Scope = { items: [{ alias: 'zz', columns: relation.columns, row: false }], outer: null, tables: [] }
  const where = random.chance(0.5) ? ` WHERE ${expression(writing, 'bool', scope, 1, 'decide')}` : ''
  const lock = random.chance(0.1) ? random.pick([' FOR UPDATE', ' LOCK IN SHARE MODE', ' FOR UPDATE SKIP LOCKED']) : ''
  return {
    sql: `SELECT ${random.pick(['*', 'zz.*', 'zz.*, 1', 'zz.*, zz.*'])} FROM ${relation.name} zz${where}${lock}`,
    columns: [],
  }
}

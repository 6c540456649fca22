import { aggregate, columnOf, columnsIn, expression, failing, setCall, spelled, windowCall } from '../expressions.ts'
import { fromClause } from './from-clause.ts'
import { type Column, TYPES, type Relation, type Type } from './schema.ts'
import { type Taint, worse } from '../writing.ts'
import type { Query, Scope, Writing } from './writing.ts'

/** Types that can be compared, and so grouped, ordered and made distinct. */
const COMPARABLE: readonly Type[] = [
  'int4',
  'text',
  'date',
  'bool',
  'numeric',
  'uuid',
  'level',
  'int8',
  'timestamptz',
  'inet',
  'jsonb',
]
const COMMON: readonly Type[] = ['int4', 'text', 'text', 'date', 'numeric', 'jsonb', 'bool', 'timestamptz', 'text[]']

const anyType = (writing: Writing): Type => writing.random.pick(writing.random.chance(0.6) ? COMMON : TYPES)

/** A query of any kind. Its columns have names of their own, so that it can stand in FROM. */
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
    const how = random.weighted([
      [6, ''],
      [1, 'MATERIALIZED '],
      [1, 'NOT MATERIALIZED '],
    ] as const)
    const search = repeats && random.chance(0.25) ? searchOf(writing, columns) : { sql: '', columns: [] }
    parts.push(
      `${name}${renames ? `(${columns.map((column) => column.name).join(', ')})` : ''} AS ${how}(${one.sql})${search.sql}`,
    )
    known = [...known, { name, kind: 'view', columns: [...columns, ...search.columns], writable: [] }]
  }
  if (parts.length === 0) return { sql: '', tables }
  return { sql: `WITH ${recursive ? 'RECURSIVE ' : ''}${parts.join(', ')} `, tables: known }
}

/** SEARCH and CYCLE: columns that tell of the order of values, and of equal ones. */
function searchOf(writing: Writing, columns: readonly Column[]): Query {
  const free = columns.filter(({ taint }) => writing.permits(taint, 'decide'))
  if (free.length === 0) return { sql: '', columns: [] }
  const { name, taint } = writing.random.pick(free)
  writing.note(taint, 'decide')
  if (writing.random.chance(0.5))
    return { sql: ` SEARCH ${writing.random.pick(['DEPTH', 'BREADTH'])} FIRST BY ${name} SET ord`, columns: [] }
  const looped: Column = { name: 'looped', type: 'bool', taint: taint === 'none' ? 'none' : 'derived' }
  return { sql: ` CYCLE ${name} SET looped USING path`, columns: [looped] }
}

function recursiveTable(writing: Writing, name: string): Query {
  const first = select(writing, { items: [], outer: null, tables: [] }, 0, ['int4', 'text'])
  const all = writing.random.chance(0.7) ? ' ALL' : ''
  const [number, text] = first.columns
  if (number === undefined || text === undefined) throw new Error('a recursive table has two columns')
  const taint = worse(number.taint, text.taint)
  // The second arm counts on: its condition looks at the first column.
  if (all === '') writing.note(taint, 'decide')
  writing.note(number.taint, 'decide')
  const suffix = writing.random.chance(0.5) ? `x1 || 'x'` : 'x1'
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
      : random.pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT', 'INTERSECT ALL', 'EXCEPT ALL'])
  if (operator !== 'UNION ALL') for (const { taint } of columns) writing.note(taint, 'decide')
  return { sql: `(${left.sql}) ${operator} (${right.sql})`, columns }
}

function values(writing: Writing, scope: Scope, want: readonly Type[] | null): Query {
  const { random } = writing
  const types = want ?? Array.from({ length: random.between(1, 3) }, () => anyType(writing))
  const taints: Taint[] = types.map(() => 'none')
  const rows = Array.from({ length: random.between(1, 2) }, () => {
    const cells = types.map((type, index) => {
      const { sql, taint } = writing.watched(() => expression(writing, type, scope, 1, 'derive'))
      taints[index] = worse(taints[index] ?? 'none', taint)
      return sql
    })
    return `(${cells.join(', ')})`
  })
  const columns = types.map((type, index) => ({
    name: `column${String(index + 1)}`,
    type,
    taint: taints[index] ?? 'none',
  }))
  return { sql: `VALUES ${rows.join(', ')}`, columns }
}

interface Output {
  readonly sql: string
  readonly column: Column
}

/** SELECT without grouping. */
export function select(writing: Writing, scope: Scope, depth: number, want: readonly Type[] | null): Query {
  const { random } = writing
  const from = random.chance(0.94) ? fromClause(writing, scope, depth) : ''
  const where = random.chance(0.45) ? ` WHERE ${expression(writing, 'bool', scope, depth, 'decide')}` : ''
  const windows = want === null && depth > 0 && random.chance(0.12)
  const named = windows && random.chance(0.4) ? writing.fresh('win') : null
  const types = want ?? Array.from({ length: random.between(1, 4) }, () => anyType(writing))
  const outputs = types.map((type): Output => {
    const name = writing.fresh('c')
    const { sql, taint } = writing.watched(() => {
      const window = windows ? windowCall(writing, type, scope, named ?? windowOf(writing, scope)) : null
      if (window !== null) return window
      if (want === null && random.chance(writing.mode === 'wild' ? 0.08 : 0.01)) return failing(writing, scope, 0)
      const set = want === null && random.chance(0.03) ? setCall(writing, type, scope) : null
      return set ?? projected(writing, type, scope, depth)
    })
    return { sql: `${sql} AS ${name}`, column: { name, type, taint } }
  })
  const distinct = random.chance(0.06) && outputs.every(({ column }) => mayCompare(writing, column))
  if (distinct) for (const { column } of outputs) writing.note(column.taint, 'decide')
  const on = !distinct && !windows && random.chance(0.04) ? columnOf(writing, scope, 'int4', 'decide') : null
  const list = outputs.map(({ sql }) => sql).join(', ')
  const columns = outputs.map(({ column }) => column)
  const window = named === null ? '' : ` WINDOW ${named} AS ${windowOf(writing, scope)}`
  const head = distinct ? 'DISTINCT ' : on === null ? '' : `DISTINCT ON (${on}) `
  const tail = on === null ? ending(writing, distinct ? null : scope, columns) : ` ORDER BY ${on}`
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
  ' GROUPS 1 PRECEDING',
  ' RANGE UNBOUNDED PRECEDING EXCLUDE TIES',
]

function windowOf(writing: Writing, scope: Scope): string {
  const { random } = writing
  const part = random.chance(0.5) ? columnOf(writing, scope, random.pick(COMPARABLE), 'decide') : null
  const order = columnOf(writing, scope, random.pick(COMPARABLE), 'decide')
  const offset = random.chance(0.1)
    ? ` ROWS ${expression(writing, 'int4', { ...scope, items: [] }, 1, 'decide')} PRECEDING`
    : null
  const frame = order === null ? '' : (offset ?? random.pick(FRAMES))
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
      random.pick(['int8', 'int4', 'text', 'numeric', 'jsonb', 'bool', 'text[]', 'date', 'interval'] as const),
    )
  const outputs = types.map((type): Output => {
    const name = writing.fresh('g')
    const key = keys.find((each) => each.type === type)
    const { sql, taint } = writing.watched(() => {
      if (key !== undefined && random.chance(0.7)) {
        writing.note(key.taint, 'project')
        return key.sql
      }
      if (type === 'int4' && keys[0] !== undefined && random.chance(0.15)) return `GROUPING(${keys[0].sql})`
      return aggregate(writing, type, scope, 1) ?? `NULL::${type}`
    })
    return { sql: `${sql} AS ${name}`, column: { name, type, taint } }
  })
  const having = random.chance(0.15) ? ` HAVING ${writing.watched(() => havingOf(writing, scope)).sql}` : ''
  const columns = outputs.map(({ column }) => column)
  return {
    sql: `SELECT ${outputs.map(({ sql }) => sql).join(', ')}${from}${where}${groupBy(writing, keys)}${having}${ending(writing, null, columns)}`,
    columns,
  }
}

function havingOf(writing: Writing, scope: Scope): string {
  const before = new Set(writing.touches)
  const sql = aggregate(writing, 'bool', scope, writing.mode === 'wild' ? 1 : 0) ?? 'true'
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
    return { sql: spelled(writing, scope, { ...item, row: false }, column), type: column.type, taint: column.taint }
  })
}

function groupBy(writing: Writing, keys: readonly Key[]): string {
  const names = keys.map(({ sql }) => sql)
  const [one, two] = names
  if (one === undefined) return ''
  const list = names.join(', ')
  const sets = [
    `ROLLUP (${list})`,
    `CUBE (${list})`,
    `GROUPING SETS ((${list}), ())`,
    `GROUPING SETS (${one}, (${two ?? one}))`,
    `DISTINCT ${list}`,
  ]
  return ` GROUP BY ${writing.random.chance(0.3) ? writing.random.pick(sets) : list}`
}

/** ORDER BY, LIMIT, OFFSET; `scope` null: only output columns may be ordered by. */
function ending(writing: Writing, scope: Scope | null, columns: readonly Column[]): string {
  const { random } = writing
  const free = columns.filter((column) => mayCompare(writing, column))
  let order = ''
  if (random.chance(0.4)) {
    if (scope !== null && random.chance(0.5)) {
      // A bare constant there would be the number of a column.
      const by = expression(writing, random.pick(COMPARABLE), scope, 1, 'decide')
      order = /^['\d$N-]/.test(by) ? '' : ` ORDER BY ${by}`
    } else if (free.length > 0) {
      const column = random.pick(free)
      writing.note(column.taint, 'decide')
      order = ` ORDER BY ${random.chance(0.5) ? column.name : String(columns.indexOf(column) + 1)}${random.pick(['', ' DESC', ' NULLS FIRST', ' DESC NULLS LAST'])}`
    }
  }
  if (!random.chance(0.25)) return order
  const inner = { items: [], outer: null, tables: [] }
  const count = random.chance(0.1) ? expression(writing, 'int4', inner, 1, 'decide') : String(random.between(1, 9))
  return `${order}${random.pick([` LIMIT ${count}`, ` LIMIT ${count} OFFSET 1`, ` OFFSET 1 ROWS FETCH FIRST ${count.startsWith('(') ? count : `(${count})`} ROWS ONLY`])}`
}

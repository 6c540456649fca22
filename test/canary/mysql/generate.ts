import { fill } from '../expressions.ts'
import { Random } from '../random.ts'
import { type Draft, modeOf, type Unit } from '../unit.ts'
import { Writing as AnyWriting } from '../writing.ts'
import { type Flavour, languageOf } from './language.ts'
import { withPlaceholders } from './literals.ts'
import { topQuery } from './queries.ts'
import { type Column, RELATIONS, type Scope, type Type, TYPES, type Writing } from './schema.ts'
import { SIDE_ROADS } from './side-roads.ts'
import { readBack, write } from './writes.ts'

/** By COM_QUERY, prepared (binary rows), prepared with a cursor (a few rows at a time). */
export const PROTOCOLS = ['text', 'prepared', 'cursor'] as const
export type Protocol = (typeof PROTOCOLS)[number]

type Maker = (writing: Writing) => Draft

const DEPTHS = [1, 2, 2, 3] as const

const MAKERS: readonly (readonly [number, Maker])[] = [
  [46, selected],
  [17, written],
  [4, warned],
  [5, kept],
  [4, prepared],
  [4, explained],
  [1, madeTable],
  [0.6, madeView],
  [2, handled],
  [13, sideRoad],
]

const EXECUTES = /\bEXECUTE\b/

/** The unit of a seed. `probes` are masked values that it may guess. */
export function unitOf(seed: number, flavour: Flavour, probes: readonly string[]): Unit {
  const random = new Random(seed)
  const mode = modeOf(random)
  const protocol = random.weighted([
    [55, 'text'],
    [32, 'prepared'],
    [13, 'cursor'],
  ] as const)
  const writing = new AnyWriting<Type>(random, languageOf(flavour), mode, probes)
  const make = random.weighted(MAKERS)
  if (protocol !== 'text' && (make === written || make === selected)) writing.parameters = []
  const made = make(writing)
  // Several statements in one text. Results behind EXECUTE are not told apart: such a text ends the session.
  const together =
    !EXECUTES.test(made.statements.join()) &&
    protocol === 'text' &&
    made.alone !== true &&
    made.statements.length > 1 &&
    random.chance(0.15)
  const draft = together ? { ...made, statements: [made.statements.join('; ')] } : made
  const [first = '', ...others] = draft.statements
  const { sql, values } = withPlaceholders(first, writing.parameters ?? [])
  return {
    seed,
    class: draft.class,
    statements: [sql, ...others],
    parameters: values,
    protocol: together ? 'text' : protocol,
    touches: writing.touches,
    // HANDLER is never followed.
    side: make === sideRoad || make === handled,
    varies: draft.varies ?? false,
    commit: draft.commit ?? false,
    alone: draft.alone ?? false,
  }
}

function selected(writing: Writing): Draft {
  return { class: 'select', statements: [topQuery(writing, writing.random.pick(DEPTHS)).sql] }
}

function written(writing: Writing): Draft {
  const { sql, class: name, target } = write(writing, 2)
  return { class: name, statements: [sql, readBack(target)] }
}

/** What the server says besides rows. */
function warned(writing: Writing): Draft {
  const { random } = writing
  const one = random.chance(0.7) ? topQuery(writing, 2).sql : write(writing, 1).sql
  const lax = random.chance(0.4) ? [`SET sql_mode = ''`] : []
  const after = random.some(
    [
      'SHOW WARNINGS',
      'SHOW ERRORS LIMIT 2',
      'SHOW COUNT(*) WARNINGS',
      'SELECT @@warning_count, @@error_count',
      'SELECT ROW_COUNT(), LAST_INSERT_ID()',
      'SELECT FOUND_ROWS()',
    ],
    2,
  )
  return { class: 'warnings', statements: [...lax, one, ...after] }
}

/** Values that stay in the session. */
function kept(writing: Writing): Draft {
  const { random } = writing
  const { sql, columns } = topQuery(writing, 1)
  if (columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  const name = random.pick(['@v', '@`odd name`', '@t'])
  const column = columns[0]?.name ?? 'id'
  const set = random.pick([
    `SET ${name} = (SELECT ${column} FROM (${sql}) z LIMIT 1)`,
    `SELECT ${column} INTO ${name} FROM (${sql}) z LIMIT 1`,
    `SELECT ${name} := ${column} FROM (${sql}) z`,
    `DO ${name} := (SELECT ${column} FROM (${sql}) z LIMIT 1)`,
    `SELECT ${column} FROM (${sql}) z LIMIT 1 INTO ${name}`,
    `SELECT COUNT(*) FROM (${sql}) z WHERE (${name} := ${column}) IS NULL`,
  ])
  const use = random.pick([
    `SELECT ${name}`,
    `SELECT ${name} IS NULL, LENGTH(${name})`,
    `SELECT id FROM orders WHERE note = ${name}`,
    `INSERT INTO sink (t) VALUES (${name})`,
    `SELECT CONCAT('x', ${name}) AS c FROM products LIMIT 1`,
  ])
  return { class: 'user variable', statements: [set, use, `SELECT ${name}`] }
}

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

function prepared(writing: Writing): Draft {
  const { random } = writing
  const name = writing.fresh('prep')
  const one = random.chance(0.8) ? topQuery(writing, 2).sql : write(writing, 1).sql
  const from = random.chance(0.3)
    ? [`SET @q = ${quoted(one)}`, `PREPARE ${name} FROM @q`]
    : [`PREPARE ${name} FROM ${quoted(one)}`]
  return { class: 'prepare', statements: [...from, `EXECUTE ${name}`, `EXECUTE ${name}`, `DEALLOCATE PREPARE ${name}`] }
}

function explained(writing: Writing): Draft {
  const { random, language } = writing
  const sql = random.chance(0.8) ? topQuery(writing, 2).sql : write(writing, 1).sql
  const head = random.pick(
    language.has('mysql')
      ? ['EXPLAIN', 'EXPLAIN FORMAT=JSON', 'EXPLAIN FORMAT=TREE', 'EXPLAIN ANALYZE', 'DESC']
      : ['EXPLAIN', 'EXPLAIN EXTENDED', 'EXPLAIN FORMAT=JSON', 'ANALYZE', 'ANALYZE FORMAT=JSON', 'EXPLAIN PARTITIONS'],
  )
  // Costs and times.
  return { class: 'explain', statements: [`${head} ${sql}`, 'SHOW WARNINGS'], varies: /ANALYZE|JSON|TREE/.test(head) }
}

function madeTable(writing: Writing): Draft {
  const { random } = writing
  const name = `made_${String(random.below(1e9))}`
  const inner = topQuery(writing, 2)
  if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  const place = random.pick(['TEMPORARY TABLE', 'TABLE', 'TABLE IF NOT EXISTS', 'OR REPLACE TABLE', 'TEMPORARY TABLE'])
  const kind = place.startsWith('OR') && writing.language.has('mysql') ? 'TABLE' : place
  const as = random.pick([' AS ', ' ', ' IGNORE ', ' (extra INT) '])
  return {
    class: 'make table',
    alone: true,
    statements: [`CREATE ${kind} ${name}${as}${inner.sql}`, `SELECT * FROM ${name}`, `SELECT COUNT(*) FROM ${name}`],
  }
}

function madeView(writing: Writing): Draft {
  const { random } = writing
  const name = `seen_${String(random.below(1e9))}`
  const inner = topQuery(writing, 2)
  if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  const how = random.pick(['', 'OR REPLACE ', 'ALGORITHM = TEMPTABLE ', 'SQL SECURITY INVOKER ', 'ALGORITHM = MERGE '])
  return {
    class: 'make view',
    alone: true,
    statements: [`CREATE ${how}VIEW ${name} AS ${inner.sql}`, `SELECT * FROM ${name}`, `SHOW COLUMNS FROM ${name}`],
  }
}

function handled(writing: Writing): Draft {
  const { random } = writing
  const relation = random.pick(RELATIONS.filter(({ kind }) => kind === 'table'))
  for (const { taint } of relation.columns) writing.note(taint, 'project')
  const scope: Scope = {
    items: [{ alias: relation.name, columns: relation.columns, row: false }],
    outer: null,
    tables: [],
  }
  const where = random.chance(0.4) ? ` WHERE ${fill(writing, '{bool}', 'int', scope, 1, 'decide')}` : ''
  return {
    class: 'handler',
    statements: [
      `HANDLER ${relation.name} OPEN AS hh`,
      `HANDLER hh READ FIRST${where} LIMIT 3`,
      `HANDLER hh READ \`PRIMARY\` ${random.pick(['LAST', '= (1)', '> (2)', 'PREV', 'NEXT'])}`,
      'HANDLER hh CLOSE',
    ],
  }
}

function sideRoad(writing: Writing): Draft {
  const { random } = writing
  const roads = SIDE_ROADS.filter(({ statements }) => writing.available(statements.slice(0, 1)).length > 0)
  const road = random.pick(roads)
  const columns = (name: string): readonly Column[] => RELATIONS.find((each) => each.name === name)?.columns ?? []
  const items = [
    { alias: 'a', columns: columns('people'), row: false },
    { alias: 'b', columns: columns('orders'), row: false },
  ]
  return {
    ...road,
    statements: writing.available(road.statements).map((text) => {
      const scope: Scope = { items: items.filter(({ alias }) => text.includes(` ${alias}`)), outer: null, tables: [] }
      return fill(writing, text, random.pick(TYPES), scope, 1, 'derive')
    }),
  }
}

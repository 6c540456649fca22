import { fill } from '../expressions.ts'
import { commonTables, query, select } from './queries.ts'
import { Random } from '../random.ts'
import { RELATIONS, TYPES, type Type } from './schema.ts'
import { SIDE_ROADS } from './side-roads.ts'
import { topQuery } from './top-queries.ts'
import { type Draft, modeOf, type Unit } from '../unit.ts'
import { Writing as AnyWriting } from '../writing.ts'
import { languageOf } from './language.ts'
import type { Scope, Writing } from './writing.ts'
import { readBack, write } from './writes.ts'

export const PROTOCOLS = ['simple', 'extended text', 'extended binary'] as const
export type Protocol = (typeof PROTOCOLS)[number]

type Maker = (writing: Writing) => Draft

const DEPTHS = [1, 2, 2, 3] as const

const MAKERS: readonly (readonly [number, Maker])[] = [
  [48, (writing) => ({ class: 'select', statements: [topQuery(writing, writing.random.pick(DEPTHS)).sql] })],
  [18, written],
  [4, modifyingTable],
  [3, cursor],
  [3, prepared],
  [3, copied],
  [5, explained],
  [2, madeTable],
  [2, madeView],
  [11, sideRoad],
]

/** The unit of a seed. `probes` are masked values that it may guess. */
export function unitOf(seed: number, version: number, probes: readonly string[]): Unit {
  const random = new Random(seed)
  const mode = modeOf(random)
  const protocol = random.weighted([
    [60, 'simple'],
    [15, 'extended text'],
    [25, 'extended binary'],
  ] as const)
  const writing = new AnyWriting<Type>(random, languageOf(version), mode, probes)
  const make = random.weighted(MAKERS)
  const binds = make === written || MAKERS[0]?.[1] === make
  if (protocol !== 'simple' && binds) writing.parameters = []
  const made = make(writing)
  // Several statements in one text.
  const together = protocol === 'simple' && made.alone !== true && made.statements.length > 1 && random.chance(0.15)
  const draft = together ? { ...made, statements: [made.statements.join('; ')] } : made
  return {
    seed,
    class: draft.class,
    statements: draft.statements,
    parameters: writing.parameters ?? [],
    protocol,
    touches: writing.touches,
    side: make === sideRoad,
    varies: draft.varies ?? false,
    commit: draft.commit ?? false,
    alone: draft.alone ?? false,
  }
}

function written(writing: Writing): Draft {
  const { sql, class: name, target } = write(writing, 2)
  return { class: name, statements: [sql, readBack(target)] }
}

function modifyingTable(writing: Writing): Draft {
  const { sql, target, class: name } = write(writing, 1)
  if (name === 'merge' && !writing.language.has('17')) return { class: name, statements: [sql, readBack(target)] }
  const head = commonTables(writing, 1, [])
  if (head.sql !== '' || sql.startsWith('WITH') || !sql.includes(' RETURNING ')) {
    const tail = select(writing, { items: [], outer: null, tables: [] }, 1, null)
    return {
      class: 'modifying CTE',
      statements: [sql.startsWith('WITH') ? sql : `WITH w AS (${sql}) ${tail.sql}`, readBack(target)],
    }
  }
  return { class: 'modifying CTE', statements: [`WITH w AS (${sql}) SELECT * FROM w`, readBack(target)] }
}

function cursor(writing: Writing): Draft {
  const { random } = writing
  const { sql } = topQuery(writing, 2)
  const name = writing.fresh('cur')
  const options = random.pick(['', ' SCROLL', ' NO SCROLL', ' BINARY', ' INSENSITIVE'])
  const fetches = random.some(
    ['FETCH NEXT FROM', 'FETCH 2 FROM', 'MOVE 1 IN', 'FETCH FORWARD ALL FROM', 'FETCH FORWARD 2'],
    2,
  )
  const hold = random.chance(0.1) ? ' WITH HOLD' : ''
  return {
    class: 'cursor',
    statements: [
      `DECLARE ${name}${options} CURSOR${hold} FOR ${sql}`,
      ...fetches.map((fetch) => (fetch.endsWith('2') ? `${fetch} FROM ${name}` : `${fetch} ${name}`)),
      `CLOSE ${name}`,
    ],
  }
}

function prepared(writing: Writing): Draft {
  const name = writing.fresh('prep')
  const one = writing.random.chance(0.8) ? topQuery(writing, 2).sql : write(writing, 1).sql
  return {
    class: 'prepare',
    statements: [`PREPARE ${name} AS ${one}`, `EXECUTE ${name}`, `EXECUTE ${name}`, `DEALLOCATE ${name}`],
  }
}

function copied(writing: Writing): Draft {
  const { sql } = topQuery(writing, 2)
  const options = writing.random.pick([
    '',
    ' (FORMAT csv)',
    ' (FORMAT binary)',
    ' WITH (FORMAT csv, FORCE_QUOTE *)',
    ' CSV HEADER',
  ])
  return { class: 'copy', statements: [`COPY (${sql}) TO STDOUT${options}`] }
}

function explained(writing: Writing): Draft {
  const { random } = writing
  const sql = random.chance(0.8) ? topQuery(writing, 2).sql : write(writing, 1).sql
  const options = random.some(
    [
      'ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS OFF',
      'VERBOSE',
      `FORMAT ${random.pick(['json', 'xml', 'yaml', 'text'])}`,
      'SETTINGS',
    ],
    2,
  )
  return { class: 'explain', statements: [`EXPLAIN (${['COSTS OFF', ...options].join(', ')}) ${sql}`] }
}

function madeTable(writing: Writing): Draft {
  const name = `made_${String(writing.random.below(1e9))}`
  const scope: Scope = { items: [], outer: null, tables: [] }
  if (writing.random.chance(0.2)) {
    const inner = select(writing, scope, 1, null)
    if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
    return {
      class: 'make table',
      alone: true,
      statements: [`SELECT * INTO TEMP ${name} FROM (${inner.sql}) z`, `SELECT * FROM ${name}`],
    }
  }
  const inner = query(writing, null, 2, null)
  if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  const place = writing.random.pick([
    'TEMP TABLE ',
    'TABLE scratch.',
    'UNLOGGED TABLE scratch.',
    'TEMP TABLE IF NOT EXISTS ',
  ])
  const full = place.endsWith('.') ? `scratch.${name}` : name
  return {
    class: 'make table',
    alone: true,
    statements: [`CREATE ${place}${name} AS ${inner.sql}`, `SELECT * FROM ${full}`, `SELECT count(*) FROM ${full}`],
  }
}

function madeView(writing: Writing): Draft {
  const name = `seen_${String(writing.random.below(1e9))}`
  const inner = query(writing, null, 2, null)
  const place = writing.random.pick([
    'TEMP VIEW ',
    'VIEW scratch.',
    'MATERIALIZED VIEW scratch.',
    'OR REPLACE TEMP VIEW ',
  ])
  if (inner.columns.some(({ taint }) => taint !== 'none')) writing.touches.add('written')
  const full = place.endsWith('.') ? `scratch.${name}` : name
  return {
    class: 'make view',
    alone: true,
    statements: [`CREATE ${place}${name} AS ${inner.sql}`, `SELECT * FROM ${full}`],
  }
}

function sideRoad(writing: Writing): Draft {
  const road = writing.random.pick(SIDE_ROADS)
  const columns = (name: string): Scope['items'][number]['columns'] =>
    RELATIONS.find((each) => each.name === name)?.columns ?? []
  const items = [
    { alias: 'a', columns: columns('people'), row: false },
    { alias: 'b', columns: columns('orders'), row: false },
  ]
  return {
    ...road,
    statements: road.statements.map((text) => {
      const scope: Scope = { items: items.filter(({ alias }) => text.includes(` ${alias}`)), outer: null, tables: [] }
      return fill(writing, text, writing.random.pick(TYPES), scope, 1, 'derive')
    }),
  }
}

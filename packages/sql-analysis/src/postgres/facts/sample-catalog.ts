/** For tests: a small catalog made by hand, and texts read against it. */
import type { StatementFacts } from '@gatehouse/core'
import { loadModule, parseSync } from 'libpg-query'
import {
  Catalog,
  type CatalogFunction,
  type CatalogParts,
  type CatalogType,
  type RelationDescription,
  type Volatility,
} from '../catalog.ts'
import { readFacts } from '../read-facts.ts'
import type { NameEnvironment } from './reading.ts'

await loadModule()

const TEXT = 25
const INTEGER = 23
const ANYARRAY = 2277
const ANYELEMENT = 2283
const RECORD = 2249

let nextOid = 20_000

/** A table, or what `more` says; its columns are text but for `id`. */
export function relation(
  schema: string,
  name: string,
  columns: string,
  more: Partial<RelationDescription> = {},
): RelationDescription {
  return {
    oid: nextOid++,
    schema,
    name,
    kind: 'table',
    columns: columns.split(' ').map((column, index) => ({
      name: column,
      number: index + 1,
      typeOid: column === 'id' ? INTEGER : TEXT,
      notNull: column === 'id',
      generated: false,
    })),
    parents: [],
    viewDefinition: null,
    ...more,
  }
}

/** An overload of a function. */
export function fn(
  schema: string,
  name: string,
  argumentTypes: readonly number[],
  volatility: Volatility,
  more: Partial<CatalogFunction> = {},
): CatalogFunction {
  return {
    oid: schema === 'pg_catalog' ? 1000 + nextOid++ - 20_000 : nextOid++,
    schema,
    name,
    kind: 'function',
    volatility,
    language: schema === 'pg_catalog' ? 'internal' : 'sql',
    returnsSet: false,
    returnTypeOid: TEXT,
    argumentTypes,
    defaultedArguments: 0,
    variadic: false,
    outputNames: [],
    builtin: schema === 'pg_catalog',
    ...more,
  }
}

function type(oid: number, name: string, more: Partial<CatalogType> = {}): CatalogType {
  return {
    oid,
    schema: 'pg_catalog',
    name,
    kind: 'base',
    elementOid: 0,
    baseOid: 0,
    relationOid: 0,
    enumLabels: [],
    category: 'S',
    ...more,
  }
}

const people = relation('public', 'people', 'id name ssn email')

/** What the sample is made from. */
export const SAMPLE_PARTS: CatalogParts = {
  version: 'sample',
  relations: [
    people,
    relation('public', 'people_old', 'id name ssn email', { parents: [people.oid] }),
    relation('public', 'notes', 'id person_id body'),
    relation('other', 'people', 'id ssn'),
    relation('public', 'tagged', 'id tag', {
      kind: 'view',
      viewDefinition: 'SELECT people.id, people.ssn AS tag FROM public.people',
    }),
    relation('public', 'tagged_again', 'again', {
      kind: 'view',
      viewDefinition: 'SELECT tagged.tag AS again FROM public.tagged',
    }),
    relation('public', 'broken', 'x', { kind: 'view', viewDefinition: 'SELECT FROM WHERE' }),
    relation('pg_catalog', 'pg_statistic', 'starelid stavalues1'),
    relation('pg_catalog', 'pg_settings', 'name setting'),
  ],
  functions: [
    fn('pg_catalog', 'upper', [TEXT], 'immutable'),
    fn('pg_catalog', 'lower', [TEXT], 'immutable'),
    fn('pg_catalog', 'max', [TEXT], 'immutable', { kind: 'aggregate' }),
    fn('pg_catalog', 'count', [], 'immutable', { kind: 'aggregate' }),
    fn('pg_catalog', 'count', [TEXT], 'immutable', { kind: 'aggregate' }),
    fn('pg_catalog', 'row_to_json', [TEXT], 'stable'),
    fn('pg_catalog', 'random', [], 'volatile'),
    fn('pg_catalog', 'nextval', [TEXT], 'volatile'),
    fn('pg_catalog', 'set_config', [TEXT, TEXT, TEXT], 'volatile'),
    fn('pg_catalog', 'query_to_xml', [TEXT], 'stable'),
    fn('pg_catalog', 'pg_read_file', [TEXT], 'volatile'),
    fn('pg_catalog', 'jsonb_path_query', [TEXT, TEXT], 'immutable', { returnsSet: true }),
    fn('pg_catalog', 'generate_series', [INTEGER, INTEGER], 'immutable', { returnsSet: true, returnTypeOid: INTEGER }),
    fn('pg_catalog', 'unnest', [ANYARRAY], 'immutable', { returnsSet: true, returnTypeOid: ANYELEMENT }),
    fn('pg_catalog', 'pg_stat_get_activity', [INTEGER], 'stable', {
      returnsSet: true,
      returnTypeOid: RECORD,
      outputNames: ['pid', 'state', 'query'],
    }),
    fn('public', 'secret_of', [INTEGER], 'stable'),
    fn('trap', 'unnest', [ANYARRAY], 'volatile', { returnsSet: true, returnTypeOid: ANYELEMENT }),
    fn('trap', 'unnest', [ANYARRAY, ANYARRAY], 'volatile', { returnsSet: true, returnTypeOid: ANYELEMENT }),
    fn('trap', 'upper', [TEXT], 'immutable'),
  ],
  types: [
    type(TEXT, 'text'),
    type(INTEGER, 'int4', { category: 'N' }),
    type(20, 'int8', { category: 'N' }),
    type(ANYARRAY, 'anyarray', { kind: 'pseudo', category: 'P' }),
    type(ANYELEMENT, 'anyelement', { kind: 'pseudo', category: 'P' }),
    type(RECORD, 'record', { kind: 'pseudo', category: 'P' }),
  ],
  operators: [{ schema: 'public', name: '@+@', left: TEXT, right: TEXT }],
  builtinOperators: ['=', '<>', '<', '>', '<=', '>=', '||', '+', '-', '/', '~~', '~', '->>', '->'],
}

/** Tables `people` (with child `people_old`), `notes`; views over people; functions of every trust. */
export const SAMPLE: Catalog = new Catalog(SAMPLE_PARTS)

/** The environment of `SAMPLE` with the path given. */
export function sampleEnvironment(searchPath: readonly string[] = ['pg_catalog', 'public']): NameEnvironment {
  return { catalog: SAMPLE, searchPath, parse: parseSync }
}

/** Facts of every statement of a text. */
export function readText(sql: string, searchPath?: readonly string[]): readonly StatementFacts[] {
  return readFacts(parseSync(sql), sampleEnvironment(searchPath))
}

/** Facts of a text of one statement. */
export function readStatement(sql: string, searchPath?: readonly string[]): StatementFacts {
  const [facts] = readText(sql, searchPath)
  if (facts === undefined) throw new Error('no statement')
  return facts
}

/** Sources of each output column, as `copied relation.column`; a `?` in front of those of an incomplete column, `!f` for what comes through a function f. */
export function outputs(sql: string): string[] {
  return (readStatement(sql).output ?? []).map((column) => {
    const sources = column.sources.map((s) => `${s.how} ${s.column.relation}.${s.column.column}`).toSorted()
    const through = column.through.map(({ name }) => `!${name}`)
    return `${column.complete ? '' : '?'}${[...sources, ...through].join(', ')}`
  })
}

/** Base columns that conditions look at, as `relation.column`. */
export function decided(sql: string): string[] {
  return readStatement(sql)
    .decides.map(({ column }) => `${column.relation}.${column.column}`)
    .toSorted()
}

/** Actions on relations, as `action schema.relation`. */
export function accessed(sql: string): string[] {
  return readStatement(sql)
    .accesses.map(({ action, relation }) =>
      relation === null ? action : `${action} ${relation.schema ?? '?'}.${relation.name}`,
    )
    .toSorted()
}

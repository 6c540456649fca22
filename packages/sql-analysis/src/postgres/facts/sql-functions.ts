import type { CatalogFunction, SqlBody } from '../catalog.ts'
import { useUserFunction } from './functions.ts'
import { itemOf } from './item.ts'
import { type Column, type Lineage, NOTHING, anyOf, derivedFrom, doubted, rowOf } from './lineage.ts'
import { type FunctionMeaning, Reading } from './reading.ts'
import { storedColumns } from './relations.ts'
import { type Scope, TOP } from './scope.ts'
import { type Tree, intoClauseOf, listOf } from './tree.ts'
import { OverBudget, PARSED_CHARACTER_UNITS, ViewWork } from './work.ts'

/** Names in texts that the server stores parsed are qualified, but for built-in ones. */
export const STORED_TEXT_PATH: readonly string[] = ['pg_catalog']

/** Bodies being read, innermost last: one that calls itself is not followed. */
const active = new Set<CatalogFunction>()
const MAX_BODIES = 16

/** Parsed bodies; null: the text is not SQL. Function objects belong to one snapshot: what is stored here dies with it. */
const bodies = new WeakMap<SqlBody, readonly Tree[] | null>()

/**
 * What a call returns through those of its meanings that are written in SQL: their bodies are read as if they stood in the call's
 * place. Everything a body does is added to the reading; a body that cannot be read in full leaves a function like any other.
 * `parts`: the arguments' values; `nodes`: the arguments. Null when none of the meanings is written in SQL.
 */
export function readBodies(
  reading: Reading,
  meaning: FunctionMeaning,
  parts: readonly Lineage[],
  nodes: readonly Tree[],
): Lineage | null {
  if (meaning.bodies.length === 0) return null
  const named = nodes.some((node) => node.NamedArgExpr !== undefined)
  const values = meaning.bodies.map((fn) => {
    const value = readBody(reading, fn, parts, named)
    if (value !== null) {
      reading.useFunction(fn.schema, fn.name, 'expanded')
      return value
    }
    for (const part of parts) reading.tell(part)
    return doubted(derivedFrom(reading, parts), useUserFunction(reading, fn))
  })
  return values.length === 1 ? (values[0] ?? null) : anyOf(reading, values)
}

function readBody(reading: Reading, fn: CatalogFunction, parts: readonly Lineage[], named: boolean): Lineage | null {
  const { body } = fn
  const { catalog, parse } = reading.environment
  const searchPath = body === undefined ? null : pathOf(reading, body)
  if (body === undefined || searchPath === null || active.has(fn) || active.size >= MAX_BODIES) return null
  const { text } = reading.work
  const inner = new Reading({ catalog, searchPath, parse }, reading.walk, new ViewWork(text))
  inner.defining = reading.defining
  inner.stored = body.stored
  active.add(fn)
  try {
    const statements = statementsOf(inner, body)
    const parameters = statements === null ? null : parametersOf(inner, fn, body, parts, named)
    if (statements === null || parameters === null) return null
    const columns = runBody(inner, fn, statements, parameters)
    if (columns === null || isUnclear(inner)) return null
    const value = returned(inner, fn, columns)
    if (value !== null) takeOver(reading, inner)
    return value
  } catch (error) {
    // The limits of the whole text count; a body beyond its own is not followed.
    if (error instanceof RangeError || text.exhausted) throw error
    return null
  } finally {
    active.delete(fn)
  }
}

/** What cannot be said of a body in its caller's facts. */
function isUnclear({ reason, dynamicSql, settings, files, programs }: Reading): boolean {
  return reason !== null || dynamicSql || settings.length + files.length + programs.length > 0
}

function takeOver(reading: Reading, inner: Reading): void {
  reading.beneath(inner.accesses(), inner.functions())
  const { accesses, functions } = inner.beneathFacts()
  reading.beneath(accesses, functions)
  for (const { column, by } of inner.decidingColumns()) reading.lookAt(column, by)
  reading.spend(inner.writes.length)
  for (const write of inner.writes) reading.writes.push(write)
  if (inner.unboundedWrite) reading.unboundedWrite = true
  if (inner.changesNames) reading.changesNames = true
  if (inner.movesNames) reading.movesNames = true
}

function statementsOf(reading: Reading, body: SqlBody): readonly Tree[] | null {
  const known = bodies.get(body)
  if (known !== undefined) return known
  reading.spend(PARSED_CHARACTER_UNITS * body.text.length)
  let statements: readonly Tree[] | null = null
  try {
    statements = listOf(
      reading.environment.parse(sqlOf(body)).stmts?.flatMap(({ stmt }): Tree[] => (stmt === undefined ? [] : [stmt])),
    )
  } catch (error) {
    if (error instanceof OverBudget || error instanceof RangeError) throw error
  }
  bodies.set(body, statements)
  return statements
}

/** As the server prints a stored body (`pg_get_function_sqlbody`): `RETURN expression`, or statements in `BEGIN ATOMIC … END`. */
function sqlOf({ text, stored }: SqlBody): string {
  if (!stored) return text
  const statements = /^\s*BEGIN ATOMIC\s([^]*)\sEND\s*$/.exec(text)?.[1]
  return statements ?? text.replace(/^\s*RETURN\s/, 'SELECT ')
}

/** The values of the parameters, as many as there are; null when they cannot be told. */
function parametersOf(
  reading: Reading,
  fn: CatalogFunction,
  body: SqlBody,
  parts: readonly Lineage[],
  named: boolean,
): readonly Lineage[] | null {
  const count = fn.argumentTypes.length
  const defaults = count > parts.length || named ? defaultsOf(reading, body) : []
  if (defaults === null) return null
  if (named) {
    const any = anyOf(reading, [...parts, ...defaults])
    return fn.argumentTypes.map(() => any)
  }
  const given = fn.variadic && parts.length >= count ? parts.slice(0, count - 1) : parts.slice(0, count)
  const rest = fn.variadic && parts.length >= count ? [derivedFrom(reading, parts.slice(count - 1))] : []
  const missing = count - given.length - rest.length
  return missing > defaults.length ? null : [...given, ...rest, ...defaults.slice(defaults.length - missing)]
}

function defaultsOf(reading: Reading, body: SqlBody): readonly Lineage[] | null {
  if (body.defaults === null) return []
  const { catalog, parse } = reading.environment
  const inner = new Reading({ catalog, searchPath: STORED_TEXT_PATH, parse }, reading.walk, reading.work)
  inner.stored = true
  inner.spend(PARSED_CHARACTER_UNITS * body.defaults.length)
  const select = parse(`SELECT ${body.defaults}`).stmts?.[0]?.stmt
  const targets = select !== undefined && 'SelectStmt' in select ? listOf(select.SelectStmt.targetList) : []
  const values = targets.map((node) => {
    const value = node.ResTarget?.val
    return value === undefined ? NOTHING : inner.walk.expression(inner, value, TOP)
  })
  if (isUnclear(inner)) return null
  takeOver(reading, inner)
  reading.beneath([], inner.functions())
  return values
}

/** The columns of the last statement, which are what the function returns; null when it returns none, or is not understood. */
function runBody(
  reading: Reading,
  fn: CatalogFunction,
  statements: readonly Tree[],
  parameters: readonly Lineage[],
): readonly Column[] | null {
  reading.parameters = parameters
  const named = parameters.flatMap((lineage, index): Column[] => {
    const name = fn.inputNames?.[index] ?? ''
    return name === '' ? [] : [{ name, lineage }]
  })
  // A column of the query hides a parameter of its name (PostgreSQL manual, "Arguments for SQL Functions").
  const scope: Scope = { outer: null, items: [itemOf(fn.name, named, null)], tables: null }
  const last = statements[statements.length - 1]
  for (const statement of statements.slice(0, -1)) reading.walk.statement(reading, statement, scope)
  if (last === undefined) return []
  if (last.SelectStmt !== undefined && intoClauseOf(last.SelectStmt) !== null) return null
  const isQuery = QUERIES.some((kind) => last[kind] !== undefined)
  if (isQuery) return reading.walk.query(reading, last, scope) ?? []
  reading.walk.statement(reading, last, scope)
  return []
}

const QUERIES = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'] as const

/** The last statement's columns as the function's result; null when they are not what it is declared to return. */
function returned(reading: Reading, fn: CatalogFunction, columns: readonly Column[]): Lineage | null {
  const { catalog } = reading.environment
  const type = catalog.typeByOid(fn.returnTypeOid)
  if (fn.kind === 'procedure' || type?.name === 'void') return NOTHING
  const names = fieldNames(reading, fn)
  const [first] = columns
  if (names === null) {
    if (columns.length > 1 && type?.kind === 'pseudo') return rowOf(reading, columns)
    if (first === undefined || columns.length !== 1) return null
    return { ...first.lineage, builtinType: catalog.isBuiltinType(fn.returnTypeOid) }
  }
  if (first === undefined) return null
  const fields = columns.length === names.length && names.length > 1 ? columns : first.lineage.fields
  if (fields?.length === names.length) {
    return rowOf(
      reading,
      fields.map(({ lineage }, index) => ({ name: names[index] ?? null, lineage })),
    )
  }
  if (columns.length !== 1) return null
  const whole = derivedFrom(reading, [first.lineage])
  return { ...whole, fields: names.map((name) => ({ name, lineage: whole })), builtinType: false }
}

/** Names of the fields of what it returns; null for one plain value, or a row whose fields only the call can tell. */
function fieldNames(reading: Reading, fn: CatalogFunction): readonly (string | null)[] | null {
  if (fn.outputNames.length > 1) return fn.outputNames
  const { catalog } = reading.environment
  const type = catalog.typeByOid(fn.returnTypeOid)
  const relation = type?.kind === 'composite' ? catalog.relationByOid(type.relationOid) : undefined
  if (relation === undefined) return null
  reading.spend(relation.columns.length)
  return storedColumns(catalog, relation).map((column) => column.name)
}

/** Settings under which a body is read otherwise, or by somebody else. */
const DECISIVE_SETTINGS: ReadonlySet<string> = new Set([
  'standard_conforming_strings',
  'backslash_quote',
  'client_encoding',
  'role',
  'session_authorization',
])

/** Where the names in a body are looked up; null when that cannot be told. */
function pathOf(reading: Reading, body: SqlBody): readonly string[] | null {
  const settings = body.settings.map((setting) => setting.split('=', 1)[0] ?? '')
  if (settings.some((name) => DECISIVE_SETTINGS.has(name))) return null
  if (body.stored) return STORED_TEXT_PATH
  const own = body.settings.find((setting) => setting.startsWith('search_path='))
  if (own === undefined) return reading.stored ? null : reading.environment.searchPath
  const listed = listedSchemas(own.slice('search_path='.length))
  if (listed.includes('$user')) return null
  const temporary = reading.environment.searchPath.filter((schema) => schema.startsWith('pg_temp_'))
  // Which temporary objects the caller of a stored text has is not known: they must not come first.
  if (reading.stored && listed.indexOf('pg_temp') <= 0) return null
  const path = listed.flatMap((schema) => (schema === 'pg_temp' ? temporary : [schema]))
  const implied = listed.includes('pg_catalog') ? [] : ['pg_catalog']
  return listed.includes('pg_temp') ? [...implied, ...path] : [...temporary, ...implied, ...path]
}

/** A list of identifiers: `public, "My Schema"`. */
function listedSchemas(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)]
    .map(([whole, quoted]) => (quoted === undefined ? whole.toLowerCase() : quoted.replaceAll('""', '"')))
    .filter((name) => name !== '')
}

import type { CatalogFunction, SqlBody } from '../../catalog.ts'
import { useUserFunction } from '../expressions/functions.ts'
import { itemOf } from '../item.ts'
import { type Column, type Lineage, NOTHING, anyOf, derivedFrom, doubted, rowOf } from '../lineage.ts'
import { readPlpgsql } from './plpgsql.ts'
import { type FunctionMeaning, Reading } from '../reading.ts'
import { storedColumns } from '../relations.ts'
import { isUnclear, takeOver } from '../../../facts/bodies.ts'
import { pathOf, STORED_TEXT_PATH, whileReading } from './routines.ts'
import { type Scope, TOP } from '../scope.ts'
import { type Tree, intoClauseOf, listOf } from '../tree.ts'
import { OverBudget, PARSED_CHARACTER_UNITS, ViewWork } from '../../../facts/work.ts'

/** Parsed bodies; null: the text is not SQL. Function objects belong to one snapshot: what is stored here dies with it. */
const bodies = new WeakMap<SqlBody, readonly Tree[] | null>()

/**
 * What a call returns through those of its meanings that are written in SQL or PL/pgSQL: their bodies are read as if they stood in the
 * call's place. Everything a body does is added to the reading; a body that cannot be read in full leaves a function like any other.
 * `parts`: the arguments' values; `nodes`: the arguments. Null when none of the meanings has a body to read.
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
  if (body === undefined) return null
  const parameters = parametersOf(reading, fn, body, parts, named)
  if (parameters === null) return null
  const columns =
    fn.language === 'plpgsql'
      ? readPlpgsql(reading, fn, parameters, null)
      : whileReading(fn, () => runBody(reading, fn, body, parameters))
  return columns === null ? null : returned(reading, fn, columns)
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

/** The columns of the last statement, which are what a function in SQL returns; null when the body is not understood in full. */
function runBody(
  reading: Reading,
  fn: CatalogFunction,
  body: SqlBody,
  parameters: readonly Lineage[],
): readonly Column[] | null {
  const searchPath = pathOf(reading, body)
  if (searchPath === null) return null
  const { catalog, parse } = reading.environment
  const { text } = reading.work
  const inner = new Reading({ ...reading.environment, catalog, searchPath, parse }, reading.walk, new ViewWork(text))
  inner.defining = reading.defining
  inner.stored = body.stored
  inner.parameters = parameters
  try {
    const statements = statementsOf(inner, body)
    const columns = statements === null ? null : runStatements(inner, fn, statements, parameters)
    if (columns === null || isUnclear(inner)) return null
    takeOver(reading, inner)
    return columns
  } catch (error) {
    // The limits of the whole text count; a body beyond its own is not followed.
    if (error instanceof RangeError || text.exhausted) throw error
    return null
  }
}

function runStatements(
  reading: Reading,
  fn: CatalogFunction,
  statements: readonly Tree[],
  parameters: readonly Lineage[],
): readonly Column[] | null {
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
  if (QUERIES.some((kind) => last[kind] !== undefined)) return reading.walk.query(reading, last, scope) ?? []
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
    const declared = { oid: fn.returnTypeOid, modifier: -1 }
    return { ...first.lineage, builtinType: catalog.isBuiltinType(fn.returnTypeOid), type: declared }
  }
  if (first === undefined) return null
  const fields = columns.length === names.length && names.length > 1 ? columns : first.lineage.fields
  if (fields?.length === names.length) {
    return rowOf(
      reading,
      fields.map(({ lineage }, index) => ({ name: names[index] ?? null, lineage: { ...lineage, type: null } })),
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

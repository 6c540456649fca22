import type { ColumnType } from '@gatehouse/core'
import type { Alias, JsonTable, Node, RangeFunction, RangeTableFunc } from 'libpg-query'
import { readCall } from '../expressions/calls.ts'
import { readParts } from '../expressions/expressions.ts'
import { castTo } from '../expressions/row-values.ts'
import type { CatalogFunction } from '../../catalog.ts'
import {
  type Column,
  type Lineage,
  NOTHING,
  anyOf,
  clouded,
  copiedFrom,
  derivedFrom,
  lineagesOf,
  untraced,
} from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { storedColumns } from '../relations.ts'
import { type Item, itemOf } from '../item.ts'
import type { Scope } from '../scope.ts'
import { type Tree, lastName, listOf, stringsOf } from '../tree.ts'
import { findFunctions, splitName } from '../expressions/functions.ts'
import { fieldWithValues } from '../expressions/functions-trust.ts'
import { outputName } from './output-names.ts'
import { STEP_UNITS } from '../../../facts/work.ts'

interface Returned {
  readonly columns: readonly Column[]
  /** Not null when there may be more columns. */
  readonly open: Lineage | null
  /** Its one column takes the alias as its name. */
  readonly scalar: boolean
}

/** Functions in FROM: every column is derived from the arguments. They see the entries to their left. */
export function functionItem(reading: Reading, element: RangeFunction, scope: Scope): Item {
  const calls = listOf(element.functions).flatMap((node) => splitUnnest(element, node))
  const columns: Column[] = []
  let open: Lineage | null = null
  let scalar = calls.length === 1
  for (const node of calls) {
    const [call, definitions] = listOf(node.List?.items)
    if (call === undefined) throw new Error('a function in FROM is not understood')
    const own = listOf(definitions?.List?.items)
    const returned = readReturned(reading, call, own.length > 0 ? own : listOf(element.coldeflist), scope)
    reading.spend(STEP_UNITS + returned.columns.length)
    for (const column of returned.columns) columns.push(column)
    if (returned.open !== null) open = open === null ? returned.open : anyOf(reading, [open, returned.open])
    if (!returned.scalar) scalar = false
  }
  if (element.ordinality === true) columns.push({ name: 'ordinality', lineage: NOTHING })
  const [first] = listOf(calls[0]?.List?.items)
  return aliasedItem(reading, element.alias, outputName(reading, first), columns, open, scalar)
}

// unnest(a, b) in FROM is the server's own, whatever the search path, once for each argument (its transformRangeFunction).
function splitUnnest(element: RangeFunction, node: Tree): readonly Tree[] {
  const [first, definitions] = listOf(node.List?.items)
  const call = first?.FuncCall
  if (call === undefined || listOf(call.args).length < 2) return [node]
  const names = stringsOf(call.funcname)
  if (names.length !== 1 || names[0] !== 'unnest') return [node]
  const defined = listOf(definitions?.List?.items).length + listOf(element.coldeflist).length > 0
  const { agg_order, agg_filter, over, agg_star, agg_distinct, func_variadic } = call
  const bare = !agg_star && !agg_distinct && !func_variadic && agg_order === undefined
  if (defined || !bare || agg_filter !== undefined || over !== undefined) return [node]
  return (call.args ?? []).map((argument) => {
    const own: Node = { FuncCall: { funcname: UNNEST, args: [argument] } }
    return { List: { items: [own] } }
  })
}

const UNNEST: Node[] = [{ String: { sval: 'pg_catalog' } }, { String: { sval: 'unnest' } }]

// FROM f() AS g: the column of a function that returns one plain value is called g. Without an alias the entry answers to `own`.
function aliasedItem(
  reading: Reading,
  alias: Alias | undefined,
  own: string,
  columns: Column[],
  open: Lineage | null,
  scalar: boolean,
): Item {
  const names = stringsOf(alias?.colnames)
  const name = alias?.aliasname
  reading.spend(columns.length + names.length)
  if (open !== null) {
    // With columns of unknown number among them, a name of the list can be any of them.
    const any = anyOf(reading, [open, ...lineagesOf(reading, columns)])
    const named = names.length === 0 ? columns : names.map((given) => ({ name: given, lineage: any }))
    return itemOf(name ?? own, named, any)
  }
  const named = columns.map((column, index) => {
    const given = names[index] ?? (scalar && index === 0 && name !== undefined ? name : column.name)
    return { name: given, lineage: column.lineage }
  })
  return itemOf(name ?? own, named, null)
}

function readReturned(reading: Reading, node: Tree, definitions: readonly Tree[], scope: Scope): Returned {
  const parts: Lineage[] = []
  const value =
    node.FuncCall === undefined
      ? reading.walk.expression(reading, node, scope)
      : readCall(reading, node.FuncCall, scope, parts)
  if (definitions.length > 0) {
    const fields = value.fields?.length === definitions.length ? value.fields : null
    const columns = definitions.map((definition, index) => {
      const column = definition.ColumnDef
      const type = column?.typeName
      const lineage = fields?.[index]?.lineage ?? value
      return { name: column?.colname ?? null, lineage: type === undefined ? lineage : castTo(reading, lineage, type) }
    })
    return { columns, open: null, scalar: false }
  }
  if (node.FuncCall === undefined)
    return { columns: [{ name: outputName(reading, node), lineage: value }], open: null, scalar: true }
  const names = stringsOf(node.FuncCall.funcname)
  const { schema, name } = splitName(names)
  const [argument] = listOf(node.FuncCall.args)
  const array = argument !== undefined && isArray(reading, argument, parts[0] ?? NOTHING)
  const candidates = findFunctions(reading, schema, name, parts.length)
  reading.spend(2 * candidates.length)
  const shapes = candidates
    .filter((fn) => !array || name !== 'unnest' || !fn.builtin || fn.argumentTypes[0] === ANYARRAY)
    .map((fn) => shapeOf(reading, fn, value))
  const [shape] = shapes
  if (shape === undefined || shape === null || shapes.some((other) => !sameNames(other, shape)))
    return { columns: [], open: { ...value, fields: null, builtinType: false }, scalar: false }
  if (shape.length === 0) return { columns: [{ name, lineage: value }], open: null, scalar: true }
  // A function that returns a row of one field is known by the field's name, or by its alias.
  const held = candidates.every((fn) => fn.builtin) ? fieldWithValues(name) : null
  if (held === null) {
    const fields = value.fields?.length === shape.length ? value.fields : null
    return {
      columns: shape.map((field, index) => ({ name: field, lineage: fields?.[index]?.lineage ?? value })),
      open: null,
      scalar: false,
    }
  }
  const others = derivedFrom(reading, parts)
  const values = copiedFrom([{ column: held, how: 'copied' }], true, TEXT, false)
  const columns = shape.map((field) => ({ name: field, lineage: field === held.column ? values : others }))
  return { columns, open: null, scalar: false }
}

/** The type `text`, the same in every version. */
const TEXT: ColumnType = { oid: 25, modifier: -1 }

/** Oid of the pseudo-type `anyarray`, the same in every version. */
const ANYARRAY = 2277

// unnest also takes tsvector and multiranges, with other columns: an array must be seen to be one.
function isArray(reading: Reading, node: Tree, value: Lineage): boolean {
  if (node.A_ArrayExpr !== undefined || node.SubLink?.subLinkType === 'ARRAY_SUBLINK') return true
  if (node.TypeCast !== undefined) return node.TypeCast.typeName?.arrayBounds !== undefined
  const { catalog } = reading.environment
  if (node.FuncCall !== undefined) {
    const { schema, name } = splitName(stringsOf(node.FuncCall.funcname))
    const found = findFunctions(reading, schema, name, listOf(node.FuncCall.args).length)
    return found.length > 0 && found.every((fn) => catalog.typeByOid(fn.returnTypeOid)?.category === 'A')
  }
  const [source] = value.sources
  if (node.ColumnRef === undefined || value.sources.length !== 1 || source?.how !== 'copied') return false
  const { schema, relation, column } = source.column
  reading.spend(STEP_UNITS)
  const stored = catalog.relation(schema, relation)?.columns.find((candidate) => candidate.name === column)
  return stored !== undefined && catalog.typeByOid(stored.typeOid)?.category === 'A'
}

/** The columns a function returns; empty for one plain value; null when only the call can tell. */
function shapeOf(reading: Reading, fn: CatalogFunction, value: Lineage): readonly string[] | null {
  const { catalog } = reading.environment
  reading.spend(1 + fn.outputNames.length)
  // Without a name of its own a column gets the server's (its build_function_result_tupdesc_d).
  if (fn.outputNames.length > 1) return fn.outputNames.map((name, index) => (name === '' ? `column${index + 1}` : name))
  // One OUT column is a plain value under that column's name.
  if (fn.outputNames.length === 1) return fn.outputNames[0] === '' ? [] : fn.outputNames
  const type = catalog.typeByOid(fn.returnTypeOid)
  if (type === undefined) return null
  if (type.kind === 'composite') {
    const relation = catalog.relationByOid(type.relationOid)
    reading.spend(relation?.columns.length ?? 0)
    return relation === undefined ? null : storedColumns(catalog, relation).map((column) => column.name ?? '')
  }
  if (type.kind !== 'pseudo') return []
  if (type.name !== 'void' && !type.name.startsWith('any')) return null
  // An element type may be a row type, whose columns then come out one by one.
  return fn.builtin && ROW_MAKERS.has(fn.name) && !value.builtinType ? null : []
}

const ROW_MAKERS: ReadonlySet<string> = new Set([
  'unnest',
  'json_populate_record',
  'jsonb_populate_record',
  'json_populate_recordset',
  'jsonb_populate_recordset',
])

function sameNames(a: readonly string[] | null, b: readonly string[]): boolean {
  return a !== null && a.length === b.length && a.every((name, index) => name === b[index])
}

/** XMLTABLE: every column is computed from the document and the expressions. */
export function xmlTableItem(reading: Reading, table: RangeTableFunc, scope: Scope): Item {
  const row = derivedFrom(reading, [
    readParts(reading, table.docexpr, scope),
    readParts(reading, table.rowexpr, scope),
    readParts(reading, table.namespaces, scope),
  ])
  reading.tell(row)
  const columns = listOf(table.columns).map((node) => {
    const column = node.RangeTableFuncCol
    const own = derivedFrom(reading, [
      row,
      readParts(reading, column?.colexpr, scope),
      readParts(reading, column?.coldefexpr, scope),
    ])
    return { name: column?.colname ?? null, lineage: own }
  })
  return aliasedItem(reading, table.alias, 'xmltable', columns, null, false)
}

/** JSON_TABLE: the same; columns of NESTED PATH stand after those before it. */
export function jsonTableItem(reading: Reading, table: JsonTable, scope: Scope): Item {
  const row = derivedFrom(reading, [
    readParts(reading, table.context_item, scope),
    readParts(reading, table.passing, scope),
    readParts(reading, table.on_error, scope),
  ])
  reading.tell(row)
  const columns: Column[] = []
  collectJsonColumns(reading, listOf(table.columns), row, scope, columns)
  return aliasedItem(reading, table.alias, 'json_table', columns, null, false)
}

function collectJsonColumns(
  reading: Reading,
  nodes: readonly Tree[],
  row: Lineage,
  scope: Scope,
  into: Column[],
): void {
  reading.descend()
  for (const node of nodes) {
    const column = node.JsonTableColumn
    if (column === undefined) throw new Error('a column of JSON_TABLE is not understood')
    const own = derivedFrom(reading, [
      row,
      readParts(reading, column.on_empty, scope),
      readParts(reading, column.on_error, scope),
    ])
    if (column.coltype === 'JTC_NESTED') collectJsonColumns(reading, listOf(column.columns), own, scope, into)
    else into.push({ name: column.name ?? null, lineage: own })
  }
  reading.ascend()
}

/** The columns of a row-valued call spread by `(f(x)).*`; null when they are not known. */
export function spreadColumns(reading: Reading, node: Tree, value: Lineage): readonly Column[] | null {
  if (value.fields !== null) return value.fields
  if (node.FuncCall === undefined) return null
  const names = stringsOf(node.FuncCall.funcname)
  const { schema } = splitName(names)
  const found = findFunctions(reading, schema, lastName(node.FuncCall.funcname), listOf(node.FuncCall.args).length)
  const shapes = found.map((fn) => shapeOf(reading, fn, value))
  const [shape] = shapes
  if (shape === undefined || shape === null || shape.length === 0) return null
  if (shapes.some((other) => !sameNames(other, shape))) return null
  return shape.map((field) => ({ name: field, lineage: value }))
}

/** A star over a row whose columns are not known: one column, of any number, that cannot be traced. */
export function untracedStar(value: Lineage): Column {
  const lineage =
    value.opacity === 'none' ? clouded(value, 'name', 'how many columns a star gives is not known') : value
  return { name: null, lineage: lineage.reason === null ? untraced('name', 'a star is not known') : lineage }
}

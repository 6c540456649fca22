import { readConstraint } from './catalog-constraints.ts'
import {
  Catalog,
  type CatalogColumn,
  type CatalogFunction,
  type CatalogOperator,
  type CatalogParts,
  type CatalogTrigger,
  type CatalogType,
  type ChangeEvent,
  FIRST_NORMAL_OID,
  type FunctionKind,
  type RelationDescription,
  type RelationKind,
  type SqlBody,
  type TypeKind,
  type Volatility,
} from './catalog.ts'

/** The `row` texts of each query. */
export interface CatalogRows {
  readonly relations: readonly string[]
  readonly functions: readonly string[]
  readonly types: readonly string[]
  readonly operators: readonly string[]
  readonly builtinOperators: readonly string[]
  /** Absent: none is known. */
  readonly constraints?: readonly string[]
}

/**
 * A catalog from what the queries gave, in one part or several. `version` is the caller's name for this state. A part that was
 * read before, the same object, is not read again. Throws TypeError when a row has not the form that its query gives.
 */
export function buildCatalog(version: string, ...parts: readonly CatalogRows[]): Catalog {
  const read = parts.map(readPart)
  return new Catalog({
    version,
    relations: read.flatMap((part) => part.relations),
    functions: read.flatMap((part) => part.functions),
    types: read.flatMap((part) => part.types),
    operators: read.flatMap((part) => part.operators),
    builtinOperators: read.flatMap((part) => part.builtinOperators),
    constraints: read.flatMap((part) => part.constraints),
  })
}

type ReadPart = Required<Omit<CatalogParts, 'version'>>

const readParts = new WeakMap<CatalogRows, ReadPart>()

function readPart(rows: CatalogRows): ReadPart {
  let part = readParts.get(rows)
  if (part === undefined) {
    part = {
      relations: rows.relations.map(readRelation),
      functions: rows.functions.map(readFunction),
      types: rows.types.map(readType),
      operators: rows.operators.map(readOperator),
      builtinOperators: rows.builtinOperators.map((text) => stringOf(JSON.parse(text))),
      constraints: (rows.constraints ?? []).map(readConstraint),
    }
    readParts.set(rows, part)
  }
  return part
}

const RELATION_KINDS: ReadonlyMap<string, RelationKind> = new Map([
  ['r', 'table'],
  ['v', 'view'],
  ['m', 'materialized_view'],
  ['p', 'partitioned'],
  ['f', 'foreign'],
  ['S', 'sequence'],
  ['c', 'composite'],
  ['i', 'index'],
  ['I', 'index'],
])

const FUNCTION_KINDS: ReadonlyMap<string, FunctionKind> = new Map([
  ['f', 'function'],
  ['p', 'procedure'],
  ['a', 'aggregate'],
  ['w', 'window'],
])

const TYPE_KINDS: ReadonlyMap<string, TypeKind> = new Map([
  ['b', 'base'],
  ['c', 'composite'],
  ['d', 'domain'],
  ['e', 'enum'],
  ['p', 'pseudo'],
  ['r', 'range'],
  ['m', 'multirange'],
])

const VOLATILITIES: ReadonlyMap<string, Volatility> = new Map([
  ['i', 'immutable'],
  ['s', 'stable'],
  ['v', 'volatile'],
])

const OUTPUT_MODES: ReadonlySet<unknown> = new Set(['o', 'b', 't'])

function readRelation(text: string): RelationDescription {
  const [oid, schema, name, kind, columns, parents, definition, triggers, rules] = arrayOf(JSON.parse(text))
  return {
    oid: numberOf(oid),
    schema: stringOf(schema),
    name: stringOf(name),
    kind: named(RELATION_KINDS, kind),
    columns: arrayOf(columns ?? []).map(readColumn),
    parents: arrayOf(parents ?? []).map(numberOf),
    viewDefinition: definition === null ? null : stringOf(definition),
    ...(isAbsent(triggers) ? {} : { triggers: arrayOf(triggers).map(readTrigger) }),
    ...(isAbsent(rules) ? {} : { rules: arrayOf(rules).map(stringOf) }),
  }
}

/** A catalog kept in a file may be of an earlier version, without what was added since. */
function isAbsent(value: unknown): boolean {
  return value === null || value === undefined
}

/** Bits of `pg_trigger.tgtype` (the server's catalog/pg_trigger.h). */
const TRIGGER_ROW = 1
const TRIGGER_BEFORE = 2
const TRIGGER_INSTEAD = 64
const TRIGGER_EVENTS: readonly (readonly [number, ChangeEvent])[] = [
  [4, 'insert'],
  [8, 'delete'],
  [16, 'update'],
  [32, 'truncate'],
]

function readTrigger(value: unknown): CatalogTrigger {
  const [type, fn] = arrayOf(value)
  const bits = numberOf(type)
  return {
    functionOid: numberOf(fn),
    events: TRIGGER_EVENTS.flatMap(([bit, event]) => ((bits & bit) === 0 ? [] : [event])),
    changesRow: (bits & TRIGGER_ROW) !== 0 && (bits & (TRIGGER_BEFORE | TRIGGER_INSTEAD)) !== 0,
  }
}

function readColumn(value: unknown): CatalogColumn {
  const [name, number, typeOid, notNull, generated, from] = arrayOf(value)
  return {
    name: stringOf(name),
    number: numberOf(number),
    typeOid: numberOf(typeOid),
    notNull: notNull === true,
    generated: generated === true,
    generatedFrom: arrayOf(from ?? []).map(numberOf),
  }
}

function readFunction(text: string): CatalogFunction {
  const row = arrayOf(JSON.parse(text))
  const [oid, schema, name, kind, volatility, language, set, returned, types, defaults, variadic, modes, names] = row
  const [extension, body] = row.slice(13)
  const schemaName = stringOf(schema)
  const argumentNames = arrayOf(names ?? [])
  const outputNames: string[] = []
  const inputNames: string[] = []
  arrayOf(modes ?? argumentNames.map(() => 'i')).forEach((mode, index) => {
    const argumentName = stringOf(argumentNames[index] ?? '')
    if (OUTPUT_MODES.has(mode)) outputNames.push(argumentName)
    if (mode !== 'o' && mode !== 't') inputNames.push(argumentName)
  })
  return {
    oid: numberOf(oid),
    schema: schemaName,
    name: stringOf(name),
    kind: named(FUNCTION_KINDS, kind),
    volatility: named(VOLATILITIES, volatility),
    language: stringOf(language),
    returnsSet: set === true,
    returnTypeOid: numberOf(returned),
    argumentTypes: arrayOf(types ?? []).map(numberOf),
    defaultedArguments: numberOf(defaults),
    variadic: variadic === true,
    outputNames,
    builtin: numberOf(oid) < FIRST_NORMAL_OID && (schemaName === 'pg_catalog' || schemaName === 'information_schema'),
    inputNames,
    ...(isAbsent(extension) ? {} : { extension: stringOf(extension) }),
    ...(isAbsent(body) ? {} : { body: readBody(body) }),
  }
}

function readBody(value: unknown): SqlBody {
  const [text, stored, defaults, settings] = arrayOf(value)
  return {
    text: stringOf(text),
    stored: stored === true,
    defaults: defaults === null ? null : stringOf(defaults),
    settings: arrayOf(settings ?? []).map(stringOf),
  }
}

function readType(text: string): CatalogType {
  const [oid, schema, name, kind, element, base, relation, labels, category] = arrayOf(JSON.parse(text))
  return {
    oid: numberOf(oid),
    schema: stringOf(schema),
    name: stringOf(name),
    kind: named(TYPE_KINDS, kind),
    elementOid: numberOf(element),
    baseOid: numberOf(base),
    relationOid: numberOf(relation),
    enumLabels: arrayOf(labels ?? []).map(stringOf),
    category: stringOf(category),
  }
}

function readOperator(text: string): CatalogOperator {
  const [schema, name, left, right, fn] = arrayOf(JSON.parse(text))
  return {
    schema: stringOf(schema),
    name: stringOf(name),
    left: numberOf(left),
    right: numberOf(right),
    ...(isAbsent(fn) ? {} : { functionOid: numberOf(fn) }),
  }
}

function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('a catalog row is not what its query gives: no list')
  return value
}

function stringOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a catalog row is not what its query gives: no text')
  return value
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') throw new TypeError('a catalog row is not what its query gives: no number')
  return value
}

function named<T>(names: ReadonlyMap<string, T>, key: unknown): T {
  const found = names.get(stringOf(key))
  if (found === undefined) throw new TypeError('a catalog row has a kind that is not known')
  return found
}

import type { ColumnName, LineageSource } from '@gatehouse/core'
import { type CatalogConstraint, Constraints } from './catalog-constraints.ts'

/** `pg_class.relkind`, in words; `composite` is the row type of CREATE TYPE … AS. */
export type RelationKind =
  | 'table'
  | 'view'
  | 'materialized_view'
  | 'partitioned'
  | 'foreign'
  | 'sequence'
  | 'composite'
  | 'index'

/** One column, as `pg_attribute` has it; dropped and system columns are not listed. */
export interface CatalogColumn {
  readonly name: string
  readonly number: number
  readonly typeOid: number
  readonly notNull: boolean
  readonly generated: boolean
  /** Numbers of the columns that a generated column is computed from; absent: from none. */
  readonly generatedFrom?: readonly number[]
}

/** What is told of a relation before it is part of a snapshot. */
export interface RelationDescription {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: RelationKind
  readonly columns: readonly CatalogColumn[]
  /** Oids of what it inherits from or is a partition of. */
  readonly parents: readonly number[]
  /** Text of the query behind a view or materialized view, every name in it qualified; null for the rest. */
  readonly viewDefinition: string | null
  /** Triggers that fire, but for those of the server's own; absent: none. */
  readonly triggers?: readonly CatalogTrigger[]
  /** Texts of its rewrite rules for INSERT, UPDATE and DELETE, every name qualified; absent: it has none. */
  readonly rules?: readonly string[]
}

/** What fires a trigger. */
export type ChangeEvent = 'insert' | 'update' | 'delete' | 'truncate'

/** A trigger of a relation. */
export interface CatalogTrigger {
  readonly functionOid: number
  readonly events: readonly ChangeEvent[]
  /** True when it can change the row that is about to be written (BEFORE … FOR EACH ROW, INSTEAD OF). */
  readonly changesRow: boolean
}

/**
 * A base column as lineage names it: one entry for each root parent that has it, itself where none has. `copied` is where its
 * value comes from: itself, and for a generated column what that is computed from (`derived`).
 */
export interface BaseColumn {
  readonly names: readonly ColumnName[]
  readonly copied: readonly LineageSource[]
}

/** A relation of a snapshot. `base` answers per column position in `columns`. */
export interface CatalogRelation extends RelationDescription {
  readonly base: readonly BaseColumn[]
}

/** `pg_proc.provolatile` in words. */
export type Volatility = 'immutable' | 'stable' | 'volatile'
/** `pg_proc.prokind` in words. */
export type FunctionKind = 'function' | 'procedure' | 'aggregate' | 'window'

/** One overload of a function. */
export interface CatalogFunction {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: FunctionKind
  readonly volatility: Volatility
  readonly language: string
  readonly returnsSet: boolean
  readonly returnTypeOid: number
  /** Input argument types, in order. */
  readonly argumentTypes: readonly number[]
  readonly defaultedArguments: number
  readonly variadic: boolean
  /** Names of OUT, INOUT and TABLE columns; empty when it returns its return type alone. */
  readonly outputNames: readonly string[]
  /** Made by initdb: in `pg_catalog` or `information_schema` with an oid below 16384 (FirstNormalObjectId). */
  readonly builtin: boolean
  /** Names of the input arguments, empty for those without; absent: none has one. */
  readonly inputNames?: readonly string[]
  /** The extension it belongs to; absent: none. */
  readonly extension?: string
  /** Its body, when it is written in SQL or PL/pgSQL and not built in; absent: not to be read. */
  readonly body?: SqlBody
}

/** The body of a function in SQL; of one in PL/pgSQL the whole CREATE FUNCTION. PostgreSQL manual, "User-Defined Functions". */
export interface SqlBody {
  readonly text: string
  /** True: parsed when it was made (BEGIN ATOMIC, RETURN), every name in the text qualified. False: names are looked up at each call. */
  readonly stored: boolean
  /** The arguments' defaults, as one list of expressions with every name qualified; null: none has one. */
  readonly defaults: string | null
  /** Settings it runs under, as `name=value`. */
  readonly settings: readonly string[]
}

/** `pg_type.typtype` in words. */
export type TypeKind = 'base' | 'enum' | 'domain' | 'composite' | 'range' | 'multirange' | 'pseudo'

/** A data type. */
export interface CatalogType {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: TypeKind
  /** Element type of a true array; 0 otherwise. */
  readonly elementOid: number
  /** Base type of a domain; 0 otherwise. */
  readonly baseOid: number
  /** Relation of a composite type; 0 otherwise. */
  readonly relationOid: number
  /** Labels of an enum in order; empty otherwise. */
  readonly enumLabels: readonly string[]
  /** `pg_type.typcategory`. */
  readonly category: string
}

/** An operator that initdb did not make. `left` is 0 for a prefix operator. */
export interface CatalogOperator {
  readonly schema: string
  readonly name: string
  readonly left: number
  readonly right: number
  /** What computes it; absent: not known. */
  readonly functionOid?: number
}

/** First oid that initdb never gives (FirstNormalObjectId in PostgreSQL's access/transam.h). */
export const FIRST_NORMAL_OID = 16384
const MAX_DOMAIN_NESTING = 32
const MAX_INHERITANCE_DEPTH = 32

/** What a catalog is made from. */
export interface CatalogParts {
  readonly version: string
  readonly relations: readonly RelationDescription[]
  readonly functions: readonly CatalogFunction[]
  readonly types: readonly CatalogType[]
  readonly operators: readonly CatalogOperator[]
  /** Names of the operators that initdb made; absent: none is known, and every operator counts as unknown. */
  readonly builtinOperators?: readonly string[]
  /** Absent: none. */
  readonly constraints?: readonly CatalogConstraint[]
}

/**
 * An immutable snapshot of the names in one database. Unknown names answer undefined; nothing is thrown.
 * `version` changes whenever anything in it may have changed: it belongs into every cache key.
 */
export class Catalog {
  readonly version: string
  readonly constraints: Constraints
  readonly #relations = new Map<string, Map<string, CatalogRelation>>()
  readonly #relationsByOid = new Map<number, CatalogRelation>()
  readonly #functions = new Map<string, Map<string, CatalogFunction[]>>()
  readonly #functionsByOid = new Map<number, CatalogFunction>()
  readonly #types = new Map<string, Map<string, CatalogType>>()
  readonly #typesByOid = new Map<number, CatalogType>()
  readonly #operators = new Map<string, CatalogOperator[]>()
  readonly #builtinOperators: ReadonlySet<string>

  constructor(parts: CatalogParts) {
    this.version = parts.version
    const descriptions = new Map<number, RelationDescription>()
    for (const relation of parts.relations) descriptions.set(relation.oid, relation)
    const names = new Map<string, ColumnName>()
    const triggers = triggersOf(parts.relations, descriptions)
    const parents = new Map<number, readonly number[]>()
    for (const { oid, parents: own } of parts.relations) if (own.length > 0) parents.set(oid, own)
    this.constraints = new Constraints(parts.constraints ?? [], parents)
    for (const relation of parts.relations) {
      const base = relation.columns.map((column) => baseColumn(relation, column, descriptions, names))
      const fired = triggers.get(relation.oid)
      const entry: CatalogRelation = { ...relation, base, ...(fired === undefined ? {} : { triggers: fired }) }
      inner(this.#relations, relation.schema).set(relation.name, entry)
      this.#relationsByOid.set(relation.oid, entry)
    }
    for (const fn of parts.functions) {
      const byName = inner(this.#functions, fn.schema)
      const overloads = byName.get(fn.name)
      if (overloads === undefined) byName.set(fn.name, [fn])
      else overloads.push(fn)
      if (!fn.builtin) this.#functionsByOid.set(fn.oid, fn)
    }
    for (const type of parts.types) {
      inner(this.#types, type.schema).set(type.name, type)
      this.#typesByOid.set(type.oid, type)
    }
    this.#builtinOperators = new Set(parts.builtinOperators ?? [])
    for (const operator of parts.operators) {
      const known = this.#operators.get(operator.name)
      if (known === undefined) this.#operators.set(operator.name, [operator])
      else known.push(operator)
    }
  }

  relation(schema: string, name: string): CatalogRelation | undefined {
    return this.#relations.get(schema)?.get(name)
  }

  /** Every relation, in no order. */
  relations(): Iterable<CatalogRelation> {
    return this.#relationsByOid.values()
  }

  relationByOid(oid: number): CatalogRelation | undefined {
    return this.#relationsByOid.get(oid)
  }

  /** The relation an unqualified name means: the first schema of the path that has it. */
  resolve(name: string, searchPath: readonly string[]): CatalogRelation | undefined {
    for (const schema of searchPath) {
      const found = this.#relations.get(schema)?.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Every overload of a function in one schema; undefined when there is none. */
  functions(schema: string, name: string): readonly CatalogFunction[] | undefined {
    return this.#functions.get(schema)?.get(name)
  }

  /** A function that initdb did not make. */
  functionByOid(oid: number): CatalogFunction | undefined {
    return this.#functionsByOid.get(oid)
  }

  type(schema: string, name: string): CatalogType | undefined {
    return this.#types.get(schema)?.get(name)
  }

  typeByOid(oid: number): CatalogType | undefined {
    return this.#typesByOid.get(oid)
  }

  /** The type an unqualified name means. */
  resolveType(name: string, searchPath: readonly string[]): CatalogType | undefined {
    for (const schema of searchPath) {
      const found = this.#types.get(schema)?.get(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** True when initdb made an operator of that name. */
  isBuiltinOperator(name: string): boolean {
    return this.#builtinOperators.has(name)
  }

  /** Operators of that name which initdb did not make, in any schema; undefined when there is none. */
  userOperators(name: string): readonly CatalogOperator[] | undefined {
    return this.#operators.get(name)
  }

  /** True when values of the type behave as one that initdb made (a domain counts as what it is based on). */
  isBuiltinType(oid: number): boolean {
    let current = oid
    for (let step = 0; step < MAX_DOMAIN_NESTING; step++) {
      const type = this.#typesByOid.get(current)
      // A row type counts as nobody's: what its fields are must be asked.
      if (type?.kind === 'composite' || type?.kind === 'pseudo') return false
      if (current > 0 && current < FIRST_NORMAL_OID) return true
      if (type === undefined) return false
      if (type.kind === 'enum') return true
      const next = type.kind === 'domain' ? type.baseOid : type.elementOid
      if (next === 0) return false
      current = next
    }
    return false
  }
}

function inner<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  let found = map.get(key)
  if (found === undefined) {
    found = new Map()
    map.set(key, found)
  }
  return found
}

/** Triggers by relation. What is written to a table may end in one that inherits from it or is its partition, whose triggers then fire. */
function triggersOf(
  relations: readonly RelationDescription[],
  byOid: ReadonlyMap<number, RelationDescription>,
): ReadonlyMap<number, readonly CatalogTrigger[]> {
  const found = new Map<number, CatalogTrigger[]>()
  const attach = (oid: number, triggers: readonly CatalogTrigger[], depth: number): void => {
    const known = found.get(oid) ?? []
    found.set(oid, known)
    known.push(...triggers)
    if (depth >= MAX_INHERITANCE_DEPTH) return
    for (const parent of byOid.get(oid)?.parents ?? []) attach(parent, triggers, depth + 1)
  }
  for (const { oid, triggers } of relations) if (triggers !== undefined) attach(oid, triggers, 0)
  return found
}

// A column of a child is the same column as its parent's: masks are written on the parent.
function baseColumn(
  relation: RelationDescription,
  column: CatalogColumn,
  relations: ReadonlyMap<number, RelationDescription>,
  interned: Map<string, ColumnName>,
): BaseColumn {
  const roots: ColumnName[] = []
  collectRoots(relation, column.name, relations, interned, roots, 0)
  const copied: LineageSource[] = roots.map((name) => ({ column: name, how: 'copied' }))
  const from: ColumnName[] = []
  for (const number of column.generatedFrom ?? []) {
    const source = relation.columns.find((candidate) => candidate.number === number)
    if (source !== undefined) collectRoots(relation, source.name, relations, interned, from, 0)
  }
  return { names: roots, copied: [...copied, ...from.map((name) => ({ column: name, how: 'derived' as const }))] }
}

function collectRoots(
  relation: RelationDescription,
  column: string,
  relations: ReadonlyMap<number, RelationDescription>,
  interned: Map<string, ColumnName>,
  roots: ColumnName[],
  depth: number,
): void {
  let inherited = false
  if (depth < MAX_INHERITANCE_DEPTH) {
    for (const oid of relation.parents) {
      const parent = relations.get(oid)
      if (parent === undefined || !parent.columns.some((candidate) => candidate.name === column)) continue
      inherited = true
      collectRoots(parent, column, relations, interned, roots, depth + 1)
    }
  }
  if (inherited) return
  const key = JSON.stringify([relation.schema, relation.name, column])
  let name = interned.get(key)
  if (name === undefined) {
    name = { schema: relation.schema, relation: relation.name, column }
    interned.set(key, name)
  }
  if (!roots.includes(name)) roots.push(name)
}

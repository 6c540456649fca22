import type { ColumnName } from '../statement/facts.ts'
import { NameTest } from './name-pattern.ts'
import type { CaseRule, EngineName, NamePart, NamePattern } from './name-pattern.ts'

/** A relation, function, role or other named object, as facts name it. */
interface ObjectName {
  readonly schema: string | null
  readonly name: string
}

/** PostgreSQL's name for the schema that holds a session's temporary tables. */
const TEMPORARY_SCHEMA = /^pg_temp_\d+$/

/** A schema part of a pattern. `pg_temp` is the session's own temporary schema, whatever number it has there. */
class SchemaTest {
  readonly #test: NameTest
  readonly #temporary: boolean

  constructor(part: NamePart, engine: EngineName, caseRule: CaseRule) {
    this.#test = new NameTest(part, engine, caseRule)
    this.#temporary = engine === 'postgres' && this.#test.matches('pg_temp')
  }

  matches(schema: string): boolean {
    return this.#test.matches(schema) || (this.#temporary && TEMPORARY_SCHEMA.test(schema))
  }
}

/** A pattern over relations or functions: `schema.name`, or `name` in any schema. */
export class ObjectPattern {
  readonly source: string
  readonly #schema: SchemaTest | null
  readonly #name: NameTest

  constructor(pattern: NamePattern, engine: EngineName, caseRule: CaseRule) {
    const [first, second] = pattern.parts
    this.source = pattern.source
    this.#schema = second === undefined || first === undefined ? null : new SchemaTest(first, engine, caseRule)
    this.#name = new NameTest(second ?? first ?? [], engine, caseRule)
  }

  /** True for the bare `*`: it matches everything, names that could not be resolved too. */
  get everything(): boolean {
    return this.#schema === null && this.#name.any
  }

  /** True when it is certain that the pattern covers the object. A pattern with a schema never covers an unresolved name. */
  covers(object: ObjectName): boolean {
    if (!this.#name.matches(object.name)) return false
    return this.#schema === null || (object.schema !== null && this.#schema.matches(object.schema))
  }

  /** True unless it is certain that the pattern leaves the object out: an unresolved name may be in any schema. */
  mayMean(object: ObjectName): boolean {
    if (!this.#name.matches(object.name)) return false
    return this.#schema === null || object.schema === null || this.#schema.matches(object.schema)
  }

  /** True when the pattern names a schema of its own and it is this one. */
  isInSchema(schema: string): boolean {
    return this.#schema !== null && this.#schema.matches(schema)
  }
}

/** A pattern over columns: `schema.relation.column`, or `relation.column` in any schema. */
export class ColumnPattern {
  readonly source: string
  readonly #schema: SchemaTest | null
  readonly #relation: NameTest
  readonly #column: NameTest

  /** `relations`: how the case of schema and relation counts. Column names in MySQL never differ by case alone. */
  constructor(pattern: NamePattern, engine: EngineName, relations: CaseRule) {
    const [first, second, third] = pattern.parts
    const [schema, relation, column] = third === undefined ? [undefined, first, second] : [first, second, third]
    this.source = pattern.source
    this.#schema = schema === undefined ? null : new SchemaTest(schema, engine, relations)
    this.#relation = new NameTest(relation ?? [], engine, relations)
    this.#column = new NameTest(column ?? [], engine, engine === 'mysql' ? 'ignored' : relations)
  }

  matches(column: ColumnName): boolean {
    return (
      this.#column.matches(column.column) &&
      this.#relation.matches(column.relation) &&
      (this.#schema === null || this.#schema.matches(column.schema))
    )
  }

  matchesColumn(column: string): boolean {
    return this.#column.matches(column)
  }

  /** True unless it is certain that the relation has no column of this pattern. */
  mayBeIn(relation: ObjectName): boolean {
    return (
      this.#relation.matches(relation.name) &&
      (this.#schema === null || relation.schema === null || this.#schema.matches(relation.schema))
    )
  }

  /** True unless it is certain that the schema holds no column of this pattern. */
  mayBeInSchema(schema: string): boolean {
    return this.#schema === null || this.#schema.matches(schema)
  }
}

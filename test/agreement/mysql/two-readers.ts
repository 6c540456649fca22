import type { StatementFacts } from '@gatehouse/core'
import {
  type Dialect,
  dialectOf,
  MysqlCatalog,
  type MysqlNames,
  type ParsedStatement,
  parseMysqlText,
  readMysqlFacts,
  type TableDescription,
} from '@gatehouse/sql-analysis'
import type { SecondAccount } from './second-account.ts'

/** One text as both readers understand it. */
export interface BothAccounts {
  readonly statements: readonly ParsedStatement['statement'][]
  readonly facts: readonly StatementFacts[]
  readonly second: SecondAccount
}

/** A name that one of the readers has and the other has not. */
export interface Difference {
  readonly what: 'table' | 'column'
  readonly only: 'ours' | 'second'
  /** As `SecondAccount` writes it. */
  readonly name: string
}

const SCHEMA = 'app'
/** No table is there: that a name is not known is no fault of the reading. */
const NAME_UNKNOWN = /is not known|not known here/

/** Our reading of texts, in a server without tables. */
export class OurReader {
  readonly #dialect: Dialect

  constructor(flavour: Dialect['flavour']) {
    this.#dialect = dialectOf({ flavour, version: flavour === 'mysql' ? 90_704 : 101_119 }, '')
  }

  /** Null: not understood. */
  read(sql: string): Omit<BothAccounts, 'second'> | null {
    const bytes = Buffer.from(sql)
    const parsed = parseMysqlText(bytes, 0, bytes.length, this.#dialect)
    if ('error' in parsed) return null
    const statements = parsed.statements.map(({ statement }) => statement)
    const facts = readMysqlFacts(statements, this.#names([]))
    return facts.every(({ complete, reason }) => complete || NAME_UNKNOWN.test(reason ?? ''))
      ? { statements, facts }
      : null
  }

  /**
   * The columns that a query or change of one table reads or writes, in a server where that table has `columns`; lower case.
   * Null: not a statement of one table, or it means all of them. @throws where it names others
   */
  columns(
    { statements, facts }: Omit<BothAccounts, 'second'>,
    columns: ReadonlySet<string>,
  ): ReadonlySet<string> | null {
    const [statement] = statements
    const [table, ...more] = tablesOf(facts)
    if (statements.length !== 1 || statement === undefined || table === undefined || more.length > 0) return null
    if (table.includes('.') || !/^(?:query_statement|insert|update|delete)$/.test(statement.kind)) return null
    const described: TableDescription = {
      schema: SCHEMA,
      name: table,
      kind: 'table',
      columns: [...columns].map((name) => ({ name, type: 'int', generated: null })),
      view: null,
    }
    const [known] = readMysqlFacts([statement], this.#names([described]))
    const named = new Set(known?.complete === true ? [] : [known?.reason ?? 'not read'])
    // Whole rows go.
    for (const access of known?.accesses ?? []) {
      if (access.relation === null || access.action === 'delete') continue
      if (access.columns === null) return null
      for (const column of access.columns) named.add(column.toLowerCase())
    }
    return named
  }

  #names(tables: readonly TableDescription[]): MysqlNames {
    const { flavour } = this.#dialect
    const parts = { version: '1', lowerCaseTableNames: 0, schemas: [SCHEMA], routines: [], events: [] } as const
    const catalog = new MysqlCatalog({ ...parts, flavour, tables, loadableFunctions: [] })
    return { catalog, schema: SCHEMA, dialect: this.#dialect, temporary: [] }
  }
}

/** What one of two accounts of a text names and the other does not: tables; where they agree in them, columns too. */
export function differences(ours: OurReader, both: BothAccounts): { columns: boolean; found: readonly Difference[] } {
  const { facts, second } = both
  const named = new Set([...second.tables].map(withoutSchema))
  const tables = apart('table', tablesOf(facts), named, tablesBeneath(facts))
  if (tables.length > 0 || second.columns === null) return { columns: false, found: tables }
  const columns = ours.columns(both, second.columns)
  return columns === null
    ? { columns: false, found: [] }
    : { columns: true, found: apart('column', columns, second.columns, columns) }
}

/** `also`: what we name besides, where it is no matter that the second reader does not. */
function apart(
  what: Difference['what'],
  ours: ReadonlySet<string>,
  second: ReadonlySet<string>,
  also: ReadonlySet<string>,
): readonly Difference[] {
  return [
    ...[...ours].filter((name) => !second.has(name)).map((name) => ({ what, only: 'ours' as const, name })),
    ...[...second]
      .filter((name) => !ours.has(name) && !also.has(name))
      .map((name) => ({ what, only: 'second' as const, name })),
  ]
}

function tablesOf(facts: readonly StatementFacts[]): ReadonlySet<string> {
  return namesOf(facts.flatMap(({ accesses }) => accesses))
}

function tablesBeneath(facts: readonly StatementFacts[]): ReadonlySet<string> {
  return namesOf(facts.flatMap(({ beneath }) => beneath.accesses))
}

function namesOf(accesses: StatementFacts['accesses']): ReadonlySet<string> {
  return new Set(
    accesses.flatMap(({ relation }) => {
      if (relation === null) return []
      return [withoutSchema(relation.schema === null ? relation.name : `${relation.schema}.${relation.name}`)]
    }),
  )
}

function withoutSchema(name: string): string {
  return name.startsWith(`${SCHEMA}.`) ? name.slice(SCHEMA.length + 1) : name
}

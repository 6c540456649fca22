import type { CatalogFunction } from '../../catalog.ts'
import { type Item, itemOf } from '../item.ts'
import { type Column, type Lineage, NOTHING, anyOf, derivedFrom, lineagesOf, rowOf, sameLineage } from '../lineage.ts'
import {
  type Block,
  type Compiled,
  NotFollowed,
  blockOf,
  bodyIn,
  listIn,
  numberIn,
  onlyPart,
  partOf,
  queryOf,
  rowParts,
  statementOf,
} from './plpgsql-tree.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'
import { intoClauseOf } from '../tree.ts'

/** What each variable can hold, as a column of this name; of a record, its fields. */
export type Values = readonly (readonly Column[])[]

/** The name of the one column of what is no record. */
export const SCALAR = ''

/** Oid of the type `text`, the same in every version. */
const TEXT_OID = 25

/** One reading of a body under what its variables could hold so far. */
export class Routine {
  readonly #reading: Reading
  readonly #fn: CatalogFunction
  readonly #program: Compiled
  readonly #values: Values
  readonly #texts: ReadonlySet<string>
  readonly #scope: Scope
  readonly next: (readonly Column[])[]
  #returned: readonly Column[] | null = null
  settled = true

  constructor(reading: Reading, fn: CatalogFunction, program: Compiled, values: Values, texts: ReadonlySet<string>) {
    this.#texts = texts
    this.#reading = reading
    this.#fn = fn
    this.#program = program
    this.#values = values
    this.next = [...values]
    this.#scope = { outer: null, items: this.#items(), tables: null }
  }

  /** What RETURN gives; null when it cannot be told. */
  run(): readonly Column[] | null {
    this.#program.datums.forEach((datum, number) => {
      if (datum.kind === 'variable' && datum.initial !== null) this.#assign(number, this.#value(datum.initial))
    })
    for (const block of this.#program.body) this.#statement(block)
    return this.#returned ?? []
  }

  /** Variables are columns of an entry that the function's name answers to; records are entries. */
  #items(): readonly Item[] {
    const items: Item[] = []
    const variables = new Map<string, Lineage[]>()
    this.#program.datums.forEach((datum, number) => {
      const columns = this.#values[number] ?? []
      if (datum.kind === 'record') {
        const known = columns.length > 0 || datum.type !== null
        items.push({ ...itemOf(datum.name, columns, known ? null : NOTHING), columnsVisible: false })
      } else if (datum.kind === 'variable') {
        const values = variables.get(datum.name) ?? []
        variables.set(datum.name, values)
        values.push(...lineagesOf(this.#reading, columns))
      }
    })
    const named = [...variables].map(([name, values]) => ({ name, lineage: anyOf(this.#reading, values) }))
    return [...items, itemOf(this.#fn.name, named, null)]
  }

  #statements(blocks: readonly Block[]): void {
    for (const block of blocks) this.#statement(block)
  }

  #statement(block: Block): void {
    const [kind, part] = onlyPart(block)
    this.#reading.descend()
    switch (kind) {
      case 'PLpgSQL_stmt_block':
        this.#statements(bodyIn(part))
        break
      case 'PLpgSQL_stmt_assign':
        this.#assign(numberIn(part, 'varno'), this.#value(queryOf(part['expr'])))
        break
      case 'PLpgSQL_stmt_if':
        this.#condition(part['cond'])
        this.#statements(listIn(part, 'then_body'))
        for (const branch of listIn(part, 'elsif_list')) {
          const elsif = partOf(branch, 'PLpgSQL_if_elsif')
          this.#condition(elsif['cond'])
          this.#statements(listIn(elsif, 'stmts'))
        }
        this.#statements(listIn(part, 'else_body'))
        break
      case 'PLpgSQL_stmt_while':
        this.#condition(part['cond'])
        this.#statements(listIn(part, 'body'))
        break
      case 'PLpgSQL_stmt_loop':
        this.#statements(listIn(part, 'body'))
        break
      case 'PLpgSQL_stmt_exit':
        if (part['cond'] !== undefined) this.#condition(part['cond'])
        break
      case 'PLpgSQL_stmt_fori':
        // The bounds decide how often the body runs; the variable counts from one to the other.
        for (const bound of ['lower', 'upper', 'step']) if (part[bound] !== undefined) this.#condition(part[bound])
        this.#statements(listIn(part, 'body'))
        break
      case 'PLpgSQL_stmt_fors':
        this.#fill(part['var'], this.#query(queryOf(part['query'])))
        this.#statements(listIn(part, 'body'))
        break
      case 'PLpgSQL_stmt_execsql': {
        const columns = this.#query(queryOf(part['sqlstmt']))
        if (part['into'] === true) this.#fill(part['target'], columns)
        break
      }
      case 'PLpgSQL_stmt_perform':
        this.#query(queryOf(part['expr']))
        break
      case 'PLpgSQL_stmt_return':
      case 'PLpgSQL_stmt_return_next':
        this.#return(part)
        break
      case 'PLpgSQL_stmt_return_query':
        if (part['query'] === undefined) throw new NotFollowed('RETURN QUERY EXECUTE')
        this.#give(this.#query(queryOf(part['query'])))
        break
      case 'PLpgSQL_stmt_raise':
        // What is said goes to the client in a report, whose text is withheld where masked columns are touched.
        for (const value of listIn(part, 'params')) this.#value(queryOf(value))
        for (const option of listIn(part, 'options'))
          this.#value(queryOf(partOf(option, 'PLpgSQL_raise_option')['expr']))
        break
      case 'PLpgSQL_stmt_assert':
        this.#condition(part['cond'])
        if (part['message'] !== undefined) this.#value(queryOf(part['message']))
        break
      default:
        throw new NotFollowed(kind)
    }
    this.#reading.ascend()
  }

  #condition(expression: unknown): void {
    this.#reading.decide(this.#value(queryOf(expression)))
  }

  /** The value of an expression; of several columns, a row of them. */
  #value(sql: string): Lineage {
    const columns = this.#query(sql)
    const [first] = columns
    if (first === undefined) return NOTHING
    return columns.length === 1 ? first.lineage : rowOf(this.#reading, columns)
  }

  #query(sql: string): readonly Column[] {
    const statement = statementOf(this.#reading, sql)
    if (statement.SelectStmt !== undefined && intoClauseOf(statement.SelectStmt) !== null)
      throw new NotFollowed('SELECT INTO a table')
    const kinds = ['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'] as const
    if (!kinds.some((kind) => statement[kind] !== undefined)) throw new NotFollowed('a statement that is no query')
    return this.#reading.walk.query(this.#reading, statement, this.#scope) ?? []
  }

  /** INTO and FOR put a row into a record, or its columns into variables. */
  #fill(target: unknown, columns: readonly Column[]): void {
    const [kind, part] = onlyPart(blockOf(target))
    if (kind === 'PLpgSQL_row') {
      rowParts(part).forEach((number, index) => {
        const column = columns[index]
        if (column !== undefined) this.#assign(number, column.lineage)
      })
      return
    }
    if (kind !== 'PLpgSQL_rec') throw new NotFollowed(`a target ${kind}`)
    const number = numberIn(part, 'dno')
    const datum = this.#program.datums[number]
    // A record of a type of its own renames the columns: which field gets which is told by their order, which is not known here.
    if (datum?.kind !== 'record' || datum.type !== null) throw new NotFollowed('a record of a named type')
    this.#become(number, columns)
  }

  #assign(number: number, value: Lineage): void {
    const datum = this.#program.datums[number]
    switch (datum?.kind) {
      case 'variable':
        // Whether the value can be cast to the variable's type tells of it.
        if (datum.type !== 'text') this.#reading.tell(value)
        this.#become(number, [{ name: SCALAR, lineage: value }])
        return
      case 'field': {
        const record = this.next[datum.record] ?? []
        if (!record.some(({ name }) => name === datum.field)) throw new NotFollowed('a field that is not known')
        if (!this.#texts.has(datum.field)) this.#reading.tell(value)
        this.#become(datum.record, [{ name: datum.field, lineage: value }])
        return
      }
      case 'record':
        if (value.fields === null) throw new NotFollowed('a record that is assigned as a whole')
        this.#become(number, value.fields)
        return
      default:
        throw new NotFollowed('a target that is not known')
    }
  }

  /** A variable can hold this too. */
  #become(number: number, columns: readonly Column[]): void {
    const before = this.next[number] ?? []
    const after: Column[] = [...before]
    for (const column of columns) {
      const index = after.findIndex(({ name }) => name === column.name)
      const known = after[index]
      if (known === undefined) {
        after.push(column)
        this.settled = false
        continue
      }
      const lineage = anyOf(this.#reading, [known.lineage, column.lineage])
      if (sameLineage(this.#reading, lineage, known.lineage)) continue
      after[index] = { name: known.name, lineage }
      this.settled = false
    }
    this.next[number] = after
  }

  #return(part: Block): void {
    if (part['expr'] !== undefined) {
      const value = this.#value(queryOf(part['expr']))
      if (this.#fn.returnTypeOid !== TEXT_OID && value.fields === null) this.#reading.tell(value)
      return this.#give(value.fields ?? [{ name: null, lineage: value }])
    }
    const number = part['retvarno'] === undefined ? this.#program.outputs : numberIn(part, 'retvarno')
    if (number === null) return
    const datum = this.#program.datums[number]
    if (datum?.kind === 'row')
      this.#give(datum.parts.map((each) => ({ name: null, lineage: this.#values[each]?.[0]?.lineage ?? NOTHING })))
    else this.#give(this.#values[number] ?? [])
  }

  /** Rows, or a value, that the function can return. */
  #give(columns: readonly Column[]): void {
    const before = this.#returned
    if (before === null || before.length === 0) {
      this.#returned = columns
      return
    }
    if (columns.length === 0) return
    if (columns.length !== before.length) {
      // A row as one value, and its columns: each may be any of them.
      const all = derivedFrom(this.#reading, lineagesOf(this.#reading, [...before, ...columns]))
      const longer = before.length > columns.length ? before : columns
      this.#returned = longer.map(({ name }) => ({ name, lineage: all }))
      return
    }
    this.#returned = before.map((column, index) => {
      const other = columns[index]?.lineage ?? NOTHING
      if (other === column.lineage) return column
      return { name: column.name, lineage: anyOf(this.#reading, [column.lineage, other]) }
    })
  }
}

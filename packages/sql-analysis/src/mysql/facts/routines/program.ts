import { foldName } from '../../name-case.ts'
import type { ColumnReference, Expression, UserVariable } from '../../query-tree.ts'
import type {
  CallStatement,
  DiagnosticsStatement,
  ProgramStatement,
  SetItem,
  SetStatement,
  Statement,
} from '../../statement-tree.ts'
import { type Column, type Lineage, NOTHING, anyOf, sameLineage, untraced } from '../lineage.ts'
import { readComparison } from '../expressions/operations.ts'
import type { Reading } from '../reading.ts'
import { classOfType } from '../relations.ts'
import type { Scope } from '../scope.ts'
import { readSetItem } from '../session/settings.ts'
import { writeVariable } from '../session/variables.ts'

/** Thrown when a body does what cannot be followed. */
export class NotFollowed extends Error {}

/** The row that a trigger may change, by column as it compares. */
export interface TriggerRow {
  readonly table: string
  readonly assign: (column: string, value: Lineage) => void
}

/** Calls a procedure from a body; its OUT parameters by position. */
export type CallProcedure = (reading: Reading, statement: CallStatement, scope: Scope, program: Program) => void

/**
 * One reading of a stored program under what its variables could hold so far (MySQL manual, "Stored Objects"). Which statements
 * run, and in which order, is not looked at: a variable can hold anything that is ever assigned to it.
 */
export class Program {
  readonly #reading: Reading
  readonly #variables: Map<string, Lineage>
  /** Types of the variables, as far as they were told. */
  readonly #types: Map<string, string>
  readonly #scope: Scope
  readonly #row: TriggerRow | null
  readonly #call: CallProcedure
  readonly #cursors = new Map<string, readonly Column[]>()
  /** What RETURN gives; null: nothing yet. */
  returned: Lineage | null = null
  /** The columns of every result set that goes to the client. */
  readonly results: (readonly Column[])[] = []
  /** False when a variable could hold more than before. */
  settled = true

  constructor(
    reading: Reading,
    variables: Map<string, Lineage>,
    types: Map<string, string>,
    scope: Scope,
    row: TriggerRow | null,
    call: CallProcedure,
  ) {
    this.#reading = reading
    this.#variables = variables
    this.#types = types
    this.#scope = { ...scope, variables }
    this.#row = row
    this.#call = call
    reading.assign = (name, value): void => {
      this.assign(name, value)
    }
  }

  run(body: ProgramStatement | Statement): void {
    // All that is declared is known before the rest: an inner block's variable stands for an outer one's of its name too.
    this.#declare(body)
    this.#statement(body)
  }

  /** The variable can hold this too. Throws NotFollowed when there is none of the name. */
  assign(name: string, value: Lineage): void {
    const key = foldName(name)
    const before = this.#variables.get(key)
    if (before === undefined) throw new NotFollowed(`variable ${name} is not known`)
    // Whether the value fits the variable's type tells of it.
    if (classOfType(this.#types.get(key) ?? '') !== 'string') this.#reading.tell(value)
    const after = anyOf(this.#reading, [before, { ...value, type: null }])
    if (sameLineage(this.#reading, before, after)) return
    this.#variables.set(key, after)
    this.settled = false
  }

  #declare(node: ProgramStatement | Statement): void {
    this.#reading.descend()
    switch (node.kind) {
      case 'block':
        for (const inner of node.statements) this.#declare(inner)
        break
      case 'declare':
        for (const name of node.names) {
          const key = foldName(name)
          if (!this.#variables.has(key)) this.#variables.set(key, NOTHING)
          if (node.type !== undefined) this.#types.set(key, node.type)
        }
        break
      case 'declare_cursor':
        for (const name of node.parameters)
          if (!this.#variables.has(foldName(name))) this.#variables.set(foldName(name), NOTHING)
        break
      case 'declare_handler':
        this.#declare(node.body)
        break
      case 'if':
      case 'case_statement':
        for (const { statements } of node.branches) for (const inner of statements) this.#declare(inner)
        for (const inner of node.otherwise) this.#declare(inner)
        break
      case 'loop':
        if (node.variable !== null && !this.#variables.has(foldName(node.variable)))
          this.#variables.set(foldName(node.variable), NOTHING)
        for (const inner of node.statements) this.#declare(inner)
        break
      default:
    }
    this.#reading.ascend()
  }

  #statements(nodes: readonly (ProgramStatement | Statement)[]): void {
    for (const node of nodes) this.#statement(node)
  }

  #statement(node: ProgramStatement | Statement): void {
    this.#reading.descend()
    this.#dispatch(node)
    this.#reading.ascend()
  }

  #dispatch(node: ProgramStatement | Statement): void {
    switch (node.kind) {
      case 'block':
        return this.#statements(node.statements)
      case 'declare':
        if (node.default !== null) {
          const value = this.#value(node.default)
          for (const name of node.names) this.assign(name, value)
        }
        return
      case 'declare_cursor':
        this.#cursors.set(foldName(node.name), this.#reading.walk.query(this.#reading, node.query, this.#scope))
        return
      case 'declare_condition':
      case 'leave':
      case 'iterate':
      case 'close':
        return
      case 'declare_handler':
        return this.#statement(node.body)
      case 'if':
        for (const { condition, statements } of node.branches) {
          this.#reading.decide(this.#value(condition))
          this.#statements(statements)
        }
        return this.#statements(node.otherwise)
      case 'case_statement': {
        const tested = node.operand === null ? null : this.#value(node.operand)
        for (const { condition, statements } of node.branches) {
          const test = this.#value(condition)
          this.#reading.decide(tested === null ? test : readComparison(this.#reading, '=', tested, test))
          this.#statements(statements)
        }
        return this.#statements(node.otherwise)
      }
      case 'loop':
        return this.#loop(node)
      case 'return':
        return this.#return(node.value)
      case 'open':
        // Parameters of a cursor (MariaDB): which gets which is not looked at.
        if (node.arguments.length > 0) throw new NotFollowed('a cursor with parameters')
        return
      case 'fetch':
        return this.#fill(node.into, this.#cursors.get(foldName(node.cursor)) ?? null)
      default:
        return this.#sql(node)
    }
  }

  #loop(node: ProgramStatement & { kind: 'loop' }): void {
    for (const condition of node.conditions) this.#reading.decide(this.#value(condition))
    // FOR record IN query (MariaDB): fields of records are not followed.
    if (node.query !== null) throw new NotFollowed('a FOR loop over rows')
    this.#statements(node.statements)
  }

  #return(value: Expression | null): void {
    if (value === null) return
    const lineage = this.#value(value)
    this.returned = this.returned === null ? lineage : anyOf(this.#reading, [this.returned, lineage])
  }

  #sql(node: Statement): void {
    switch (node.kind) {
      case 'query_statement': {
        this.#reading.returnsNothing = false
        const columns = this.#reading.walk.query(this.#reading, node.query, this.#scope)
        if (!this.#reading.returnsNothing) this.results.push(columns)
        return
      }
      case 'set':
        return this.#set(node)
      case 'call_statement':
        return this.#call(this.#reading, node, this.#scope, this)
      case 'get_diagnostics':
      case 'signal':
      case 'resignal':
        return this.#diagnostics(node)
      case 'prepare':
      case 'execute':
      case 'execute_immediate':
        this.#reading.dynamicSql = true
        return
      case 'show':
      case 'explain':
        throw new NotFollowed(`${node.kind} in a stored program`)
      default: {
        this.#reading.output = null
        this.#reading.walk.statement(this.#reading, node, this.#scope)
        if (this.#reading.output !== null) throw new NotFollowed(`rows of ${node.kind} in a stored program`)
      }
    }
  }

  #set({ items, statement }: SetStatement): void {
    if (statement !== null) throw new NotFollowed('SET STATEMENT')
    for (const item of items) if (!this.#setOwn(item)) readSetItem(this.#reading, item, this.#scope)
  }

  /** True when the item sets a variable of the program, or a column of the trigger's row. */
  #setOwn(item: SetItem): boolean {
    if (item.kind !== 'variable' || item.scope !== null) return false
    if (item.qualifier === null && this.#variables.has(foldName(item.name))) {
      this.assign(item.name, this.#value(item.value))
      return true
    }
    if (item.qualifier === null || foldName(item.qualifier) !== this.#row?.table) return false
    this.#row.assign(item.name, item.value.kind === 'default' ? NOTHING : this.#value(item.value))
    return true
  }

  #diagnostics({ kind, items }: DiagnosticsStatement): void {
    for (const { target, value } of items) {
      // The text of the error is withheld where masked columns are touched, its number is not: MYSQL_ERRNO is that number, and any
      // value that is NULL or too long for its item gives another.
      if (value !== null) this.#reading.decide(this.#value(value))
      if (kind !== 'get_diagnostics' || target === null) continue
      this.#fill([target], [{ name: null, key: '', lineage: untraced('name', 'texts of errors quote values') }])
    }
  }

  #fill(targets: readonly (ColumnReference | UserVariable)[], columns: readonly Column[] | null): void {
    if (columns === null) throw new NotFollowed('a cursor that is not known')
    targets.forEach((target, index) => {
      const value = columns[index]?.lineage ?? NOTHING
      if (target.kind === 'column') this.assign(target.name, value)
      else writeVariable(this.#reading, value)
    })
  }

  #value(node: Expression): Lineage {
    return this.#reading.walk.expression(this.#reading, node, this.#scope)
  }
}

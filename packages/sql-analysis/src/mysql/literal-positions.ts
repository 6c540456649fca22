import type {
  Expression,
  Literal,
  OrderItem,
  Query,
  QueryBody,
  SelectItem,
  TableReference,
  Window,
} from './query-tree.ts'
import type { Assignment, Statement } from './statement-tree.ts'

/**
 * Where a literal may stand. `value`: nothing is decided by it. `decides`: in the condition of an UPDATE or DELETE, where only a plain comparison
 * with a column is safe, below nothing but ANDs. `never`: anywhere else there.
 */
type Place = 'value' | 'decides' | 'never'

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<=>', '<', '<=', '>', '>=', '<>', 'between', 'not between'])
/** Functions whose literal arguments tell which part of a value comes out, or name something. */
const NEVER =
  /^(?:json_|elt$|field$|make_set$|load_file$|get_|is_|release_|extractvalue$|updatexml$|column_|nextval$|lastval$|setval$|st_|name_const$|interval$)/

/**
 * Collects the literals of a statement whose value can have no part in its facts, by an allow-list of positions. What is not on it (positions of
 * ORDER BY and GROUP BY, items of a select list without alias, JSON paths, everything in statements that are no query or change of rows) is not collected,
 * and the text is then known by its exact bytes.
 */
export class LiteralPositions {
  readonly safe: Set<Literal> = new Set()
  /** True when one of them is the argument of a function: then every function must be harmless. */
  inCall = false
  #calls = 0

  statement(node: Statement): void {
    switch (node.kind) {
      case 'query_statement':
        this.#query(node.query)
        return
      case 'insert':
        if (node.source.kind === 'query') this.#query(node.source.query)
        else for (const row of node.source.rows) this.#operands(row, 'value')
        this.#assignments(node.onDuplicate)
        this.#items(node.returning ?? [])
        return
      case 'update':
        this.#tables(node.tables, 'never')
        this.#assignments(node.assignments)
        if (node.where !== null) this.#condition(node.where)
        this.#bounds(node)
        return
      case 'delete':
        this.#tables(node.from, 'never')
        if (node.where !== null) this.#condition(node.where)
        this.#bounds(node)
        this.#items(node.returning ?? [])
        return
      default:
    }
  }

  #bounds(node: { readonly orderBy: readonly OrderItem[]; readonly limit: Query['limit'] }): void {
    this.#order(node.orderBy)
    this.#operands([node.limit?.count ?? null, node.limit?.offset ?? null], 'value')
  }

  /** `named`: what its columns are called can be told outside of it. */
  #query(query: Query, named = true): void {
    if (query.into !== null) return
    for (const table of query.with?.tables ?? []) this.#query(table.query)
    this.#body(query.body, named)
    this.#bounds(query)
  }

  #body(body: QueryBody, named: boolean): void {
    switch (body.kind) {
      case 'query':
        this.#query(body, named)
        return
      case 'set_operation':
        this.#body(body.left, named)
        this.#body(body.right, named)
        return
      case 'values':
        for (const row of body.rows) this.#operands(row, 'value')
        return
      case 'table_query':
        return
      case 'select':
        if (named) this.#items(body.items)
        else for (const item of body.items) this.#operand(item.expression, 'value')
        if (body.from !== null) this.#tables(body.from, 'value')
        this.#operands([body.where, body.having, body.qualify], 'value')
        this.#order(body.groupBy)
        for (const { window } of body.windows) this.#window(window)
    }
  }

  /** The text of an item without alias is the name of its column. */
  #items(items: readonly SelectItem[]): void {
    for (const item of items) if (item.alias !== null) this.#operand(item.expression, 'value')
  }

  #order(items: readonly OrderItem[]): void {
    // A literal that stands alone is a position.
    for (const { expression } of items) if (expression.kind !== 'literal') this.#operand(expression, 'value')
  }

  #window(window: Window): void {
    this.#operands(window.partitionBy, 'value')
    this.#order(window.orderBy)
    this.#operands(window.frame, 'value')
  }

  #assignments(assignments: readonly Assignment[]): void {
    for (const { value } of assignments) this.#operand(value, 'value')
  }

  #tables(node: TableReference, place: Place): void {
    switch (node.kind) {
      case 'join':
        this.#tables(node.left, place)
        this.#tables(node.right, place)
        if (node.on !== null) this.#operand(node.on, place)
        return
      case 'derived_table':
        if (place === 'value') this.#query(node.query)
        return
      case 'base_table':
      case 'json_table':
    }
  }

  /** The condition of an UPDATE or DELETE. */
  #condition(node: Expression): void {
    if (node.kind !== 'operation') return
    const { operator, operands } = node
    if (operator === 'and') {
      for (const operand of operands) this.#condition(operand)
      return
    }
    const [left, ...rest] = operands
    if (left?.kind !== 'column') return
    if (COMPARISONS.has(operator)) for (const operand of rest) this.#literal(operand)
    else if (operator === 'in' && rest[0]?.kind === 'row') for (const operand of rest[0].items) this.#literal(operand)
  }

  #literal(node: Expression): void {
    if (node.kind !== 'literal') return
    this.safe.add(node)
    if (this.#calls > 0) this.inCall = true
  }

  #operands(nodes: readonly (Expression | null)[], place: Place): void {
    for (const node of nodes) if (node !== null) this.#operand(node, place)
  }

  #operand(node: Expression, place: Place): void {
    if (place === 'never') return
    switch (node.kind) {
      case 'literal':
        this.#literal(node)
        return
      case 'operation':
        this.#operands(node.operands, place)
        return
      case 'row':
        this.#operands(node.items, place)
        return
      case 'case':
        if (node.operand !== null) this.#operand(node.operand, place)
        for (const { when, result } of node.branches) this.#operands([when, result], place)
        if (node.otherwise !== null) this.#operand(node.otherwise, place)
        return
      case 'call':
        if (NEVER.test(node.name)) return
        this.#calls++
        this.#operands(node.arguments, place)
        this.#order(node.orderBy)
        this.#calls--
        if (node.over !== null) this.#window(node.over)
        return
      case 'subquery':
        this.#query(node.query, false)
        return
      case 'user_variable':
      case 'system_variable':
      case 'column':
      case 'star':
      case 'parameter':
      case 'default':
    }
  }
}

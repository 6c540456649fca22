import type { DeleteStmt, InsertStmt, SelectStmt, UpdateStmt } from 'libpg-query'
import { comparesWithColumn, isBareColumn, mentionsColumn, picksFromBuiltValue } from './shape-operands.ts'
import { isPlainType, neverWithLiterals } from './shape-names.ts'
import { kindOf, lastName, listOf } from './facts/tree.ts'
import type { Tree } from './facts/tree.ts'

/**
 * Where a literal may stand. `decides`: inside the conditions of an UPDATE or DELETE, where only a plain comparison with a column
 * is safe: anything else could be what makes the condition true whatever the row. `compared`: the other side of such a comparison.
 * `never`: deeper in such a condition than its ANDs, where two literals may be compared with one another in effect:
 * `a < 1 OR a >= 1`, `(a = 1) = (a = 1)`.
 */
type Place = 'value' | 'compared' | 'decides' | 'never'

/** Kinds of nodes below which a condition is still the condition. */
const staysDeciding: ReadonlySet<string> = new Set(['A_Expr', 'BoolExpr', 'SubLink'])

/**
 * Collects the literals of a query whose value cannot change what the statement does: by an allow-list of positions. What is not on
 * it (positions of ORDER BY and GROUP BY, constant conditions, casts to `regclass` and its like, JSON paths, everything in a utility
 * statement) is not collected, and the text is then read by its exact bytes.
 */
export class LiteralPositions {
  /** Byte offsets of the constants found in safe positions, as the parser reports them. */
  readonly safe: Set<number> = new Set()
  /** True when one of them is the argument of a function: then every function must be harmless. */
  inCall = false
  #calls = 0

  /** Walks one statement of a text. `writes`: the text holds an UPDATE, DELETE or MERGE somewhere. */
  statement(node: Tree | undefined, writes: boolean): void {
    this.#nested(node, writes ? 'decides' : 'value')
  }

  #nested(node: Tree | undefined, place: Place): void {
    if (node?.SelectStmt !== undefined) this.#select(node.SelectStmt, place)
    else if (node?.InsertStmt !== undefined) this.#insert(node.InsertStmt, place)
    else if (node?.UpdateStmt !== undefined) this.#update(node.UpdateStmt, place)
    else if (node?.DeleteStmt !== undefined) this.#delete(node.DeleteStmt, place)
  }

  #select(select: SelectStmt, place: Place): void {
    if (select.intoClause !== undefined) return
    this.#with(select.withClause?.ctes, place)
    for (const target of listOf(select.targetList)) this.#operand(target.ResTarget?.val, place)
    for (const node of listOf(select.distinctClause)) this.#inner(node, place)
    for (const node of listOf(select.fromClause)) this.#from(node, place)
    this.#inner(select.whereClause, place)
    for (const node of listOf(select.groupClause)) this.#inner(node, place)
    this.#inner(select.havingClause, place)
    for (const node of listOf(select.sortClause)) this.#inner(node.SortBy?.node, place)
    for (const row of listOf(select.valuesLists)) this.#operands(row.List?.items, place)
    // LIMIT and OFFSET change how many rows, in any statement.
    this.#operand(select.limitCount, 'value')
    this.#operand(select.limitOffset, 'value')
    if (select.larg !== undefined) this.#select(select.larg, place)
    if (select.rarg !== undefined) this.#select(select.rarg, place)
  }

  #insert(insert: InsertStmt, place: Place): void {
    this.#with(insert.withClause?.ctes, place)
    this.#nested(insert.selectStmt, place)
    for (const target of listOf(insert.onConflictClause?.targetList)) this.#operand(target.ResTarget?.val, 'value')
    this.#inner(insert.onConflictClause?.whereClause, 'decides')
    this.#returning(insert.returningClause?.exprs)
  }

  #update(update: UpdateStmt, place: Place): void {
    this.#with(update.withClause?.ctes, place)
    for (const target of listOf(update.targetList)) {
      const value: Tree | undefined = target.ResTarget?.val
      this.#operand(value?.MultiAssignRef === undefined ? value : value.MultiAssignRef.source, 'value')
    }
    for (const node of listOf(update.fromClause)) this.#from(node, place)
    this.#inner(update.whereClause, place)
    this.#returning(update.returningClause?.exprs)
  }

  #delete(statement: DeleteStmt, place: Place): void {
    this.#with(statement.withClause?.ctes, place)
    for (const node of listOf(statement.usingClause)) this.#from(node, place)
    this.#inner(statement.whereClause, place)
    this.#returning(statement.returningClause?.exprs)
  }

  #returning(targets: readonly Tree[] | undefined): void {
    for (const target of listOf(targets)) this.#operand(target.ResTarget?.val, 'value')
  }

  #with(ctes: readonly Tree[] | undefined, place: Place): void {
    for (const cte of listOf(ctes)) this.#nested(cte.CommonTableExpr?.ctequery, place)
  }

  #from(node: Tree, place: Place): void {
    if (node.JoinExpr !== undefined) {
      if (node.JoinExpr.larg !== undefined) this.#from(node.JoinExpr.larg, place)
      if (node.JoinExpr.rarg !== undefined) this.#from(node.JoinExpr.rarg, place)
      this.#inner(node.JoinExpr.quals, place)
    } else if (node.RangeSubselect !== undefined) {
      this.#nested(node.RangeSubselect.subquery, place)
    } else if (node.RangeFunction !== undefined) {
      for (const call of listOf(node.RangeFunction.functions)) this.#inner(call.List?.items?.[0], place)
    }
  }

  /** An operand whose literal, bare or cast, is safe; except where it decides. */
  #operand(node: Tree | undefined, place: Place): void {
    if (node === undefined) return
    const isSafe = place === 'value' || place === 'compared'
    if (isSafe && node.A_Const !== undefined) {
      this.#take(node.A_Const.location)
    } else if (isSafe && node.TypeCast !== undefined) {
      if (!isPlainType(node.TypeCast.typeName)) return
      this.#operands(node.TypeCast.typeName?.typmods, place)
      this.#operand(node.TypeCast.arg, place)
    } else if (isSafe && (node.A_ArrayExpr !== undefined || node.RowExpr !== undefined || node.List !== undefined)) {
      this.#operands(node.A_ArrayExpr?.elements ?? node.RowExpr?.args ?? node.List?.items, place)
    } else {
      this.#inner(node, place === 'compared' ? 'decides' : place)
    }
  }

  #operands(nodes: readonly Tree[] | undefined, place: Place): void {
    for (const node of listOf(nodes)) this.#operand(node, place)
  }

  #take(location: number | undefined): void {
    this.safe.add(location ?? 0)
    if (this.#calls > 0) this.inCall = true
  }

  /** An expression that is itself no literal: one here decides (`WHERE 't'`), or is a position (`ORDER BY 1`). */
  #inner(node: Tree | undefined, outer: Place): void {
    if (node === undefined) return
    const kind = kindOf(node)
    const place = outer === 'decides' && !staysDeciding.has(kind) ? 'never' : outer
    switch (kind) {
      case 'A_Expr':
        this.#expression(node, place)
        return
      case 'BoolExpr':
        for (const argument of listOf(node.BoolExpr?.args)) {
          this.#inner(argument, place === 'decides' && node.BoolExpr?.boolop !== 'AND_EXPR' ? 'never' : place)
        }
        return
      case 'TypeCast':
        if (!isPlainType(node.TypeCast?.typeName)) return
        this.#operands(node.TypeCast?.typeName?.typmods, 'value')
        this.#inner(node.TypeCast?.arg, place)
        return
      case 'FuncCall':
        this.#call(node, place)
        return
      case 'CoalesceExpr': {
        const [first, ...rest] = listOf(node.CoalesceExpr?.args)
        this.#inner(first, place)
        this.#operands(rest, place)
        return
      }
      case 'MinMaxExpr': {
        const args = listOf(node.MinMaxExpr?.args)
        if (args.some(mentionsColumn)) this.#operands(args, place)
        return
      }
      case 'CaseExpr':
        this.#case(node, place)
        return
      case 'NullTest':
        this.#inner(node.NullTest?.arg, place)
        return
      case 'BooleanTest':
        this.#inner(node.BooleanTest?.arg, place)
        return
      case 'CollateClause':
        this.#inner(node.CollateClause?.arg, place)
        return
      case 'SubLink':
        this.#inner(node.SubLink?.testexpr, place)
        this.#nested(node.SubLink?.subselect, place)
        return
      case 'A_Indirection':
        // An element of a column is the column; an element of ARRAY[a, b] is one of the two.
        if (!isBareColumn(node.A_Indirection?.arg) || place !== 'value') return
        for (const index of listOf(node.A_Indirection?.indirection)) {
          this.#operand(index.A_Indices?.lidx, place)
          this.#operand(index.A_Indices?.uidx, place)
        }
        return
      case 'A_ArrayExpr':
        for (const element of listOf(node.A_ArrayExpr?.elements)) this.#inner(element, place)
        return
      case 'RowExpr':
        for (const element of listOf(node.RowExpr?.args)) this.#inner(element, place)
        return
      default:
      // Names and parameters hold no literal; of anything else the literals are not safe.
    }
  }

  #expression(node: Tree, place: Place): void {
    const expression = node.A_Expr
    if (expression === undefined) return
    const { lexpr: left, rexpr: right } = expression
    if (place === 'decides' || place === 'never') {
      const safe = place === 'decides' && comparesWithColumn(expression)
      if (safe && isBareColumn(left)) this.#operand(right, 'compared')
      else if (safe && isBareColumn(right)) this.#operand(left, 'compared')
      else {
        this.#inner(left, 'never')
        this.#inner(right, 'never')
      }
      return
    }
    if (left !== undefined && mentionsColumn(left) && !picksFromBuiltValue(expression)) this.#operand(right, place)
    else this.#inner(right, place)
    if (right !== undefined && mentionsColumn(right)) this.#operand(left, place)
    else this.#inner(left, place)
  }

  #call(node: Tree, place: Place): void {
    const call = node.FuncCall
    if (call === undefined || neverWithLiterals(lastName(call.funcname))) return
    this.#calls++
    for (const argument of listOf(call.args)) this.#operand(argument.NamedArgExpr?.arg ?? argument, place)
    for (const order of listOf(call.agg_order)) this.#inner(order.SortBy?.node, place)
    this.#inner(call.agg_filter, place)
    for (const part of listOf(call.over?.partitionClause)) this.#inner(part, place)
    for (const order of listOf(call.over?.orderClause)) this.#inner(order.SortBy?.node, place)
    this.#calls--
  }

  #case(node: Tree, place: Place): void {
    const { arg, args, defresult } = node.CaseExpr ?? {}
    this.#inner(arg, place)
    for (const branch of listOf(args)) {
      if (arg !== undefined && mentionsColumn(arg)) this.#operand(branch.CaseWhen?.expr, place)
      else this.#inner(branch.CaseWhen?.expr, place)
      this.#operand(branch.CaseWhen?.result, place)
    }
    this.#operand(defresult, place)
  }
}

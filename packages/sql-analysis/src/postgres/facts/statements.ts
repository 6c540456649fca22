import type { Action, StatementFacts } from '@gatehouse/core'
import { readDelete, readUpdate } from './changes/changes.ts'
import { readDefinition } from './definitions/definitions.ts'
import { readExpression } from './expressions/expressions.ts'
import { readInsert, readMerge } from './changes/inserts.ts'
import { type Column, outputOf } from './lineage.ts'
import { fill, readCopy, readCreateAs, readExplain, readView } from './definitions/made-from-queries.ts'
import { readSelect } from './queries/queries.ts'
import { type NameEnvironment, Reading, type Walkers } from './reading.ts'
import { type Scope, TOP } from './scope.ts'
import { readSessionStatement } from './session-statements.ts'
import { type Tree, intoClauseOf, kindOf } from './tree.ts'
import { OverBudget, type Work } from '../../facts/work.ts'

const WALKERS: Walkers = {
  expression: readExpression,
  select: readSelect,
  query: readQuery,
  statement: (reading, node, outer) => void readStatement(reading, node, outer),
}

/** Reads any statement into the reading, its output too; returns its action. Throws when it is not understood. */
function readStatement(reading: Reading, node: Tree, outer: Scope): Action {
  const changed = changeAction(node)
  if (changed !== null) {
    const columns = readQuery(reading, node, outer)
    reading.output = columns === null ? null : outputOf(reading, columns)
    const into = node.SelectStmt === undefined ? null : intoClauseOf(node.SelectStmt)
    if (into === null) {
      if (changed === 'select' && !reading.hasAccess()) reading.access('select', null, null)
      return changed
    }
    fill(reading, 'create_table', into, columns)
    reading.output = null
    return 'create_table'
  }
  if (node.CreateTableAsStmt !== undefined) return readCreateAs(reading, node.CreateTableAsStmt)
  if (node.ViewStmt !== undefined) return readView(reading, node.ViewStmt)
  if (node.ExplainStmt !== undefined) return readExplain(reading, node.ExplainStmt)
  if (node.CopyStmt !== undefined) return readCopy(reading, node.CopyStmt)
  // The body of an SQL function: RETURN expression.
  if (node.ReturnStmt !== undefined) {
    if (node.ReturnStmt.returnval !== undefined) readExpression(reading, node.ReturnStmt.returnval, outer)
    return 'select'
  }
  const action = readSessionStatement(reading, node) ?? readDefinition(reading, node)
  if (action === null) throw new Error(`a statement of kind ${kindOf(node) || 'nothing'} is not understood`)
  return action
}

function changeAction(node: Tree): Action | null {
  if (node.SelectStmt !== undefined) return 'select'
  if (node.InsertStmt !== undefined) return 'insert'
  if (node.UpdateStmt !== undefined) return 'update'
  if (node.DeleteStmt !== undefined) return 'delete'
  return node.MergeStmt === undefined ? null : 'merge'
}

function readQuery(reading: Reading, node: Tree, outer: Scope): readonly Column[] | null {
  if (node.SelectStmt !== undefined) return readSelect(reading, node.SelectStmt, outer)
  if (node.InsertStmt !== undefined) return readInsert(reading, node.InsertStmt, outer)
  if (node.UpdateStmt !== undefined) return readUpdate(reading, node.UpdateStmt, outer)
  if (node.DeleteStmt !== undefined) return readDelete(reading, node.DeleteStmt, outer)
  if (node.MergeStmt !== undefined) return readMerge(reading, node.MergeStmt, outer)
  throw new Error(`${kindOf(node) || 'nothing'} where a query is expected`)
}

/** Units for what every statement costs. */
const STATEMENT_UNITS = 40

/** Facts of one statement, and whether names may mean something else after it. Never throws. */
export function readOne(
  node: Tree | undefined,
  environment: NameEnvironment,
  work: Work,
): { readonly facts: StatementFacts; readonly movesNames: boolean } {
  const reading = new Reading(environment, WALKERS, work)
  let action: Action = 'unknown'
  try {
    reading.spend(STATEMENT_UNITS)
    if (node === undefined) throw new Error('an empty statement')
    action = readStatement(reading, node, TOP)
  } catch (error) {
    if (error instanceof OverBudget) reading.reason = error.message
    // What was found until then stays: it can only add to a refusal.
    reading.incomplete(
      error instanceof RangeError ? 'nested too deep' : error instanceof Error ? error.message : 'not understood',
    )
    reading.accessUnknown()
    reading.movesNames = true
    reading.output = [{ name: null, sources: [], through: [], complete: false, reason: reading.reason }]
  }
  return { facts: reading.facts(action), movesNames: reading.movesNames }
}

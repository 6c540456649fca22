import type { Action, StatementFacts } from '@gatehouse/core'
import { onlyDiagnostics } from './session/diagnostics.ts'
import { OverBudget, type Work } from '../../facts/work.ts'
import type { MysqlNames } from '../names.ts'
import type { ProgramStatement, Statement } from '../statement-tree.ts'
import { readDelete, readUpdate } from './changes/changes.ts'
import { readInsert, readLoadData } from './changes/inserts.ts'
import { readDefinition } from './definitions/definitions.ts'
import { readExpression } from './expressions/expressions.ts'
import { type Column, outputOf } from './lineage.ts'
import { lookAtAllIndexes } from './queries/from.ts'
import { readQuery } from './queries/queries.ts'
import { Reading, type Walkers } from './reading.ts'
import { readProcedure, readStoredFunction } from './routines/routines.ts'
import { type Scope, TOP } from './scope.ts'
import { readExplain } from './session/explain.ts'
import {
  readCommand,
  readDiagnostics,
  readHandler,
  readPrepared,
  readSet,
  readTransaction,
} from './session/session-statements.ts'
import { readShow, unknownOutput } from './session/show.ts'

const WALKERS: Walkers = {
  expression: readExpression,
  query: readQuery,
  statement: (reading, node, outer) => void readStatement(reading, node, outer),
  storedFunction: readStoredFunction,
}

/** Reads any statement into the reading, its output too; returns its action. Throws when it is not understood. */
function readStatement(reading: Reading, node: Statement | ProgramStatement, outer: Scope): Action {
  switch (node.kind) {
    case 'query_statement': {
      const columns = reading.walk.query(reading, node.query, outer)
      give(reading, reading.returnsNothing ? null : columns)
      if (!reading.hasAccess()) reading.access('select', null, null)
      return 'select'
    }
    case 'insert':
      give(reading, readInsert(reading, node, outer))
      return 'insert'
    case 'update':
      give(reading, readUpdate(reading, node, outer))
      return 'update'
    case 'delete':
      give(reading, readDelete(reading, node, outer))
      return 'delete'
    case 'load_data':
      readLoadData(reading, node, outer)
      reading.access('load_data', null, null)
      return 'load_data'
    case 'set':
      return readSet(reading, node, outer)
    case 'show':
      return readShow(reading, node, outer)
    case 'call_statement':
      reading.access('call', null, null)
      give(reading, readProcedure(reading, node, outer))
      return 'call'
    case 'do':
      reading.access('do', null, null)
      for (const expression of node.expressions) reading.decide(reading.walk.expression(reading, expression, outer))
      return 'do'
    case 'prepare':
    case 'execute':
    case 'execute_immediate':
    case 'deallocate':
      return readPrepared(reading, node, outer)
    case 'handler':
      return readHandler(reading, node, outer)
    case 'explain':
      return readExplain(reading, node, outer)
    case 'get_diagnostics':
    case 'signal':
    case 'resignal':
      return readDiagnostics(reading, node, outer)
    case 'transaction':
      return readTransaction(reading, node)
    case 'definition':
      return readDefinition(reading, node, outer)
    case 'command':
      return readCommand(reading, node, outer)
    default:
      // BEGIN NOT ATOMIC … END of MariaDB, and what only stands in stored programs.
      reading.dynamicSql = true
      throw new Error('a block of statements outside of a stored program is not followed')
  }
}

function give(reading: Reading, columns: readonly Column[] | null): void {
  reading.output = columns === null ? null : outputOf(reading, columns)
}

/** Units for what every statement costs. */
const STATEMENT_UNITS = 40

/** Facts of one statement, and whether names may mean, or texts be, something else after it. Never throws. */
export function readOne(
  node: Statement | ProgramStatement,
  names: MysqlNames,
  work: Work,
): { readonly facts: StatementFacts; readonly movesNames: boolean; readonly movesTexts: boolean } {
  const reading = new Reading(names, WALKERS, work)
  let action: Action = 'unknown'
  try {
    reading.spend(STATEMENT_UNITS)
    if (names.dialect.oracle) throw new Error('statements under sql_mode ORACLE are not read')
    action = readStatement(reading, node, TOP)
    if (reading.steersIndexes) lookAtAllIndexes(reading)
  } catch (error) {
    if (error instanceof OverBudget) reading.reason = error.message
    // What was found until then stays: it can only add to a refusal.
    reading.incomplete(
      error instanceof RangeError ? 'nested too deep' : error instanceof Error ? error.message : 'not understood',
    )
    reading.accessUnknown()
    reading.movesNames = true
    reading.movesTexts = true
    reading.output = [unknownOutput(reading.reason ?? 'not understood')]
  }
  const facts = reading.facts(action)
  return {
    facts: {
      ...facts,
      ...(reading.temporary.length > 0 && { temporary: reading.temporary }),
      ...(reading.keepsValues && { keepsValues: true as const }),
      ...(reading.diagnostics && onlyDiagnostics(facts) && { diagnostics: 'unknown' as const }),
    },
    movesNames: reading.movesNames,
    movesTexts: reading.movesTexts,
  }
}

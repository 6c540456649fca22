import type { Action, ColumnWrite, StatementFacts } from '@gatehouse/core'
import type { DiscardMode, TransactionStmt, TransactionStmtKind } from 'libpg-query'
import { readCall } from './expressions/calls.ts'
import { derivedFrom, functionNames, type Lineage } from './lineage.ts'
import type { Reading } from './reading.ts'
import { TOP } from './scope.ts'
import { addSetting, addTransactionModes, readVariableSet } from './settings.ts'
import { type Tree, listOf } from './tree.ts'

/** Reads a statement about the session, the transaction, cursors or code; null when the node is none. */
export function readSessionStatement(reading: Reading, node: Tree): Action | null {
  if (node.TransactionStmt !== undefined) return readTransaction(reading, node.TransactionStmt)
  if (node.VariableSetStmt !== undefined) return readVariableSet(reading, node.VariableSetStmt)
  if (node.VariableShowStmt !== undefined) return readShow(reading, node.VariableShowStmt.name ?? '')
  if (node.PrepareStmt !== undefined) {
    if (node.PrepareStmt.query === undefined) throw new Error('a PREPARE is not understood')
    reading.walk.statement(reading, node.PrepareStmt.query, TOP)
    // What EXECUTE will return is told by readNamedStatement: PREPARE itself returns no rows.
    reading.output = null
    reading.prepared = node.PrepareStmt.name ?? ''
    return plain(reading, 'prepare')
  }
  if (node.ExecuteStmt !== undefined) {
    const name = node.ExecuteStmt.name ?? ''
    const parameters = listOf(node.ExecuteStmt.params).map((each) => reading.walk.expression(reading, each, TOP))
    reading.prepared = name
    const facts = reading.environment.prepared?.(name, reading.work.text) ?? null
    runNamed(reading, facts, `what "${name}" was prepared as is not known: DEALLOCATE it and PREPARE it again`)
    handOver(reading, derivedFrom(reading, parameters))
    return plain(reading, 'execute')
  }
  if (node.DeallocateStmt !== undefined) {
    const { name } = node.DeallocateStmt
    reading.prepared = name === undefined || name === '' ? null : name
    return plain(reading, 'deallocate')
  }
  if (node.DeclareCursorStmt !== undefined) {
    if (node.DeclareCursorStmt.query === undefined) throw new Error('a cursor is not understood')
    reading.walk.statement(reading, node.DeclareCursorStmt.query, TOP)
    reading.output = null
    reading.cursor = node.DeclareCursorStmt.portalname ?? ''
    return plain(reading, 'declare_cursor')
  }
  if (node.FetchStmt !== undefined) {
    const name = node.FetchStmt.portalname ?? ''
    reading.cursor = name
    runNamed(reading, reading.environment.cursor?.(name) ?? null, 'a cursor whose query is not known')
    if (node.FetchStmt.ismove === true) reading.output = null
    return plain(reading, 'fetch')
  }
  if (node.ClosePortalStmt !== undefined) {
    reading.cursor = node.ClosePortalStmt.portalname ?? null
    return plain(reading, 'close_cursor')
  }
  if (node.DiscardStmt !== undefined) return readDiscard(reading, node.DiscardStmt.target)
  if (node.ListenStmt !== undefined) return named(reading, 'listen', node.ListenStmt.conditionname)
  if (node.UnlistenStmt !== undefined) return named(reading, 'unlisten', node.UnlistenStmt.conditionname)
  if (node.NotifyStmt !== undefined) return named(reading, 'notify', node.NotifyStmt.conditionname)
  if (node.LoadStmt !== undefined) {
    reading.files.push(node.LoadStmt.filename ?? '')
    reading.movesNames = true
    return named(reading, 'load', node.LoadStmt.filename)
  }
  if (node.CallStmt !== undefined) {
    if (node.CallStmt.funccall === undefined) throw new Error('a CALL is not understood')
    const value = readCall(reading, node.CallStmt.funccall, TOP, null)
    reading.movesNames = true
    // Output arguments come back as a row.
    reading.output = [
      {
        name: null,
        sources: value.sources,
        through: [],
        complete: false,
        reason: 'what a procedure returns is not known',
      },
    ]
    return plain(reading, 'call')
  }
  if (node.DoStmt !== undefined) {
    reading.dynamicSql = true
    reading.movesNames = true
    return plain(reading, 'do')
  }
  return null
}

function plain(reading: Reading, action: Action): Action {
  reading.access(action, null, null)
  return action
}

function named(reading: Reading, action: Action, name: string | undefined): Action {
  reading.access(action, name === undefined || name === '' ? null : { schema: null, name }, null)
  return action
}

function runNamed(reading: Reading, facts: StatementFacts | null, reason: string): void {
  if (facts === null) {
    reading.output = [{ name: null, sources: [], through: [], complete: false, reason }]
    reading.movesNames = true
    return
  }
  reading.absorb(facts)
  reading.absorbEffects(facts)
  reading.output = facts.output
}

/** What EXECUTE is given may come out, be written and be looked at wherever the statement that it runs has a parameter. */
function handOver(reading: Reading, value: Lineage): void {
  if (value.sources.length === 0 && value.through.length === 0 && value.opacity === 'none') return
  reading.decide(value)
  const { output, writes } = reading
  reading.spend((1 + value.sources.length) * ((output?.length ?? 0) + writes.length))
  reading.output =
    output?.map((column) => ({ ...withSources(column, value), reason: column.reason ?? value.reason })) ?? null
  writes.forEach((write, index) => (writes[index] = withSources(write, value)))
}

function withSources<T extends Pick<ColumnWrite, 'sources' | 'through' | 'complete'>>(place: T, value: Lineage): T {
  return {
    ...place,
    sources: [...place.sources, ...value.sources],
    through: [...place.through, ...functionNames(value.through)],
    complete: place.complete && value.opacity === 'none',
  }
}

// SHOW gives settings, never stored values.
function readShow(reading: Reading, name: string): Action {
  const all = name.toLowerCase() === 'all'
  addSetting(reading, { action: 'show', name: all ? '*' : name.toLowerCase(), value: null })
  const columns = all ? ['name', 'setting', 'description'] : [name]
  reading.output = columns.map((column) => ({ name: column, sources: [], through: [], complete: true, reason: null }))
  return plain(reading, 'show')
}

function readDiscard(reading: Reading, target: DiscardMode | undefined): Action {
  reading.changesNames = true
  if (target === 'DISCARD_ALL') addSetting(reading, { action: 'reset', name: '*', value: null })
  if (target === 'DISCARD_ALL' || target === 'DISCARD_TEMP') reading.movesNames = true
  return plain(reading, 'discard')
}

const TRANSACTION_ACTIONS: Readonly<Record<TransactionStmtKind, Action>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback_to',
  TRANS_STMT_PREPARE: 'prepare_transaction',
  TRANS_STMT_COMMIT_PREPARED: 'commit_prepared',
  TRANS_STMT_ROLLBACK_PREPARED: 'rollback_prepared',
}

function readTransaction(reading: Reading, statement: TransactionStmt): Action {
  const action = statement.kind === undefined ? undefined : TRANSACTION_ACTIONS[statement.kind]
  if (action === undefined) throw new Error('a transaction statement is not understood')
  addTransactionModes(reading, listOf(statement.options), '')
  // What SET and DDL did since is undone.
  if (action === 'rollback' || action === 'rollback_to' || action === 'commit_prepared') reading.changesNames = true
  return plain(reading, action)
}

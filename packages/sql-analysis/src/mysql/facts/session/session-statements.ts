import type { Action, OutputColumn } from '@gatehouse/core'
import type { QualifiedName } from '../../query-tree.ts'
import type {
  Command,
  DiagnosticsStatement,
  Handler,
  PreparedStatement,
  SetStatement,
  TransactionStatement,
} from '../../statement-tree.ts'
import { derivedFrom, named, NOTHING, outputOf, untraced } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { itemOf } from '../item.ts'
import { tableColumns } from '../queries/views.ts'
import { findTable, newRelationName, relationName } from '../relations.ts'
import { below, type Scope } from '../scope.ts'
import { addSetting, readSetItem } from './settings.ts'
import { unknownOutput } from './show.ts'
import { writeVariable } from './variables.ts'

/** SET in all its forms. */
export function readSet(reading: Reading, { items, statement }: SetStatement, outer: Scope): Action {
  for (const item of items) readSetItem(reading, item, outer)
  if (statement !== null) {
    // SET STATEMENT … FOR of MariaDB: settings for one statement, which was read under the session's.
    if (reading.movesNames) reading.incomplete('SET STATEMENT changes how the statement itself is read')
    reading.walk.statement(reading, statement, outer)
  }
  if (items.length > 0 && items.every((item) => item.kind === 'variable' && item.value.kind === 'default'))
    return 'reset'
  const [only] = items
  if (items.length !== 1 || only === undefined) return 'set'
  if (only.kind === 'transaction') return only.scope === null ? 'set_transaction' : 'set'
  if (only.kind === 'role') return 'set_role'
  return only.kind === 'password' || only.kind === 'default_role' ? 'alter_user' : 'set'
}

/** BEGIN, COMMIT, XA … (MySQL manual, "Transactional and Locking Statements"). */
export function readTransaction(reading: Reading, { verb, options }: TransactionStatement): Action {
  if (options.includes('read_only')) addSetting(reading, { action: 'set', name: 'transaction_read_only', value: 'on' })
  if (options.includes('read_write'))
    addSetting(reading, { action: 'set', name: 'transaction_read_only', value: 'off' })
  reading.access(verb, null, null)
  if (verb === 'xa_recover') reading.output = RECOVERED
  return verb
}

/** PREPARE, EXECUTE, EXECUTE IMMEDIATE, DEALLOCATE PREPARE. */
export function readPrepared(reading: Reading, statement: PreparedStatement, outer: Scope): Action {
  const { kind, name, source, using } = statement
  reading.prepared = name
  for (const node of using) writeVariable(reading, reading.walk.expression(reading, node, outer))
  switch (kind) {
    case 'deallocate':
      reading.access('deallocate', null, null)
      return 'deallocate'
    case 'execute':
      reading.access('execute', null, null)
      readExecute(reading, name ?? '')
      return 'execute'
    case 'prepare':
    case 'execute_immediate': {
      const action = kind === 'prepare' ? 'prepare' : 'execute'
      reading.access(action, null, null)
      readText(reading, source, outer)
      // What is only prepared sends no rows yet.
      if (kind === 'prepare') reading.output = null
      return action
    }
    default:
      return kind satisfies never
  }
}

function readExecute(reading: Reading, name: string): void {
  const known = reading.names.prepared?.(name) ?? null
  if (known === null) {
    reading.dynamicSql = true
    reading.output = [unknownOutput(`what was prepared as ${name} is not known`)]
    reading.incomplete(`what was prepared as ${name} is not known`)
    return
  }
  reading.absorb(known)
  reading.absorbEffects(known)
  reading.output = known.output
  if (known.changesNames) {
    reading.movesNames = true
    reading.movesTexts = true
  }
}

/** A text that is a literal is read with the statement; any other is only known when it runs. */
function readText(reading: Reading, source: PreparedStatement['source'], outer: Scope): void {
  const text = source?.kind === 'literal' && source.type === 'string' ? source.value : null
  const statements = text === null ? null : (reading.names.parse?.(text) ?? null)
  const [only] = statements ?? []
  if (only === undefined || statements?.length !== 1) {
    if (source !== null) writeVariable(reading, reading.walk.expression(reading, source, outer))
    reading.dynamicSql = true
    reading.incomplete('the text that is prepared is computed, or could not be read')
    reading.output = [unknownOutput('the text that is prepared is computed, or could not be read')]
    return
  }
  reading.walk.statement(reading, only, outer)
}

/** HANDLER reads rows without SELECT: which, an earlier HANDLER … OPEN says. */
export function readHandler(reading: Reading, statement: Handler, outer: Scope): Action {
  const relation = relationName(reading, statement.table)
  reading.access('select', relation, null)
  for (const node of statement.values) reading.decide(reading.walk.expression(reading, node, outer))
  if (statement.verb === 'close') return 'select'
  reading.incomplete('HANDLER cannot be followed: read the rows with SELECT')
  reading.output = statement.verb === 'read' ? [unknownOutput('HANDLER cannot be followed')] : null
  return 'select'
}

/** GET DIAGNOSTICS, SIGNAL, RESIGNAL. */
export function readDiagnostics(reading: Reading, { kind, items }: DiagnosticsStatement, outer: Scope): Action {
  reading.access(kind, null, null)
  for (const { target, value } of items) {
    if (value !== null) reading.decide(reading.walk.expression(reading, value, outer))
    // Messages quote values of the statement before.
    if (target !== null && kind === 'get_diagnostics')
      writeVariable(reading, untraced('name', 'messages of errors and warnings quote values'))
  }
  return kind
}

/** Everything that is no query, change or definition: rights, locks, maintenance, replication, plugins. */
export function readCommand(reading: Reading, statement: Command, outer: Scope): Action {
  const action = COMMAND_ACTIONS.get(statement.action) ?? statement.action
  for (const file of statement.files) reading.files.push(file)
  if (statement.expressions.length > 0) readExpressions(reading, statement, outer)
  if (statement.objects.length === 0 || action === 'use') reading.access(action, null, null)
  for (const { type, name } of action === 'use' ? [] : statement.objects) {
    switch (type) {
      case 'table':
      case 'view':
      case 'sequence':
        reading.access(action, relationName(reading, name), null)
        if (action === 'checksum') tellOfRows(reading, name)
        break
      case 'procedure':
      case 'function':
      case 'trigger':
      case 'event':
        reading.access(action, newRelationName(reading, name), null)
        break
      default:
        reading.access(action, { schema: null, name: name.name }, null)
    }
  }
  if (action === 'use') {
    reading.changesNames = true
    reading.movesNames = true
  }
  if (action === 'grant' || action === 'revoke') reading.changesNames = true
  // The columns are the server's own.
  if (REPORTING.has(action)) reading.output = quotesRows(action) ? reportOutput(reading, statement) : []
  return action
}

/** CHECK TABLE and REPAIR TABLE quote the rows that are in the wrong partition. */
function quotesRows(action: Action): boolean {
  return action === 'check' || action === 'repair'
}

function reportOutput(reading: Reading, { objects }: Command): readonly OutputColumn[] {
  const rows = objects.flatMap(({ type, name }) => {
    const table = type === 'table' ? findTable(reading, name) : undefined
    return table?.partitioned === true ? tableColumns(reading, table).map(({ lineage }) => lineage) : []
  })
  if (rows.length === 0) return []
  const told = ['Table', 'Op', 'Msg_type'].map((name) => named(name, NOTHING))
  return outputOf(reading, [...told, named('Msg_text', derivedFrom(reading, rows))])
}

/** A checksum is another when any value of the table is. */
function tellOfRows(reading: Reading, name: QualifiedName): void {
  const table = findTable(reading, name)
  if (table === undefined) return reading.incomplete(`the columns of ${name.name} are not known`)
  for (const { lineage } of tableColumns(reading, table)) reading.decide(lineage)
}

/** Expressions of a command are over the tables it names: ANALYZE TABLE t UPDATE HISTOGRAM ON a. */
function readExpressions(reading: Reading, { objects, expressions }: Command, outer: Scope): void {
  const parts = objects.flatMap(({ type, name }) => {
    const table = type === 'table' ? findTable(reading, name) : undefined
    if (table === undefined) return []
    return [{ kind: 'item' as const, item: itemOf(reading.tableKey(name.name), tableColumns(reading, table), null) }]
  })
  const scope = below(outer, { kind: 'list', parts })
  for (const node of expressions) reading.decide(reading.walk.expression(reading, node, scope))
}

/** Commands under another name than PostgreSQL's actions, which mean something else. */
const COMMAND_ACTIONS: ReadonlyMap<string, Action> = new Map([
  ['reset', 'reset_server'],
  ['unlock', 'unlock'],
  ['lock_tables', 'lock'],
  ['unlock_tables', 'unlock'],
  ['load_index', 'cache_index'],
])
const REPORTING: ReadonlySet<string> = new Set('analyze check checksum optimize repair help cache_index'.split(' '))

/** Columns of XA RECOVER (MySQL manual, "XA Transaction SQL Statements"). */
const RECOVERED: readonly OutputColumn[] = ['formatID', 'gtrid_length', 'bqual_length', 'data'].map((name) => ({
  name,
  sources: [],
  through: [],
  complete: true,
  reason: null,
}))

import type { OutputColumn } from '@gatehouse/core'
import { below, type Scope } from '../scope.ts'
import type { Show } from '../../statement-tree.ts'
import { itemOf } from '../item.ts'
import { NOTHING } from '../lineage.ts'
import type { Reading } from '../reading.ts'
import { relationName } from '../relations.ts'

/** What SHOW shows that is more than names, definitions, settings and counts; each is an action of its own, with a reason. */
const REVEALING: ReadonlyMap<string, string> = new Map([
  ['warnings', 'messages of warnings quote values'],
  ['errors', 'messages of errors quote values'],
  ['count_warnings', 'the number of warnings tells what became of an earlier statement'],
  ['count_errors', 'the number of errors tells what became of an earlier statement'],
  ['processlist', 'it shows the statements of other sessions'],
  ['engine_status', 'it shows rows and statements of other sessions'],
  ['engine_logs', 'it shows what is kept outside of tables'],
  ['engine_mutex', 'it shows what is kept outside of tables'],
  ['binlog_events', 'it shows rows and statements as they were written'],
  ['relaylog_events', 'it shows rows and statements as they were written'],
  ['profile', 'it shows statements of the session'],
  ['profiles', 'it shows statements of the session'],
  ['grants', 'it shows password hashes'],
  ['create_user', 'it shows password hashes'],
  ['create_server', 'it shows a password'],
  ['replica_status', 'it shows accounts and errors of other servers'],
  ['slave_status', 'it shows accounts and errors of other servers'],
  ['all_slaves_status', 'it shows accounts and errors of other servers'],
  ['replicas', 'it shows accounts of other servers'],
  ['slave_hosts', 'it shows accounts of other servers'],
  ['explain', 'it shows the statement of another session'],
])

/** Those of them that drivers ask for by themselves: policy looks at nothing but what they may show. */
const ASKED_BY_DRIVERS: ReadonlySet<string> = new Set(['warnings', 'errors', 'count_warnings', 'count_errors'])

/** SHOW; returns its action. MySQL manual, "SHOW Statements". */
export function readShow(reading: Reading, statement: Show, outer: Scope): string {
  const { what, object, schema, where } = statement
  const reason = REVEALING.get(what)
  const action = reason === undefined || ASKED_BY_DRIVERS.has(what) ? 'show' : `show_${what}`
  if (object !== null && reason === undefined) {
    const name = { schema: object.schema ?? schema, name: object.name }
    reading.access(action, relationName(reading, name), [])
  } else reading.access(action, null, null)
  if (where !== null) readWhere(reading, where, outer)
  // Rows that the server makes up: what is in them is no value of a table, unless it is told above.
  reading.diagnostics = ASKED_BY_DRIVERS.has(what)
  reading.output = reason === undefined ? [] : [unknownOutput(reason)]
  return action
}

// The columns that a condition names are those of what is shown: any name is one, and none is of a table.
function readWhere(reading: Reading, where: NonNullable<Show['where']>, outer: Scope): void {
  const item = itemOf('', [], NOTHING)
  reading.decide(reading.walk.expression(reading, where, below(outer, { kind: 'item', item })))
}

/** What comes out cannot be told. */
export function unknownOutput(reason: string): OutputColumn {
  return { name: null, sources: [], through: [], complete: false, reason }
}

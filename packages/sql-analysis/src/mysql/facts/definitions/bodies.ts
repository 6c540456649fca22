import type { Definition } from '../../statement-tree.ts'
import { type Item, itemOf } from '../item.ts'
import { NOTHING } from '../lineage.ts'
import { tableColumns } from '../queries/views.ts'
import type { Reading } from '../reading.ts'
import { findTable, newRelationName } from '../relations.ts'
import { runBody } from '../routines/routines.ts'
import { TOP } from '../scope.ts'

/** The body of a routine, trigger or event that is made: what it will do is among what is beneath the statement. */
export function readDefinedBody(reading: Reading, node: Definition): void {
  const [made] = node.objects
  if (node.body === null || made === undefined) return
  const { schema } = newRelationName(reading, made.name)
  const ran = runBody(reading, {
    identity: node,
    schema: schema ?? '',
    tree: node.body,
    parameters: node.parameters,
    values: node.parameters.map(() => NOTHING),
    scope: { ...TOP, source: { kind: 'list', parts: rowsOf(reading, node).map((item) => ({ kind: 'item', item })) } },
    row: node.trigger === null ? null : { table: 'new', assign: (): void => undefined },
    trigger: node.trigger !== null,
  })
  // A write without a condition in it runs later, and not by this statement.
  if (ran === null) reading.incomplete('what the body does could not be followed')
}

/** OLD and NEW of a trigger. */
function rowsOf(reading: Reading, node: Definition): readonly Item[] {
  if (node.trigger === null) return []
  const on = node.others.find(({ role }) => role === 'on')
  const table = on === undefined ? undefined : findTable(reading, on.name)
  const columns = table === undefined ? [] : tableColumns(reading, table)
  return ['new', 'old'].map((alias) => itemOf(alias, columns, table === undefined ? NOTHING : null))
}

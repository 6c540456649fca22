import type { StatementFacts } from '@gatehouse/core'
import type { Catalog } from '@gatehouse/sql-analysis'
import type { Field } from '@gatehouse/postgres-wire'
import { type Reach, keyOf, reachedBy } from './reachable.ts'
import type { ServerAccount } from './server-account.ts'

/** One thing that the server says and the facts do not. */
export interface Disagreement {
  readonly check: 'plan' | 'change' | 'lock' | 'result columns' | 'result names' | 'origin' | 'view'
  readonly what: string
}

const CHANGES = new Set(['insert', 'update', 'delete', 'merge'])

/** Relations in the server's plan and lock table that no access explains. What is incomplete claims nothing, and disagrees with nothing. */
export function againstAccount(facts: StatementFacts, account: ServerAccount, reach: Reach): Disagreement[] {
  const found: Disagreement[] = []
  const any = reachedBy(facts.accesses, reach, null)
  for (const relation of account.planned) {
    if (relation.schema !== '' && !any.has(keyOf(relation))) found.push({ check: 'plan', what: keyOf(relation) })
  }
  for (const relation of account.changed) {
    const allowed = reachedBy(facts.accesses, reach, new Set([relation.action]))
    if (!allowed.has(keyOf(relation))) found.push({ check: 'change', what: `${relation.action} ${keyOf(relation)}` })
  }
  const changed = reachedBy(facts.accesses, reach, CHANGES)
  for (const lock of account.locked) {
    const explained = lock.mode === 'RowExclusiveLock' ? changed : any
    if (!explained.has(keyOf(lock))) found.push({ check: 'lock', what: `${lock.mode} ${keyOf(lock)}` })
  }
  return found
}

/** Columns of the server's result description whose table column is not among the sources found for them. */
export function againstResult(
  facts: StatementFacts,
  fields: readonly Field[],
  catalog: Catalog,
  viewOutput: (schema: string, name: string) => StatementFacts['output'],
): Disagreement[] {
  const { output } = facts
  const names = JSON.stringify(fields.map((field) => field.name))
  if (output === null || output.length !== fields.length) {
    const unknown = output?.some((column) => !column.complete) === true || !facts.complete
    return unknown
      ? []
      : [{ check: 'result columns', what: `${names}, read ${JSON.stringify(output?.map((c) => c.name))}` }]
  }
  const found: Disagreement[] = []
  for (const [index, field] of fields.entries()) {
    const column = output[index]
    if (column === undefined || !column.complete) continue
    if (column.name !== null && column.name !== field.name)
      found.push({ check: 'result names', what: `${field.name}, read ${column.name}` })
    if (field.tableOid === 0 || field.attributeNumber <= 0) continue
    const relation = catalog.relationByOid(field.tableOid)
    const position = relation?.columns.findIndex((one) => one.number === field.attributeNumber) ?? -1
    if (relation === undefined || position < 0) {
      found.push({ check: 'origin', what: `${field.name}: relation ${String(field.tableOid)} is not in the catalog` })
      continue
    }
    const stored = relation.kind !== 'view' && relation.kind !== 'materialized_view'
    const wanted = stored
      ? (relation.base[position]?.names ?? [])
      : (viewOutput(relation.schema, relation.name)?.[position]?.sources ?? []).map((source) => source.column)
    for (const { schema, relation: table, column: name } of wanted) {
      const has = column.sources.some(
        (source) =>
          source.column.schema === schema && source.column.relation === table && source.column.column === name,
      )
      if (!has)
        found.push({ check: 'origin', what: `${field.name}: ${schema}.${table}.${name} is not among its sources` })
    }
  }
  return found
}

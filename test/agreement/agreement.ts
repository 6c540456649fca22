import type { StatementFacts } from '@gatehouse/core'
import type { Catalog } from '@gatehouse/sql-analysis'
import type { Field } from '@gatehouse/postgres-wire'
import { type Reach, keyOf, reachedBy } from './reachable.ts'
import type { ServerAccount } from './server-account.ts'

/** One thing that the server says and the facts do not. */
export interface Disagreement {
  readonly check: 'plan' | 'change' | 'lock' | 'result columns' | 'result names' | 'origin' | 'view' | 'shape'
  readonly what: string
  /** What policy is told of instead, where the facts name it; null: nothing explains it. */
  readonly explanation: string | null
}

const CHANGES = new Set(['insert', 'update', 'delete', 'merge'])

/** Relations in the server's plan and lock table that no access explains. What is incomplete claims nothing, and disagrees with nothing. */
export function againstAccount(facts: StatementFacts, account: ServerAccount, reach: Reach): Disagreement[] {
  const found: Disagreement[] = []
  // A function of a user's is named in the facts, and policy decides on it: what is in its body is its own.
  const accesses = [...facts.accesses, ...facts.beneath.accesses]
  const functions = [...facts.functions, ...facts.beneath.functions]
  const explanation = functions.some(({ trust }) => trust === 'user' || trust === 'unknown')
    ? 'a user function that the facts name'
    : null
  const any = reachedBy(accesses, reach, null)
  for (const relation of account.planned) {
    if (relation.schema !== '' && !any.has(keyOf(relation)))
      found.push({ check: 'plan', what: keyOf(relation), explanation })
  }
  for (const relation of account.changed) {
    const allowed = reachedBy(accesses, reach, new Set([relation.action]))
    if (!allowed.has(keyOf(relation)))
      found.push({ check: 'change', what: `${relation.action} ${keyOf(relation)}`, explanation })
  }
  const changed = reachedBy(accesses, reach, CHANGES)
  for (const lock of account.locked) {
    const explained = lock.mode === 'RowExclusiveLock' ? changed : any
    if (!explained.has(keyOf(lock))) found.push({ check: 'lock', what: `${lock.mode} ${keyOf(lock)}`, explanation })
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
    const what = `${names}, read ${JSON.stringify(output?.map((column) => column.name))}`
    return unknown ? [] : [{ check: 'result columns', what, explanation: null }]
  }
  const found: Disagreement[] = []
  for (const [index, field] of fields.entries()) {
    const column = output[index]
    if (column === undefined || !column.complete || column.through.length > 0) continue
    if (column.name !== null && column.name !== field.name) {
      const explanation = facts.action === 'show' ? 'SHOW writes a setting as the server spells it' : null
      found.push({ check: 'result names', what: `${field.name}, read ${column.name}`, explanation })
    }
    if (field.tableOid === 0 || field.attributeNumber <= 0) continue
    const relation = catalog.relationByOid(field.tableOid)
    const position = relation?.columns.findIndex((one) => one.number === field.attributeNumber) ?? -1
    if (relation === undefined || position < 0) {
      const what = `${field.name}: relation ${String(field.tableOid)} is not in the catalog`
      found.push({ check: 'origin', what, explanation: 'a cursor outlives its table' })
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
        found.push({
          check: 'origin',
          what: `${field.name}: ${schema}.${table}.${name} is not among its sources`,
          explanation: null,
        })
    }
  }
  return found
}

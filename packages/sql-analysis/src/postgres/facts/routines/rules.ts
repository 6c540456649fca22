import type { RangeVar, RuleStmt } from 'libpg-query'
import type { CatalogRelation } from '../../catalog.ts'
import { type Column, type Lineage, anyOf, lineagesOf } from '../lineage.ts'
import { Reading } from '../reading.ts'
import { findRelation } from '../relations.ts'
import { type Item, itemOf } from '../item.ts'
import { type Scope, TOP } from '../scope.ts'
import { STORED_TEXT_PATH } from './routines.ts'
import { type Tree, listOf } from '../tree.ts'
import { relationColumns } from '../queries/views.ts'
import { PARSED_CHARACTER_UNITS, ViewWork } from '../../../facts/work.ts'

/** Changes within rules within rules; the server refuses rules that lead to themselves. */
const MAX_RULE_DEPTH = 16
let depth = 0

type Event = 'CMD_INSERT' | 'CMD_UPDATE' | 'CMD_DELETE'

/**
 * Adds what the rewrite rules of a table or view do in place of a change to it, or beside it (PostgreSQL manual, "Rules on INSERT,
 * UPDATE, and DELETE"). Returns the target as RETURNING sees it: a rule's own RETURNING may stand for any of its columns.
 * `before` and `after`: the row as the rule's `old` and `new`.
 */
export function afterRules(reading: Reading, name: RangeVar, event: Event, before: Item, after: Item): Item {
  return applyRules(reading, findRelation(reading, name), event, before, after)
}

function applyRules(
  reading: Reading,
  relation: CatalogRelation | undefined,
  event: Event,
  before: Item,
  after: Item,
): Item {
  const rules = relation?.rules ?? []
  if (relation === undefined || (rules.length === 0 && relation.kind !== 'view')) return after
  if (depth >= MAX_RULE_DEPTH) {
    reading.incomplete('rules are nested too deep')
    return after
  }
  depth++
  try {
    let seen = after
    for (const text of rules) {
      const inner = innerReading(reading)
      inner.spend(PARSED_CHARACTER_UNITS * text.length)
      const rule = parsed(reading, text)?.RuleStmt
      if (rule === undefined) throw new Error('a stored rule is not understood')
      if (rule.event !== event) continue
      const returned = readRule(inner, rule, oldAndNew(before, after))
      // The rows that the rule's statements change are those that the conditions of this one let through.
      inner.unboundedWrite = false
      reading.absorb(inner)
      reading.absorbEffects(inner)
      if (returned !== null) seen = withReturned(reading, seen, returned)
    }
    if (relation.kind === 'view') seen = afterBaseRules(reading, relation, event, after, seen)
    return seen
  } finally {
    depth--
  }
}

/** A change to an automatically updatable view is one to the table or view that it shows, whose rules then act. */
function afterBaseRules(reading: Reading, view: CatalogRelation, event: Event, after: Item, seen: Item): Item {
  const base = baseChange(reading, view, after)
  if (base === null || (base.relation.rules === undefined && base.relation.kind !== 'view')) return seen
  const found = applyRules(reading, base.relation, event, base.before, base.after)
  return found.columns === base.after.columns ? seen : withAny(reading, seen, lineagesOf(reading, found.columns))
}

/** What is changed where an automatically updatable view is. */
export interface BaseChange {
  readonly name: RangeVar
  readonly relation: CatalogRelation
  readonly before: Item
  readonly after: Item
}

/** The change to what a view shows; null: it shows no one relation, so it cannot be changed without help. `after`: the view's new row. */
export function baseChange(reading: Reading, view: CatalogRelation, after: Item): BaseChange | null {
  const from = view.viewDefinition === null ? [] : listOf(parsed(reading, view.viewDefinition)?.SelectStmt?.fromClause)
  const name = from.length === 1 ? from[0]?.RangeVar : undefined
  if (name === undefined) return null
  const inner = innerReading(reading)
  const relation = findRelation(inner, name)
  if (relation === undefined) {
    reading.incomplete(`what view ${view.name} shows is not known, nor the rules and triggers of it`)
    return null
  }
  const before = itemOf('', relationColumns(inner, relation), null)
  // Which of its columns got which value is not followed: any may have got any.
  const values = lineagesOf(reading, after.columns)
  const written = before.columns.map(({ name: column, lineage }) => ({
    name: column,
    lineage: anyOf(reading, [lineage, ...values]),
  }))
  return { name, relation, before, after: { ...before, columns: written } }
}

function oldAndNew(before: Item, after: Item): Scope {
  const hidden = { columnsVisible: false, relation: null, read: null, onRead: null }
  const items = [
    { ...before, ...hidden, alias: 'old' },
    { ...after, ...hidden, alias: 'new' },
  ]
  return { ...TOP, items }
}

function innerReading(reading: Reading): Reading {
  const { catalog, parse } = reading.environment
  const stored = { catalog, searchPath: STORED_TEXT_PATH, parse }
  const inner = new Reading(stored, reading.walk, new ViewWork(reading.work.text))
  inner.stored = true
  return inner
}

function parsed(reading: Reading, text: string): Tree | undefined {
  return reading.environment.parse(text).stmts?.[0]?.stmt
}

/** What the rule's RETURNING gives; null without one. */
function readRule(reading: Reading, rule: RuleStmt, scope: Scope): readonly Column[] | null {
  // Its conditions are its author's: a doubt in them is none about the statement.
  reading.defining = true
  if (rule.whereClause !== undefined) reading.decide(reading.walk.expression(reading, rule.whereClause, scope))
  let returned: readonly Column[] | null = null
  for (const action of listOf(rule.actions)) {
    const changes = action.InsertStmt ?? action.UpdateStmt ?? action.DeleteStmt
    // Its rows go to the client beside what the statement itself returns.
    if (action.SelectStmt !== undefined) reading.incomplete('a rule of the table returns rows of its own')
    if (changes === undefined) reading.walk.statement(reading, action, scope)
    else returned = reading.walk.query(reading, action, scope) ?? returned
  }
  return returned
}

function withReturned(reading: Reading, target: Item, returned: readonly Column[]): Item {
  reading.spend(2 * target.columns.length)
  const columns = target.columns.map((column, index) => {
    const other = returned[index]
    return other === undefined
      ? column
      : { name: column.name, lineage: anyOf(reading, [column.lineage, other.lineage]) }
  })
  return { ...target, columns }
}

/** The same row, where any of the values may stand in any column. */
export function withAny(reading: Reading, target: Item, values: readonly Lineage[]): Item {
  reading.spend(2 * target.columns.length * values.length)
  const columns = target.columns.map(({ name, lineage }) => ({ name, lineage: anyOf(reading, [lineage, ...values]) }))
  return { ...target, columns }
}

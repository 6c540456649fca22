import type { RangeVar, RuleStmt } from 'libpg-query'
import { type Column, anyOf } from './lineage.ts'
import { Reading } from './reading.ts'
import { findRelation } from './relations.ts'
import type { Item } from './item.ts'
import { type Scope, TOP } from './scope.ts'
import { STORED_TEXT_PATH } from './routines.ts'
import { type Tree, listOf } from './tree.ts'
import { PARSED_CHARACTER_UNITS, ViewWork } from './work.ts'

/** Changes within rules within rules; the server refuses rules that lead to themselves. */
const MAX_RULE_DEPTH = 16
let depth = 0

/**
 * Adds what the rewrite rules of a table or view do in place of a change to it, or beside it (PostgreSQL manual, "Rules on INSERT,
 * UPDATE, and DELETE"). Returns the target as RETURNING sees it: a rule's own RETURNING may stand for any of its columns.
 * `before` and `after`: the row as the rule's `old` and `new`.
 */
export function afterRules(
  reading: Reading,
  name: RangeVar,
  event: 'CMD_INSERT' | 'CMD_UPDATE' | 'CMD_DELETE',
  before: Item,
  after: Item,
): Item {
  const rules = findRelation(reading, name)?.rules
  if (rules === undefined) return after
  const hidden = { columnsVisible: false, relation: null, read: null, onRead: null }
  const scope: Scope = {
    ...TOP,
    items: [
      { ...before, ...hidden, alias: 'old' },
      { ...after, ...hidden, alias: 'new' },
    ],
  }
  let seen = after
  if (depth >= MAX_RULE_DEPTH) {
    reading.incomplete('rules are nested too deep')
    return after
  }
  depth++
  try {
    for (const text of rules) {
      const { catalog, parse } = reading.environment
      const inner = new Reading(
        { catalog, searchPath: STORED_TEXT_PATH, parse },
        reading.walk,
        new ViewWork(reading.work.text),
      )
      inner.stored = true
      inner.spend(PARSED_CHARACTER_UNITS * text.length)
      const rule = ruleOf(parse(text).stmts?.[0]?.stmt)
      if (rule.event !== event) continue
      const returned = readRule(inner, rule, scope)
      // The rows that the rule's statements change are those that the conditions of this one let through.
      inner.unboundedWrite = false
      reading.absorb(inner)
      reading.absorbEffects(inner)
      if (returned !== null) seen = withReturned(reading, seen, returned)
    }
  } finally {
    depth--
  }
  return seen
}

function ruleOf(node: Tree | undefined): RuleStmt {
  if (node?.RuleStmt === undefined) throw new Error('a stored rule is not understood')
  return node.RuleStmt
}

/** What the rule's RETURNING gives; null without one. */
function readRule(reading: Reading, rule: RuleStmt, scope: Scope): readonly Column[] | null {
  // Its conditions are its author's: a doubt in them is none about the statement.
  reading.defining = true
  if (rule.whereClause !== undefined) reading.decide(reading.walk.expression(reading, rule.whereClause, scope))
  let returned: readonly Column[] | null = null
  for (const action of listOf(rule.actions)) {
    const changes = action.InsertStmt ?? action.UpdateStmt ?? action.DeleteStmt
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

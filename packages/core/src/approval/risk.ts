import { isDdl, isWrite } from '../policy/action-words.ts'
import type { StatementFacts, TextFacts } from '../statement/facts.ts'

/** From how many expected rows on a change is one of many rows. */
export const MANY_ROWS = 1_000

/** Room for the expected rows within one level. */
const LEVEL = 1_000_000_000

/**
 * How much there is to lose, for the order of a queue: higher first. Whole tables (DROP, TRUNCATE, no WHERE, or what was not
 * understood) over changes of many rows over changes, definitions, rights and masked columns in clear (`inClear`) over new rows over the rest; then by the number of
 * rows. `estimatedRows` null: not known.
 */
export function riskOf({ statements }: TextFacts, estimatedRows: number | null, inClear = false): number {
  const rows = Math.min(Math.max(estimatedRows ?? 0, 0), LEVEL - 1)
  const level = Math.max(inClear ? 2 : 0, ...statements.map((statement) => levelOf(statement, rows)))
  return level * LEVEL + Math.round(Number.isFinite(rows) ? rows : 0)
}

function levelOf(statement: StatementFacts, rows: number): number {
  const { action, accesses, beneath, complete, dynamicSql, unboundedWrite } = statement
  const actions = [
    action,
    ...accesses.map((access) => access.action),
    ...beneath.accesses.map((access) => access.action),
  ]
  if (!complete || dynamicSql || unboundedWrite || actions.some(destroys)) return 4
  if (actions.some(changes)) return rows > MANY_ROWS ? 3 : 2
  return actions.some(isWrite) ? 1 : 0
}

function destroys(action: string): boolean {
  return action === 'truncate' || action.startsWith('drop_')
}

const RIGHTS: ReadonlySet<string> = new Set([
  'grant',
  'revoke',
  'reassign_owned',
  'set_role',
  'set_session_authorization',
])

function changes(action: string): boolean {
  return action === 'update' || action === 'delete' || action === 'merge' || isDdl(action) || RIGHTS.has(action)
}

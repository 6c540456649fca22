import type { StatementFacts } from '../statement/facts.ts'

const ROLE_ACTIONS: ReadonlySet<string> = new Set(['set_role', 'set_session_authorization'])

/**
 * What of a statement may change the role that a session runs under; null: nothing does. RESET ROLE and RESET ALL go back to the role
 * that the session was opened with, so that they change none.
 */
export function roleChange(statement: StatementFacts): string | null {
  const { action, accesses, beneath, settings } = statement
  const done = [action, ...accesses.map((access) => access.action), ...beneath.accesses.map((access) => access.action)]
  const named = done.find((one) => ROLE_ACTIONS.has(one))
  if (named !== undefined) return named
  // DISCARD ALL ends what SET SESSION AUTHORIZATION began, and with it the role.
  if (action === 'discard' && settings.some(({ name }) => name === '*')) return 'DISCARD ALL'
  const use = settings.find(({ name, action: how }) =>
    name === 'session_authorization' ? how !== 'show' : how === 'set' && (name === 'role' || name === '*'),
  )
  if (use !== undefined) return `setting ${use.name}`
  return !statement.complete || statement.dynamicSql ? 'statement' : null
}

import type { TextFacts } from '../statement/facts.ts'

/** Actions by which a session runs what it gave a name before: it may give the name to another statement. */
const NAMED_RUNS: ReadonlySet<string> = new Set(['execute', 'fetch'])

/**
 * True when the text runs a statement that is not in it: a prepared statement or a cursor of SQL. Nobody can approve what they do not
 * see, and the same text may run another statement later.
 */
export function runsUnseen({ statements }: TextFacts): boolean {
  return statements.some(
    ({ action, accesses, names }) =>
      NAMED_RUNS.has(action) ||
      accesses.some((access) => NAMED_RUNS.has(access.action)) ||
      (names.prepared !== null && action !== 'prepare') ||
      (names.cursor !== null && action !== 'declare_cursor'),
  )
}

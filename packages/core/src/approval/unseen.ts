import type { TextFacts } from '../statement/facts.ts'

/** Actions by which a session runs what it gave a name before: it may give the name to another statement. */
const NAMED_RUNS: ReadonlySet<string> = new Set(['execute', 'fetch'])

/** Settings that hold what a session likes: user variables of MySQL, and PostgreSQL's of an extension's or of no extension's name. */
const OWN_VALUE = /^@|^(?!(?:global|persist|persist_only)\.).*\./

/** Functions that give back what the session itself did before. */
const OWN_PAST: ReadonlySet<string> = new Set(['last_insert_id', 'found_rows', 'row_count', 'lastval', 'currval'])

/**
 * True when the text runs what is not in it: a prepared statement or a cursor of SQL, or values of the session's own making that it takes
 * from settings, user variables and functions that remember what it did. Nobody can approve what they do not see, and the same text may do something else later.
 */
export function runsUnseen({ statements }: TextFacts): boolean {
  return statements.some(
    ({ action, accesses, functions, beneath, names, settings }) =>
      NAMED_RUNS.has(action) ||
      accesses.some((access) => NAMED_RUNS.has(access.action)) ||
      (names.prepared !== null && action !== 'prepare') ||
      (names.cursor !== null && action !== 'declare_cursor') ||
      [...functions, ...beneath.functions].some(({ name }) => OWN_PAST.has(name.toLowerCase())) ||
      settings.some((use) => use.action === 'show' && OWN_VALUE.test(use.name)),
  )
}

import type { StatementFacts } from '@gatehouse/core'
import type { NameEnvironment } from './facts/reading.ts'
import { readOne } from './facts/statements.ts'
import { NamesInText } from './names-in-text.ts'
import type { ParseResult, Tree } from './facts/tree.ts'
import { Work } from '../facts/work.ts'

export type { NameEnvironment }
export { Work }

/**
 * Facts of every statement of a text, in order; an empty text has none. Never throws: what is not understood is
 * `complete: false` for its statement.
 *
 * A relation the catalog does not know is an access with the schema that was written, null when none was; outputs that
 * depend on its columns are incomplete, the statement is not. A condition on a column that cannot be traced (unknown
 * column of a known relation, view that cannot be expanded) makes the statement incomplete.
 *
 * Statements of one text are read before any of it runs. After one that may change what names mean (DDL, SET
 * search_path, SET ROLE, DO, volatile user functions) those that follow are incomplete when they name anything.
 * PREPARE and DECLARE are known to the EXECUTE and FETCH that follow in the same text.
 *
 * `work` bounds the time for all statements together; default: about 20 ms. The statement it ends in, and all behind it,
 * are incomplete, and their reason names the limit.
 */
export function readFacts(
  tree: ParseResult,
  environment: NameEnvironment,
  work: Work = new Work(),
): readonly StatementFacts[] {
  const all: StatementFacts[] = []
  const names = new NamesInText(environment)
  const around = names.environment
  let unread: StatementFacts | null = null
  let moved: 'nothing' | 'columns' | 'names' = 'nothing'
  for (const { stmt } of tree.stmts ?? []) {
    if (work.exhausted) {
      all.push((unread ??= readOne(undefined, around, work).facts))
      continue
    }
    const { facts, movesNames } = readOne(stmt, around, work)
    all.push(
      moved !== 'nothing' && namesAnything(facts, moved)
        ? { ...facts, complete: false, reason: facts.reason ?? SPLIT }
        : facts,
    )
    if (movesNames) moved = 'names'
    else if (moved === 'nothing' && isDefinition(facts)) moved = 'columns'
    const inner = innerOf(stmt)
    names.after(facts, inner === null ? null : readOne(inner, around, work).facts)
  }
  return all
}

const SPLIT = 'an earlier statement of the same text may change what its names mean: send the statements one at a time'

function isDefinition(facts: StatementFacts): boolean {
  return /^(?:alter|create|drop)_/.test(facts.action)
}

function namesAnything(facts: StatementFacts, moved: 'columns' | 'names'): boolean {
  // Operators have names too: a query without relation or function may still be misled.
  if (/^(?:select|insert|update|delete|merge|copy_to|explain|execute)$/.test(facts.action)) return true
  if (facts.functions.length > 0 || facts.decides.length > 0 || facts.writes.length > 0) return true
  return moved === 'names' && facts.accesses.some((access) => access.relation !== null)
}

/**
 * Facts of the statement inside PREPARE or DECLARE CURSOR: what EXECUTE or FETCH of that name will do and return.
 * Null when `stmt` is neither. Keep them under the name and answer `NameEnvironment.prepared` and `.cursor` with them.
 */
export function readNamedStatement(
  stmt: Tree | undefined,
  environment: NameEnvironment,
  work: Work = new Work(),
): StatementFacts | null {
  const inner = innerOf(stmt)
  return inner === null ? null : readOne(inner, environment, work).facts
}

function innerOf(stmt: Tree | undefined): Tree | null {
  return stmt?.PrepareStmt?.query ?? stmt?.DeclareCursorStmt?.query ?? null
}

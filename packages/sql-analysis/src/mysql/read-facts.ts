import type { StatementFacts } from '@gatehouse/core'
import { Work } from '../facts/work.ts'
import { readOne } from './facts/statements.ts'
import { type MysqlNames, withTemporary } from './names.ts'
import type { ProgramStatement, Statement } from './statement-tree.ts'

/**
 * Facts of every statement of a text, in order; an empty text has none. Never throws: what is not understood is
 * `complete: false` for its statement.
 *
 * Statements of one text are read before any of it runs. USE is followed, and so are temporary tables. After a statement that may
 * change otherwise what names mean (definitions) those that follow are incomplete when they name anything; after one that may
 * change how texts are read (SET sql_mode, procedures that could not be read) all that follow are. PREPARE is known to the EXECUTE that follows in the same text.
 *
 * `work` bounds the time for all statements together; default: about 20 ms. The statement it ends in, and all behind it, are
 * incomplete, and their reason names the limit.
 */
export function readFacts(
  statements: readonly (Statement | ProgramStatement)[],
  names: MysqlNames,
  work: Work = new Work(),
): readonly StatementFacts[] {
  const all: StatementFacts[] = []
  let around = names
  let moved = false
  // INVARIANT: under other modes a quote ends elsewhere, so that even what names nothing may hide a statement.
  let reread = false
  for (const node of statements) {
    const { facts, movesNames, movesTexts } = readOne(node, around, work)
    const doubtful = reread || (moved && namesAnything(facts))
    all.push(doubtful ? { ...facts, complete: false, reason: facts.reason ?? SPLIT } : facts)
    const used = usedSchema(node)
    if (used !== null) around = { ...around, schema: used }
    else if (facts.temporary !== undefined) around = withTemporary(around, facts.temporary)
    else if (movesNames) moved = true
    if (movesTexts) reread = true
    if (node.kind === 'prepare' && node.name !== null) around = withPrepared(around, node, work)
  }
  return all
}

const SPLIT =
  'an earlier statement of the same text may change how it is read or what its names mean: send the statements one at a time'

function namesAnything(facts: StatementFacts): boolean {
  // Without a schema or mode that is known nothing in it is.
  return !/^(?:commit|rollback|begin|use|show|savepoint|release|rollback_to|unlock)$/.test(facts.action)
}

function usedSchema(node: Statement | ProgramStatement): string | null {
  return node.kind === 'command' && node.action === 'use' ? (node.objects[0]?.name.name ?? null) : null
}

/**
 * Facts of the statement that PREPARE prepares: what EXECUTE of that name will do and return. Keep them under the name, which
 * compares whatever its case, and answer `MysqlNames.prepared` with them. Null: `node` is no PREPARE, or its text is not known.
 */
export function readPreparedStatement(
  node: Statement | ProgramStatement,
  names: MysqlNames,
  work: Work = new Work(),
): StatementFacts | null {
  if (node.kind !== 'prepare' || node.source?.kind !== 'literal' || node.source.type !== 'string') return null
  const statements = names.parse?.(node.source.value) ?? null
  const [only] = statements ?? []
  return only === undefined || statements?.length !== 1 ? null : readOne(only, names, work).facts
}

function withPrepared(names: MysqlNames, node: Statement | ProgramStatement, work: Work): MysqlNames {
  const facts = readPreparedStatement(node, names, work)
  const name = node.kind === 'prepare' ? (node.name ?? '').toLowerCase() : ''
  const before = names.prepared
  return {
    ...names,
    prepared: (asked) => (asked.toLowerCase() === name ? facts : (before?.(asked) ?? null)),
  }
}

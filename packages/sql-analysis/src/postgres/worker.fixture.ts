import type { CatalogRows } from './catalog-rows.ts'
import type { StatementFacts } from '@gatehouse/core'
import type { ParseResult } from 'libpg-query'
import type { NameEnvironment } from './read-facts.ts'

/** A catalog of nothing. */
export const emptyRows: CatalogRows = { relations: [], functions: [], types: [], operators: [], builtinOperators: [] }

/** Facts of a statement that is harmless in every way, for tests of what surrounds `readFacts`. */
export const harmlessFacts: StatementFacts = {
  action: 'select',
  accesses: [],
  functions: [],
  unboundedWrite: false,
  settings: [],
  files: [],
  programs: [],
  dynamicSql: false,
  output: [],
  decides: [],
  writes: [],
  beneath: { accesses: [], functions: [] },
  names: { prepared: null, cursor: null },
  changesNames: false,
  complete: true,
  reason: null,
}

/** Stands in for the facts in tests: misbehaves where the text names a table `spin`, `throws`, `exhaust`, `dies` or `knows_secret`. */
export function readFacts(tree: ParseResult, names: NameEnvironment): readonly StatementFacts[] {
  const text = JSON.stringify(tree)
  if (text.includes('"relname":"throws"')) throw new Error('as told')
  if (text.includes('"relname":"dies"')) process.exit(1)
  while (text.includes('"relname":"spin"'));
  const held: string[][] = []
  while (text.includes('"relname":"exhaust"'))
    held.push(Array.from({ length: 1000 }, (_, index) => `${held.length} ${index}`))
  const known = names.catalog.relation('public', 'secret') !== undefined
  return (tree.stmts ?? []).map(() => (known ? { ...harmlessFacts, reason: 'knows secret' } : harmlessFacts))
}

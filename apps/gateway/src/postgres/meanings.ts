import { isDeepStrictEqual } from 'node:util'
import type { StatementFacts } from '@gatehouse/core'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import { mergedFacts } from './merged-facts.ts'

/** Readings kept of one prepared statement; one that has meant more than that is not known any more. */
const READINGS_LIMIT = 16

/** True when both say the same of every statement. */
export function sameFacts(left: readonly StatementFacts[], right: readonly StatementFacts[]): boolean {
  return left === right || isDeepStrictEqual(left, right)
}

/**
 * What the text of a prepared statement may mean to the server, which looks its names up again when the search path has
 * changed, or a definition that it used; else it keeps to what they meant before. A table made since, by a name in it that
 * another one had before, is not noticed (the server's plancache.c).
 *
 * INVARIANT: under one search path it may mean whatever it has meant there at any time at which the server may have looked
 * names up, so `add` comes before every request that makes the server do so.
 */
export class Meanings {
  readonly #byPath = new Map<string, (readonly StatementFacts[])[]>()
  #count = 0

  constructor(environment: NameEnvironment, facts: readonly StatementFacts[]) {
    this.add(environment, facts)
  }

  /** It means this under these names; the server may look them up now. */
  add({ searchPath }: NameEnvironment, facts: readonly StatementFacts[]): void {
    const path = JSON.stringify(searchPath)
    const known = this.#byPath.get(path)
    if (known?.some((each) => sameFacts(each, facts)) === true || this.#count > READINGS_LIMIT) return
    this.#count++
    if (known === undefined) this.#byPath.set(path, [facts])
    else known.push(facts)
  }

  /** All that it may mean under these names, taken together; null: that cannot be told. */
  under({ searchPath }: NameEnvironment): readonly StatementFacts[] | null {
    if (this.#count > READINGS_LIMIT) return null
    const [first, ...more] = this.#byPath.get(JSON.stringify(searchPath)) ?? []
    let merged = first ?? null
    for (const facts of more) merged = merged === null ? null : mergedFacts(merged, facts)
    return merged
  }
}

/** Statements whose names the server looks up at Parse and Bind; those of all others it looks up when they run. */
const ANALYSED_EARLY: ReadonlySet<string> = new Set([
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'declare_cursor',
  'explain',
])

/** True when the server looks names of the statement up as late as it runs. */
export function looksNamesUpLate(statement: StatementFacts): boolean {
  const { action, names, accesses, functions, decides, writes } = statement
  if (action === 'fetch' || (names.prepared !== null && action !== 'deallocate')) return true
  if (ANALYSED_EARLY.has(action)) return false
  return (
    functions.length > 0 ||
    decides.length > 0 ||
    writes.length > 0 ||
    accesses.some(({ relation }) => relation !== null)
  )
}

import type { StatementFacts } from '@gatehouse/core'
import type { NameEnvironment } from './facts/reading.ts'

/** True when a function that is not built in, or a block, may run: it can take a name away and give it to something else. */
export function runsOtherCode({ action, functions, dynamicSql, complete }: StatementFacts): boolean {
  // PREPARE runs nothing.
  if (action === 'prepare' && complete) return false
  return (
    !complete ||
    dynamicSql ||
    action === 'call' ||
    functions.some(({ trust }) => trust === 'expanded' || trust === 'user' || trust === 'unknown')
  )
}

/** What the names of prepared statements and cursors mean to the statements of one text, as those before them leave it. */
export class NamesInText {
  readonly environment: NameEnvironment
  readonly #prepared = new Map<string, StatementFacts | null>()
  readonly #cursors = new Map<string, StatementFacts | null>()
  /** What was there before the text is not known any more. */
  #preparedLost = false
  #cursorsLost = false

  constructor(outer: NameEnvironment) {
    this.environment = {
      ...outer,
      prepared: (name, work) => {
        const own = this.#prepared.get(name)
        return own !== undefined || this.#preparedLost ? (own ?? null) : (outer.prepared?.(name, work) ?? null)
      },
      cursor: (name) => {
        const own = this.#cursors.get(name)
        return own !== undefined || this.#cursorsLost ? (own ?? null) : (outer.cursor?.(name) ?? null)
      },
    }
  }

  /** A statement of the text was read. `named`: facts of the statement that it gives a name to; null when it gives none. */
  after(facts: StatementFacts, named: StatementFacts | null): void {
    const { action, names, settings } = facts
    if (runsOtherCode(facts) || (action === 'discard' && settings.length > 0)) {
      this.#loseCursors(null)
      this.#losePrepared(null)
    } else if (action === 'deallocate') this.#losePrepared(names.prepared)
    else if (action === 'close_cursor') this.#loseCursors(names.cursor)
    if (named === null) return
    if (action === 'prepare' && names.prepared !== null) this.#prepared.set(names.prepared, named)
    if (action === 'declare_cursor' && names.cursor !== null) this.#cursors.set(names.cursor, named)
  }

  #losePrepared(name: string | null): void {
    if (name !== null) this.#prepared.set(name, null)
    else {
      this.#prepared.clear()
      this.#preparedLost = true
    }
  }

  #loseCursors(name: string | null): void {
    if (name !== null) this.#cursors.set(name, null)
    else {
      this.#cursors.clear()
      this.#cursorsLost = true
    }
  }
}

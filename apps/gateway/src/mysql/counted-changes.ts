import type { Judgement, StatementFacts } from '@gatehouse/core'

/**
 * What ROW_COUNT() would tell of masked values in one session: it counts the rows that had other values before a change, and so
 * tells whether a value that was written was there already. MySQL manual, "Information Functions".
 */
export class CountedChanges {
  /** The statement that ran last changed a masked column: ROW_COUNT() is about it. */
  #masked = false

  /** The text is about to run. */
  runs(judgement: Judgement): void {
    this.#masked = false
    for (const statement of judgement.facts?.statements ?? []) this.#masked = changesMasked(judgement, statement)
  }

  /** True when the text asks for the count of a change of masked columns: the last one of the session, or one of its own. */
  askedIn(judgement: Judgement): boolean {
    let masked = this.#masked
    for (const statement of judgement.facts?.statements ?? []) {
      const changes = changesMasked(judgement, statement)
      if ((masked || changes) && asksForCount(statement)) return true
      masked = changes
    }
    return false
  }
}

/** True when the statement writes a masked column, or it could not be told which it writes. */
export function writesMasked(judgement: Judgement | null, { writes }: StatementFacts): boolean {
  return writes.some(({ target }) => target === null || judgement?.authority.masksColumn(target) === true)
}

function changesMasked(judgement: Judgement, statement: StatementFacts): boolean {
  return judgement.redactReports && writesMasked(judgement, statement)
}

function asksForCount({ functions, beneath }: StatementFacts): boolean {
  return functions.some(isCount) || beneath.functions.some(isCount)
}

function isCount({ name }: { readonly name: string }): boolean {
  return name === 'row_count'
}

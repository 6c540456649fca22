import type { StatementFacts } from '@gatehouse/core'
import { type NameEnvironment, readNamedStatement, type Work } from '@gatehouse/sql-analysis'
import { Meanings } from './meanings.ts'
import type { NamedBySql } from './names-by-sql.ts'

/** Units of the reader's budget for each character that is parsed again. */
const PARSED_CHARACTER_UNITS = 4

/** A statement that SQL PREPARE made: its text, and all that it may mean to the server. */
export class SqlPrepared implements NamedBySql {
  readonly #text: string
  readonly #meanings: Meanings
  /** What it was read under last, and what it may mean under that; null: that cannot be told. */
  #environment: NameEnvironment
  #facts: StatementFacts | null

  constructor(text: string, facts: StatementFacts, environment: NameEnvironment) {
    this.#text = text
    this.#facts = facts
    this.#environment = environment
    this.#meanings = new Meanings(environment, [facts])
  }

  get weight(): number {
    return this.#text.length
  }

  /** It was read under these names last: what runs now is what was read. */
  isReadUnder(environment: NameEnvironment): boolean {
    return this.#facts !== null && this.#environment === environment
  }

  /** What EXECUTE does and returns under these names; null when that cannot be told. Throws what `work` throws. */
  factsUnder(environment: NameEnvironment, work: Work): StatementFacts | null {
    if (this.#environment === environment) return this.#facts
    work.spend(PARSED_CHARACTER_UNITS * this.#text.length)
    const now = this.#read(environment, work)
    // Cut short by the budget it says nothing, and may be tried again.
    if (now === null || work.exhausted) return null
    this.#meanings.add(environment, [now])
    this.#environment = environment
    this.#facts = this.#meanings.under(environment)?.[0] ?? null
    return this.#facts
  }

  #read(environment: NameEnvironment, work: Work): StatementFacts | null {
    try {
      return readNamedStatement(environment.parse(this.#text).stmts?.[0]?.stmt, environment, work)
    } catch {
      return null
    }
  }
}

import type { Judgement, StatementFacts } from '@gatehouse/core'
import { type NameEnvironment, readNamedStatement, runsOtherCode, Work } from '@gatehouse/sql-analysis'
import { type NamedBySql, NamesBySql } from './names-by-sql.ts'
import { SqlPrepared } from './sql-prepared.ts'

/** What FETCH of a cursor returns, and whether the cursor outlives its transaction. */
interface Cursor extends NamedBySql {
  readonly facts: StatementFacts
  readonly held: boolean
}

/** CURSOR_OPT_HOLD of the server's parsenodes.h. */
const WITH_HOLD = 0x20

/** The text is parsed once more here; what a longer one names stays unknown. Characters. */
const TEXT_LIMIT = 64 * 1024

/**
 * The cursors and the prepared statements that a session made with SQL: DECLARE and PREPARE. Manual: "DECLARE", "FETCH",
 * "PREPARE", "EXECUTE". What is not known can still be there: FETCH or EXECUTE of it is then read as returning anything.
 */
export class SqlNames {
  readonly #cursors = new NamesBySql<Cursor>()
  readonly #prepared = new NamesBySql<SqlPrepared>()
  #shared: NameEnvironment | null = null
  #around: NameEnvironment | null = null
  #versions = 0

  hasCursor(name: string): boolean {
    return this.#cursors.get(name) !== undefined
  }

  /** Counts up whenever `around` has another answer. */
  get version(): number {
    return this.#cursors.version + this.#prepared.version
  }

  /** The environment with these names in it; another object whenever they have changed. */
  around(shared: NameEnvironment): NameEnvironment {
    if (this.#cursors.size === 0 && this.#prepared.size === 0) return shared
    if (this.#around === null || this.#shared !== shared || this.#versions !== this.version) {
      const cursors = new Map(this.#cursors.entries())
      const prepared = new Map(this.#prepared.entries())
      this.#shared = shared
      this.#versions = this.version
      this.#around = {
        ...shared,
        cursor: (name) => cursors.get(name)?.facts ?? null,
        prepared: (name, work) => prepared.get(name)?.factsUnder(shared, work) ?? null,
      }
    }
    return this.#around
  }

  /**
   * An admitted text is on its way. `text`: what the server gets; `environment`: what it was read under, without the names
   * here; null when that no longer holds.
   */
  sent(judgement: Judgement, text: string, environment: NameEnvironment | null): void {
    if (this.#cursors.idle && this.#prepared.idle && !judgement.takesNames) return
    const statements = judgement.facts?.statements ?? []
    const made = environment !== null && statements.some(makesName) ? readMade(text, environment) : []
    statements.forEach((statement, index) => {
      this.#lose(statement, environment)
      const { action, names } = statement
      const named = made[index] ?? null
      if (named instanceof SqlPrepared) {
        if (action === 'prepare' && names.prepared !== null)
          this.#prepared.give(names.prepared, judgement, index, named)
      } else if (action === 'declare_cursor' && names.cursor !== null && named !== null)
        this.#cursors.give(names.cursor, judgement, index, named)
    })
  }

  /** Forgets what the statement may give another meaning. */
  #lose(statement: StatementFacts, environment: NameEnvironment | null): void {
    const { action, names, settings } = statement
    // DISCARD ALL, told by the settings it resets.
    if (runsOtherCode(statement) || (action === 'discard' && settings.length > 0)) {
      this.#cursors.forget(null)
      this.#prepared.forget(null)
    } else if (action === 'close_cursor' || action === 'declare_cursor') this.#cursors.forget(names.cursor)
    else if (action === 'deallocate') this.#prepared.forget(names.prepared)
    // A name that is known is taken: PREPARE of it fails, and it stays what it is.
    else if (action === 'prepare') return
    else if (names.prepared !== null) {
      // Run under names that it was not read under, it may have taken on a meaning that nobody has looked at.
      const known = this.#prepared.get(names.prepared)
      if (known !== undefined && (environment === null || !known.isReadUnder(environment)))
        this.#prepared.forget(names.prepared)
    }
  }

  /** The client closes the portal of this name, or makes one: cursors and portals share their names. */
  portalNamed(name: string): void {
    this.#cursors.forget(name)
  }

  /** The client closes the prepared statement of this name: the protocol's and those of SQL share their names. */
  statementClosed(name: string): void {
    this.#prepared.forget(name)
  }

  /** The server has run this statement of the text. */
  ran(judgement: Judgement, statementIndex: number): void {
    const statement = judgement.facts?.statements[statementIndex]
    if (statement === undefined) return
    const { cursor, prepared } = statement.names
    if (statement.action === 'declare_cursor' && cursor !== null) this.#cursors.ran(cursor, judgement, statementIndex)
    if (statement.action === 'prepare' && prepared !== null) this.#prepared.ran(prepared, judgement, statementIndex)
  }

  /** ReadyForQuery outside of a transaction. */
  transactionOver(): void {
    for (const [name, { held }] of this.#cursors.entries()) if (!held) this.#cursors.forget(name)
  }
}

/** True for DECLARE and PREPARE. */
export function makesName({ action }: StatementFacts): boolean {
  return action === 'declare_cursor' || action === 'prepare'
}

/** What the statements of a text give names to, by position; null for those that give none. */
function readMade(text: string, environment: NameEnvironment): readonly (Cursor | SqlPrepared | null)[] {
  if (text.length > TEXT_LIMIT) return []
  const work = new Work(text.length)
  try {
    return (environment.parse(text).stmts ?? []).map(({ stmt, stmt_location: start = 0, stmt_len: length = 0 }) => {
      const facts = readNamedStatement(stmt, environment, work)
      if (facts === null || stmt === undefined) return null
      if ('DeclareCursorStmt' in stmt)
        return { facts, held: (Number(stmt.DeclareCursorStmt.options) & WITH_HOLD) !== 0, weight: 0 }
      const bytes = Buffer.from(text)
      const own = bytes.toString('utf8', start, length === 0 ? bytes.length : start + length)
      return new SqlPrepared(own, facts, environment)
    })
  } catch {
    return [] // not known
  }
}

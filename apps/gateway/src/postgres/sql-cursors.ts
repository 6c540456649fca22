import type { Judgement, StatementFacts } from '@gatehouse/core'
import { type NameEnvironment, readNamedStatement } from '@gatehouse/sql-analysis'

/** What FETCH of a cursor returns, and whether the cursor outlives its transaction. */
interface Cursor {
  readonly facts: StatementFacts
  readonly held: boolean
}

/** A DECLARE on its way: which statement of which text. */
interface Declared {
  readonly judgement: Judgement
  readonly statementIndex: number
  readonly cursor: Cursor
}

/** CURSOR_OPT_HOLD of the server's parsenodes.h. */
const WITH_HOLD = 0x20

/** The text is parsed once more here; the query of a longer one stays unknown. */
const TEXT_LIMIT = 64 * 1024

/** Cursors that one session may keep; those beyond it stay unknown. */
const CURSORS_LIMIT = 1000

/**
 * The cursors that a session made with DECLARE. Manual: "DECLARE", "FETCH".
 *
 * INVARIANT: a name is known from the server's word that its DECLARE succeeded (it fails while the name is taken) until the
 * first request is sent that could give the name another meaning. A cursor that is not known can still be there: FETCH of it
 * is then read as returning anything.
 */
export class SqlCursors {
  readonly #known = new Map<string, Cursor>()
  /** The last DECLARE of each name that was sent, while nothing behind it could give the name another meaning. */
  readonly #declared = new Map<string, Declared>()
  #shared: NameEnvironment | null = null
  #around: NameEnvironment | null = null

  has(name: string): boolean {
    return this.#known.has(name)
  }

  /** The environment with these cursors in it; another object whenever they have changed. */
  around(shared: NameEnvironment): NameEnvironment {
    if (this.#known.size === 0) return shared
    if (this.#around === null || this.#shared !== shared) {
      const known = new Map(this.#known)
      this.#shared = shared
      this.#around = { ...shared, cursor: (name) => known.get(name)?.facts ?? null }
    }
    return this.#around
  }

  /**
   * An admitted text is on its way. `text`: what the server gets; `environment`: what it was read under, null when that no
   * longer holds. Like the others below, true: `around` has changed.
   */
  sent(judgement: Judgement, text: string, environment: NameEnvironment | null): boolean {
    if (this.#known.size === 0 && this.#declared.size === 0 && !judgement.takesNames) return false
    const before = this.#around
    const statements = judgement.facts?.statements ?? []
    const declares = environment !== null && statements.some(({ action }) => action === 'declare_cursor')
    const cursors = declares && text.length <= TEXT_LIMIT ? readCursors(text, environment) : []
    statements.forEach((statement, statementIndex) => {
      const { action, names, settings } = statement
      if (runsOtherCode(statement)) this.#forget(null)
      if (action === 'close_cursor' || action === 'declare_cursor') this.#forget(names.cursor)
      // DISCARD ALL, told by the settings it resets.
      else if (action === 'discard' && settings.length > 0) this.#forget(null)
      const cursor = cursors[statementIndex] ?? null
      if (action === 'declare_cursor' && names.cursor !== null && cursor !== null)
        this.#declared.set(names.cursor, { judgement, statementIndex, cursor })
    })
    return this.#around !== before
  }

  /** The client closes the portal of this name, or makes one. */
  portalNamed(name: string): boolean {
    return this.#forget(name)
  }

  /** The server has run this statement of the text. */
  ran(judgement: Judgement, statementIndex: number): boolean {
    const name = judgement.facts?.statements[statementIndex]?.names.cursor ?? null
    const declared = name === null ? undefined : this.#declared.get(name)
    if (name === null || declared?.judgement !== judgement || declared.statementIndex !== statementIndex) return false
    this.#declared.delete(name)
    if (this.#known.size >= CURSORS_LIMIT) return false
    this.#known.set(name, declared.cursor)
    this.#around = null
    return true
  }

  /** ReadyForQuery outside of a transaction. */
  transactionOver(): boolean {
    let any = false
    for (const [name, { held }] of this.#known) if (!held) any = this.#forget(name) || any
    return any
  }

  #forget(name: string | null): boolean {
    const had = name === null ? this.#known.size > 0 : this.#known.delete(name)
    if (name === null) {
      this.#known.clear()
      this.#declared.clear()
    } else this.#declared.delete(name)
    if (had) this.#around = null
    return had
  }
}

/** A function that is not built in, or a block, may close a cursor and open another by its name. */
function runsOtherCode({ action, functions, dynamicSql, complete }: StatementFacts): boolean {
  return (
    !complete ||
    dynamicSql ||
    action === 'call' ||
    functions.some(({ trust }) => trust !== 'harmless' && trust !== 'sensitive')
  )
}

function readCursors(text: string, environment: NameEnvironment): readonly (Cursor | null)[] {
  try {
    return (environment.parse(text).stmts ?? []).map(({ stmt }) => {
      const options = stmt !== undefined && 'DeclareCursorStmt' in stmt ? stmt.DeclareCursorStmt.options : undefined
      const facts = options === undefined ? null : readNamedStatement(stmt, environment)
      return facts === null ? null : { facts, held: (Number(options) & WITH_HOLD) !== 0 }
    })
  } catch {
    return [] // not known
  }
}

import type { Outcome } from './named-objects.ts'
import { NamedObjects } from './named-objects.ts'

/** How many names one session may have. Beyond it, a client leaks them. */
export interface PreparedStatementLimits {
  readonly maxStatements: number
  readonly maxPortals: number
}

const DEFAULT_LIMITS: PreparedStatementLimits = { maxStatements: 10_000, maxPortals: 1_000 }

/**
 * The prepared statements (S) and portals (P) of one session, by name, as the server has them. Manual: "Extended Query";
 * where PostgreSQL does otherwise than it says, PostgreSQL:
 *
 * - The unnamed statement or portal is replaced; a failed attempt leaves none. A simple Query destroys both.
 * - A failed Parse or Bind stores nothing. Making a named one twice is the server's error to raise.
 * - Portals die with the transaction, and by Close. They outlive a Close of their statement (the manual says they do not).
 * - Statements outlive transactions.
 *
 * `send…` when the request goes upstream, `settle…` when its reply says how it ended. `send…` says false at the limit:
 * refuse the request. SQL makes and destroys the same names (PREPARE, DEALLOCATE, DISCARD, DECLARE, CLOSE): the caller
 * must report these too, or refuse them. A name that is not here must never be executed.
 */
export class PreparedStatements<S extends object, P extends object> {
  readonly statements: NamedObjects<S>
  readonly portals: NamedObjects<P>

  constructor(limits: PreparedStatementLimits = DEFAULT_LIMITS) {
    this.statements = new NamedObjects<S>(limits.maxStatements, true)
    this.portals = new NamedObjects<P>(limits.maxPortals, true)
  }

  sendParse(name: string, statement: S): boolean {
    return this.statements.sent(name, statement)
  }

  settleParse(name: string, outcome: Outcome): void {
    this.statements.settle(name, outcome)
  }

  sendBind(portal: string, bound: P): boolean {
    return this.portals.sent(portal, bound)
  }

  settleBind(portal: string, outcome: Outcome): void {
    this.portals.settle(portal, outcome)
  }

  sendCloseStatement(name: string): boolean {
    return this.statements.sent(name, undefined)
  }

  settleCloseStatement(name: string, outcome: Outcome): void {
    this.statements.settle(name, outcome)
  }

  sendClosePortal(name: string): boolean {
    return this.portals.sent(name, undefined)
  }

  settleClosePortal(name: string, outcome: Outcome): void {
    this.portals.settle(name, outcome)
  }

  /** The server began to answer a simple Query. */
  simpleQueryStarted(): void {
    this.statements.forget('')
    this.portals.forget('')
  }

  /** ReadyForQuery with status I, or another sign that a transaction is over. */
  transactionEnded(): void {
    this.portals.forgetAll()
  }
}

import type { Unit } from './unit.ts'

/** What came of one request and its answer. */
export interface Answer {
  /** Every byte of it but what the server and the gateway make up as they go: object, process and session ids, names of databases. */
  readonly comparable: Buffer
  readonly error: AnswerError | null
}

export interface AnswerError {
  readonly sqlstate: string
  readonly message: string
  /** The code, where it is the gateway that said no; null: it is none of its own. */
  readonly refusal: string | null
  /** It failed because something before it did: nothing can be told from it. */
  readonly behindFailure: boolean
}

/** What came of a unit: an answer for each of its statements, with one before and one behind them. Fewer where the connection ended. */
export interface Outcome {
  readonly answers: readonly Answer[]
  readonly closed: boolean
}

/** A session that runs unit after unit. */
export interface Lane {
  /** Runs the units in order; logs in again where the connection was ended. */
  readonly run: (units: readonly Unit[]) => Promise<readonly Outcome[]>
  readonly close: () => void
}

import type { Admission, Judgement, Refusal, StatementFacts } from '@gatehouse/core'
import type { CellMask } from '@gatehouse/core'
import type { BodyReader, Field } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import { Meanings } from './meanings.ts'
import type { Named } from './named-objects.ts'

/**
 * What was asked of the upstream: travels with each request through the reply queue, so that the reply finds
 * what was decided about it.
 */
export type Asked =
  | SimpleQuery
  | PreparedStatement
  | Portal
  | Refused
  | Closing
  | InjectedDescribe
  | SessionProbe
  | typeof NOTHING

/** The admission that a request runs under; null where it has none. */
export function admissionOf(about: Asked | undefined): Admission | null {
  return about instanceof SimpleQuery || about instanceof Portal ? about.admission : null
}

/** The record that a reply is an answer to, for the session's recording; 0: none, or it is not known. */
export function intentOf(about: Asked | undefined): number {
  return about instanceof Refused ? about.intent : (admissionOf(about)?.intent ?? 0)
}

/** True when masked columns come back in clear. */
export function comesInClear(about: Asked | undefined): boolean {
  return (admissionOf(about)?.judgement.unmasked.length ?? 0) > 0
}

/** True when the server's reports about a request may name values, `NOTHING` aside: its reports are about the batch. */
export function redactsReports(about: Asked | undefined): boolean {
  if (about instanceof PreparedStatement) return about.judgement.redactReports
  return admissionOf(about)?.judgement.redactReports ?? false
}

/** A request that needs nothing remembered: Sync. */
export const NOTHING: unique symbol = Symbol('nothing')

/** A Query message that was admitted. */
export class SimpleQuery {
  readonly admission: Admission
  constructor(admission: Admission) {
    this.admission = admission
  }
}

/** A prepared statement, made by Parse. Its text is judged again at Bind when rules or names changed since. */
export class PreparedStatement implements Named {
  readonly name: string
  readonly batch: number
  readonly text: string
  /** Object ids of its parameters' types as the client declares them; empty: it leaves them to the server. */
  readonly parameterTypes: readonly number[]
  judgement: Judgement
  /** What was read in it at Parse. */
  readonly read: readonly StatementFacts[]
  /** Everything that its text may mean to the server. */
  readonly meanings: Meanings
  /** What the text's names were resolved against. */
  names: NameEnvironment
  /** The columns of its rows, from Describe: known before the first row where anything is masked. Null: not described, or no rows. */
  fields: readonly Field[] | null = null

  constructor(
    name: string,
    batch: number,
    text: string,
    judgement: Judgement,
    names: NameEnvironment,
    parameterTypes: readonly number[],
  ) {
    this.name = name
    this.batch = batch
    this.text = text
    this.parameterTypes = parameterTypes
    this.judgement = judgement
    this.read = judgement.facts?.statements ?? []
    this.meanings = new Meanings(names, this.read)
    this.names = names
  }
}

/** A portal, made by Bind. */
export class Portal implements Named {
  readonly name: string
  readonly batch: number
  readonly statement: PreparedStatement
  /** Replaced when the policy changed between Bind and Execute. */
  judgement: Judgement
  readonly admission: Admission
  /** What names meant at Bind, or when it was judged last. */
  names: NameEnvironment
  /** Result format codes of Bind: none (all text), one for all columns, or one per column. */
  readonly resultFormats: readonly number[]
  /** `SessionNames.changes` at Bind. */
  changesBefore = 0
  /** Masks per column, made when the first row comes; undefined: not made yet; null: nothing is masked. */
  masks: readonly (CellMask | null)[] | null | undefined = undefined

  constructor(
    name: string,
    batch: number,
    statement: PreparedStatement,
    admission: Admission,
    resultFormats: readonly number[],
  ) {
    this.name = name
    this.batch = batch
    this.statement = statement
    this.judgement = admission.judgement
    this.admission = admission
    this.names = statement.names
    this.resultFormats = resultFormats
  }
}

/** A refused request: something the server must reject went in its place, and its error becomes this refusal. */
export class Refused {
  readonly refusal: Refusal
  /** Number of the record that says so; 0: it is not known here. */
  readonly intent: number
  constructor(refusal: Refusal, intent: number) {
    this.refusal = refusal
    this.intent = intent
  }
}

/** A Close message. */
export class Closing {
  readonly portal: boolean
  readonly name: string
  constructor(portal: boolean, name: string) {
    this.portal = portal
    this.name = name
  }
}

/** The gateway's own Describe of a statement whose rows are masked: the client did not ask and does not see the reply. */
export class InjectedDescribe {
  readonly statement: PreparedStatement
  constructor(statement: PreparedStatement) {
    this.statement = statement
  }
}

/** The gateway's own question to the session; the client does not see the reply. */
export class SessionProbe {
  /** The one cell of the answer, as text; null until it came. */
  answer: string | null = null
  /** It stands in the middle of a batch of the client's: what makes it fail fails the batch. */
  readonly inBatch: boolean
  readonly #settled: ((probe: SessionProbe) => void) | null
  #over = false

  /** `settled` is called once: when the last reply is in, or the server failed or skipped the question. Null: nobody waits. */
  constructor(inBatch: boolean, settled: ((probe: SessionProbe) => void) | null) {
    this.inBatch = inBatch
    this.#settled = settled
  }

  /** Takes the one cell of a DataRow. */
  row(body: BodyReader): void {
    if (body.uint16() === 1) this.answer = body.bytes(body.int32()).toString('utf8')
  }

  settle(): void {
    if (this.#over) return
    this.#over = true
    this.#settled?.(this)
  }
}

import {
  type Admission,
  type Authority,
  type Classifier,
  type Judgement,
  maskedColumns,
  type MaskingKeys,
  type Refusal,
} from '@gatehouse/core'
import { BodyReader, decodeRowDescription, type FrameCursor, ProtocolError } from '@gatehouse/postgres-wire'
import type { Catalog } from '@gatehouse/sql-analysis'
import { type Asked, Portal, type PreparedStatement, SimpleQuery } from './asked.ts'
import type { ClientOutput } from './client-output.ts'
import { masksFor, ResultMismatch, type RowMasks } from './result-masks.ts'
import type { SessionNames } from './session-names.ts'

const DATA_ROW = 0x44

/** The rows of the result that is under way: masked, counted, and cut at the limit. */
export class ResultRows {
  readonly #cursor: FrameCursor
  readonly #output: ClientOutput
  readonly #names: SessionNames
  readonly #maskingKeys: MaskingKeys
  readonly #cancelRunning: () => void
  readonly #body = new BodyReader()
  readonly #described = new LastDescription()
  /** What the rows belong to; null between results. */
  #of: Admission | null = null
  #masks: RowMasks = null
  /** Columns of the current rows that are masked. */
  #masked = 0
  #classifier: Classifier | null = null
  #limit = Infinity
  #limitRule = 'gateway'
  /** Rows of the current statement, over all Executes of its portal. */
  #seen = 0
  #cutBy: Refusal | null = null
  /** The row that began last goes to the client: so do all its pieces, whatever is cut meanwhile. */
  #rowPasses = false

  /** `cancelRunning` is called when a result is cut. */
  constructor(
    cursor: FrameCursor,
    output: ClientOutput,
    names: SessionNames,
    maskingKeys: MaskingKeys,
    cancelRunning: () => void,
  ) {
    this.#cursor = cursor
    this.#output = output
    this.#names = names
    this.#maskingKeys = maskingKeys
    this.#cancelRunning = cancelRunning
  }

  /** True while rows come: the next needs no look at what it answers. */
  get running(): boolean {
    return this.#of !== null
  }

  /** Why nothing more of the current result goes to the client; null: it does. */
  get cutBy(): Refusal | null {
    return this.#cutBy
  }

  /** Returns `cutBy` and forgets it: the client is told now, or the result is over. */
  takeCut(): Refusal | null {
    const cut = this.#cutBy
    this.#cutBy = null
    return cut
  }

  /** A message that is no row: the result, or this stretch of it, is over. */
  pause(): void {
    this.#of = null
  }

  /** RowDescription of a simple query, under the cursor. */
  describedSimple(query: SimpleQuery, statementIndex: number): void {
    const { judgement } = query.admission
    if (!changesRows(judgement.authority)) return this.#setMasks(null)
    this.#setMasks(this.#described.masks(this.#cursor, judgement, statementIndex, this.#catalog, this.#maskingKeys))
  }

  /** RowDescription of a portal, under the cursor. */
  describedPortal(portal: Portal): void {
    if (!changesRows(portal.judgement.authority)) return
    const { fields } = decodeRowDescription(this.#body.reset(this.#cursor.bytes, this.#cursor.body, this.#cursor.end))
    portal.masks = masksFor(portal.judgement, 0, fields, portal.resultFormats, this.#catalog, this.#maskingKeys)
  }

  /** RowDescription of a prepared statement, whoever asked for it. */
  describedStatement(statement: PreparedStatement): void {
    const { fields } = decodeRowDescription(this.#body.reset(this.#cursor.bytes, this.#cursor.body, this.#cursor.end))
    // Made once only to be checked: a portal makes its own, for its formats.
    masksFor(statement.judgement, 0, fields, null, statement.names.catalog, this.#maskingKeys)
    statement.fields = fields
  }

  /** The first row of a result, or of a further stretch of it. */
  start(about: Asked | undefined, statementIndex: number): void {
    this.#output.answers(about, 0x44, false)
    if (about instanceof SimpleQuery) {
      // Its RowDescription has set the masks.
      this.#begin(about.admission, about.admission.judgement, statementIndex, 0)
    } else if (about instanceof Portal) {
      if (about.masks === undefined) about.masks = this.#masksOf(about)
      this.#setMasks(about.masks)
      this.#begin(about.admission, about.judgement, 0, about.admission.rows)
    } else throw new ProtocolError('UNEXPECTED_MESSAGE', 'rows came for a request that returns none')
  }

  /** The row, or piece of one, under the cursor. `dropped`: nothing goes to the client at present. */
  row(dropped: boolean): void {
    const cursor = this.#cursor
    if (cursor.first) this.#rowPasses = !dropped && this.#begins(cursor)
    if (!this.#rowPasses) return
    if (this.#masks === null) this.#output.pass(cursor)
    else {
      this.#output.passMasked(this.#masks, cursor)
      const admission = this.#of
      if (admission === null) return
      admission.maskedCells += this.#masked
      this.#classifier?.moveFinds(admission)
    }
  }

  /** Counts a row that begins. False: it does not go to the client. */
  #begins({ bodyLength }: FrameCursor): boolean {
    const admission = this.#of
    if (this.#cutBy !== null) return false
    if (admission === null) return true
    if (++this.#seen > this.#limit) {
      this.#cut()
      return false
    }
    admission.rows++
    admission.bytes += bodyLength + 5
    return true
  }

  /** The rows of a COPY come next. */
  beginCopy(judgement: Judgement, statementIndex: number): void {
    this.#seen = 0
    this.#takeLimit(judgement, statementIndex)
  }

  /** Counts a row that came by COPY. False: it is over the limit, and the result is cut. */
  countCopied(admission: Admission): boolean {
    if (++this.#seen > this.#limit) {
      this.#cut()
      return false
    }
    admission.rows++
    admission.maskedCells += this.#masked
    return true
  }

  get #catalog(): Catalog {
    return this.#names.environment.catalog
  }

  #begin(admission: Admission, judgement: Judgement, statementIndex: number, seen: number): void {
    this.#of = admission
    this.#classifier = judgement.authority.classifier
    this.#seen = seen
    this.#takeLimit(judgement, statementIndex)
  }

  #takeLimit(judgement: Judgement, statementIndex: number): void {
    const limit = judgement.obligations[statementIndex]?.rowLimit ?? null
    this.#limit = limit?.rows ?? Infinity
    this.#masked = maskedColumns(judgement, statementIndex)
    this.#limitRule = limit?.rule ?? 'gateway'
  }

  #masksOf(portal: Portal): RowMasks {
    const { masksOutput, authority } = portal.judgement
    if (!masksOutput && authority.classifier === null) return null
    const { fields } = portal.statement
    if (fields === null) throw new ResultMismatch('rows came for a statement that was described as returning none')
    return masksFor(portal.judgement, 0, fields, portal.resultFormats, this.#catalog, this.#maskingKeys)
  }

  /** Masked rows are needed whole; others may pass in pieces. */
  #setMasks(masks: RowMasks): void {
    this.#masks = masks
    this.#cursor.streamed[DATA_ROW] = masks === null ? 1 : 0
  }

  /** A limit is reached: no more rows pass, the statement is cancelled, and its end becomes a refusal. */
  cutFor(refusal: Refusal): void {
    this.#cutBy = refusal
    this.#cancelRunning()
  }

  #cut(): void {
    this.cutFor({
      code: 'ROW_LIMIT',
      rule: this.#limitRule,
      object: `${this.#limit} rows per statement`,
      message: `the statement returns more than ${this.#limit} rows, which is the limit`,
      hint: 'Ask for fewer rows with WHERE or LIMIT, or aggregate them in the statement. What was written beside it, or by it, may stand: look before you repeat it.',
      retryAfterSeconds: null,
      position: null,
      approval: null,
    })
  }
}

/** True when rules may change what comes back. */
export function changesRows({ masksAny, classifier }: Authority): boolean {
  return masksAny || classifier !== null
}

/** The masks of the last RowDescription: agents ask for one shape again and again, and its description is the same bytes. */
class LastDescription {
  readonly #body = new BodyReader()
  #judgement: Judgement | null = null
  #statementIndex = 0
  #catalog: Catalog | null = null
  #bytes: Buffer = Buffer.alloc(0)
  #masks: RowMasks = null

  /** Masks for the description under the cursor. Throws `ResultMismatch`. */
  masks(
    cursor: FrameCursor,
    judgement: Judgement,
    statementIndex: number,
    catalog: Catalog,
    key: MaskingKeys,
  ): RowMasks {
    const { bytes, body, end } = cursor
    const known =
      judgement === this.#judgement &&
      statementIndex === this.#statementIndex &&
      catalog === this.#catalog &&
      this.#bytes.compare(bytes, body, end) === 0
    if (known) return this.#masks
    const { fields } = decodeRowDescription(this.#body.reset(bytes, body, end))
    this.#masks = masksFor(judgement, statementIndex, fields, null, catalog, key)
    this.#judgement = judgement
    this.#statementIndex = statementIndex
    this.#catalog = catalog
    this.#bytes = Buffer.from(bytes.subarray(body, end))
    return this.#masks
  }
}

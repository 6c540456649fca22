import {
  type Admission,
  type Authority,
  type Classifier,
  type Judgement,
  maskedColumns,
  type MaskingKeys,
  type Refusal,
} from '@gatehouse/core'
import {
  type ColumnDefinition,
  decodeColumnDefinition,
  type PacketCursor,
  PayloadReader,
  ProtocolError,
} from '@gatehouse/mysql-wire'
import type { ClientOutput } from './client-output.ts'
import { masksFor, ResultMismatch, type RowMasks, serverChooses } from './result-masks.ts'

/** Rows from this length on pass in pieces as they arrive. */
const STREAMED_BYTES = 128 * 1024

/** The most that the column definitions of one result may have, bytes: 4,096 columns with the longest names there can be. */
const DEFINITIONS_LIMIT = 16 * 1024 * 1024

/** The rest of a result, which COM_STMT_FETCH asks for. */
export interface OpenCursor {
  readonly admission: Admission
  readonly masks: RowMasks | null
  /** Rows that came before. */
  seen: number
}

/** The rows of the result that is under way: masked, counted, and cut at the limit. */
export class ResultRows {
  readonly #cursor: PacketCursor
  readonly #output: ClientOutput
  readonly #cancelRunning: () => void
  readonly #described: Description
  /** What the rows belong to; null: to nothing that is counted. */
  #of: Admission | null = null
  #judgement: Judgement | null = null
  #statementIndex = -1
  #masks: RowMasks | null = null
  /** Columns of the current rows that are masked. */
  #masked = 0
  #classifier: Classifier | null = null
  #limit = Infinity
  #limitRule = 'gateway'
  /** Rows of the current statement, over all results of a procedure and all fetches of a cursor. */
  #seen = 0
  #fetchedFrom: OpenCursor | null = null
  #cutBy: Refusal | null = null
  /** The row that began last goes to the client: so do all its packets and pieces. */
  #rowPasses = false

  /** `cancelRunning` is called when a result is cut. `extended`: as `decodeColumnDefinition`. */
  constructor(
    cursor: PacketCursor,
    output: ClientOutput,
    maskingKeys: MaskingKeys,
    extended: boolean,
    cancelRunning: () => void,
  ) {
    this.#cursor = cursor
    this.#output = output
    this.#described = new Description(maskingKeys, extended)
    this.#cancelRunning = cancelRunning
  }

  /** Why nothing more of the current response goes to the client; null: it does. */
  get cutBy(): Refusal | null {
    return this.#cutBy
  }

  /** Returns `cutBy` and forgets it: the client is told now, or the response is over. */
  takeCut(): Refusal | null {
    const cut = this.#cutBy
    this.#cutBy = null
    return cut
  }

  /** A command is answered from here on: none of its rows came yet. */
  beginResponse(): void {
    this.#of = null
    this.#judgement = null
    this.#statementIndex = -1
    this.#fetchedFrom = null
    this.#seen = 0
    this.#cutBy = null
  }

  /** A result begins. `described`: column definitions follow. Throws `ResultMismatch`. */
  begin(admission: Admission, statementIndex: number, columns: number, binary: boolean, described: boolean): void {
    const { judgement } = admission
    if (judgement !== this.#judgement || statementIndex !== this.#statementIndex) this.#seen = 0
    this.#take(admission, statementIndex)
    this.#setMasks(null)
    const changes = changesRows(judgement.authority)
    if (tellsResultsApart(judgement)) checkForeseen(judgement, statementIndex)
    if (!changes) return
    if (!described) throw new ResultMismatch('the database returns rows without a description of their columns')
    this.#described.begin(judgement, statementIndex, columns, binary)
  }

  /** A column definition, under the cursor. Behind the last, the rows can come. Throws `ResultMismatch`. */
  defined(): void {
    if (this.#judgement === null || !changesRows(this.#judgement.authority)) return
    if (this.#described.add(this.#cursor)) this.#setMasks(this.#described.masks())
  }

  /** Rows of a cursor come. */
  fetched(from: OpenCursor): void {
    this.#take(from.admission, 0)
    this.#fetchedFrom = from
    this.#seen = from.seen
    this.#setMasks(from.masks)
  }

  /** What a cursor that was opened for the current result has to remember. */
  opened(admission: Admission): OpenCursor {
    return { admission, masks: this.#masks, seen: this.#seen }
  }

  /** The row, or a further packet or piece of one, under the cursor. */
  row(): void {
    const cursor = this.#cursor
    if (cursor.first && !cursor.continuation) this.#rowPasses = this.#begins(cursor)
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

  /** The result is over: its packets are no rows any more. */
  end(): void {
    if (this.#fetchedFrom !== null) this.#fetchedFrom.seen = this.#seen
    this.#setMasks(null)
    this.#cursor.streamedFrom = Infinity
  }

  /** A limit is reached: no more rows pass, the statement is cancelled, and the end of the response becomes a refusal. */
  cutFor(refusal: Refusal): void {
    this.#cutBy = refusal
    // The rows of a cursor are there already: nothing runs.
    if (this.#fetchedFrom === null) this.#cancelRunning()
  }

  /** Counts a row that begins. False: it does not go to the client. */
  #begins({ payloadLength }: PacketCursor): boolean {
    if (this.#cutBy !== null) return false
    const admission = this.#of
    if (admission === null) return true
    if (++this.#seen > this.#limit) {
      this.#cut()
      return false
    }
    admission.rows++
    admission.bytes += payloadLength + 4
    return true
  }

  #take(admission: Admission, statementIndex: number): void {
    const { judgement } = admission
    this.#of = admission
    this.#judgement = judgement
    this.#statementIndex = statementIndex
    this.#classifier = judgement.authority.classifier
    const limit = judgement.obligations[statementIndex]?.rowLimit ?? null
    this.#limit = limit?.rows ?? Infinity
    this.#masked = maskedColumns(judgement, statementIndex)
    this.#limitRule = limit?.rule ?? 'gateway'
  }

  /** Masked rows are needed whole; others may pass in pieces. */
  #setMasks(masks: RowMasks | null): void {
    this.#masks = masks
    this.#cursor.joined = masks !== null
    this.#cursor.streamedFrom = masks === null ? STREAMED_BYTES : Infinity
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

/** Changes, which return one result or none, as SELECT does. */
const CHANGES: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete'])

/**
 * True when the statement returns one result, or none, or is CALL with one OK behind its results. Behind any other (EXECUTE
 * of a CALL) the results of a text cannot be told apart.
 */
function endsKnown(action: string): boolean {
  return CHANGES.has(action) || serverChooses(action)
}

/** Which statement of a text a result belongs to must be sure. Throws `ResultMismatch`. */
function checkForeseen({ facts }: Judgement, statementIndex: number): void {
  const statements = facts?.statements ?? []
  const statement = statements[statementIndex]
  if (statement === undefined)
    throw new ResultMismatch('the database returns more results than the text has statements')
  if (statementIndex < statements.length - 1 && !endsKnown(statement.action)) {
    throw new ResultMismatch(`results behind ${statement.action} in one text cannot be told apart`)
  }
}

/** True when it must be told which statement of a text a result belongs to: its rows are masked, searched or counted. */
function tellsResultsApart({ authority, obligations }: Judgement): boolean {
  return changesRows(authority) || obligations.some(({ rowLimit }) => rowLimit !== null)
}

/** True when a text would be cut off in its results: one behind which results cannot be told apart is not the last. */
export function losesResults(judgement: Judgement): boolean {
  const statements = judgement.facts?.statements ?? []
  if (statements.length < 2 || !tellsResultsApart(judgement)) return false
  return statements.slice(0, -1).some(({ action }) => action === 'execute')
}

/** True when rules may change what comes back. */
export function changesRows({ masksAny, classifier }: Authority): boolean {
  return masksAny || classifier !== null
}

/**
 * The column definitions of a result, and the masks for it. Agents ask for one shape again and again, and its description
 * is the same bytes: then the masks are the last ones.
 */
class Description {
  readonly #keys: MaskingKeys
  readonly #extended: boolean
  readonly #payload = new PayloadReader()
  #judgement: Judgement | null = null
  #statementIndex = 0
  #columns = 0
  #binary = false
  /** Payloads of the definitions, one behind the other, and where each ends. */
  #bytes: Buffer = Buffer.alloc(0)
  #length = 0
  readonly #ends: number[] = []
  #last: {
    judgement: Judgement
    statementIndex: number
    binary: boolean
    bytes: Buffer
    masks: RowMasks | null
  } | null = null

  constructor(keys: MaskingKeys, extended: boolean) {
    this.#keys = keys
    this.#extended = extended
  }

  begin(judgement: Judgement, statementIndex: number, columns: number, binary: boolean): void {
    this.#judgement = judgement
    this.#statementIndex = statementIndex
    this.#columns = columns
    this.#binary = binary
    this.#length = 0
    this.#ends.length = 0
  }

  /** Keeps the definition under the cursor. True: it was the last. */
  add({ bytes, payload, end }: PacketCursor): boolean {
    const length = this.#length + end - payload
    if (length > DEFINITIONS_LIMIT)
      throw new ProtocolError('TOO_MANY', 'the column definitions of a result are too long')
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(512, length * 2))
      this.#bytes.copy(grown, 0, 0, this.#length)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#length, payload, end)
    this.#length = length
    this.#ends.push(length)
    return this.#ends.length === this.#columns
  }

  /** Masks for what was kept. Throws `ResultMismatch`. */
  masks(): RowMasks | null {
    const judgement = this.#judgement
    if (judgement === null) throw new Error('no result was begun')
    const last = this.#last
    const known =
      last !== null &&
      last.judgement === judgement &&
      last.statementIndex === this.#statementIndex &&
      last.binary === this.#binary &&
      last.bytes.length === this.#length &&
      last.bytes.compare(this.#bytes, 0, this.#length) === 0
    if (known) return last.masks
    const masks = masksFor(judgement, this.#statementIndex, this.#decoded(), this.#binary, this.#keys)
    this.#last = {
      judgement,
      statementIndex: this.#statementIndex,
      binary: this.#binary,
      bytes: Buffer.from(this.#bytes.subarray(0, this.#length)),
      masks,
    }
    return masks
  }

  #decoded(): ColumnDefinition[] {
    let start = 0
    return this.#ends.map((end) => {
      const definition = decodeColumnDefinition(this.#payload.reset(this.#bytes, start, end), this.#extended)
      this.#payload.end()
      start = end
      return definition
    })
  }
}

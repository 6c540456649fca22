import {
  type Admission,
  type CellMask,
  type Classifier,
  compileCellMask,
  type CopyStream,
  type Judgement,
  type MaskingKeys,
} from '@gatehouse/core'
import {
  BodyReader,
  CopyBinaryFields,
  CopyCsvFields,
  type CopyFields,
  type CopyResponse,
  CopyTextFields,
  decodeCopyResponse,
  type FrameCursor,
  ProtocolError,
} from '@gatehouse/postgres-wire'
import type { Catalog } from '@gatehouse/sql-analysis'
import { type Asked, Portal, SimpleQuery } from './asked.ts'
import type { ClientOutput } from './client-output.ts'
import { classifyingMask } from './classified-columns.ts'
import { ResultMismatch, type RowMasks } from './result-masks.ts'
import { valueType } from './value-types.ts'
import type { ResultRows } from './result-rows.ts'
import type { SessionNames } from './session-names.ts'

const COPY_DATA = 0x64
/** File header and trailer of the binary format, and the trailer alone, in bytes of a message's body. */
const EMPTY_FILE = 21
const TRAILER = 2

/** The rows of the COPY … TO STDOUT that is under way: masked, counted, and cut at the limit. */
export class CopiedRows {
  readonly #cursor: FrameCursor
  readonly #output: ClientOutput
  readonly #rows: ResultRows
  /** The message that began last goes to the client: so do all its pieces, whatever is cut meanwhile. */
  #passes = false
  readonly #names: SessionNames
  readonly #maskingKeys: MaskingKeys
  readonly #body = new BodyReader()
  #admission: Admission | null = null
  #classifier: Classifier | null = null
  #masks: RowMasks = null
  /** What walks the stream where it is masked; null where it passes as it is. */
  #fields: CopyFields | null = null
  #response: CopyResponse | null = null
  /** The next message of a stream that passes as it is holds the columns' names. */
  #header = false
  /** The next message is the stream's first. */
  #first = false

  constructor(
    cursor: FrameCursor,
    output: ClientOutput,
    rows: ResultRows,
    names: SessionNames,
    maskingKeys: MaskingKeys,
  ) {
    this.#cursor = cursor
    this.#output = output
    this.#rows = rows
    this.#names = names
    this.#maskingKeys = maskingKeys
  }

  /** CopyOutResponse, under the cursor. Throws `ResultMismatch` when it is not the answer to what was read. */
  start(about: Asked | undefined, statementIndex: number): void {
    if (!(about instanceof SimpleQuery || about instanceof Portal))
      throw new ProtocolError('UNEXPECTED_MESSAGE', 'COPY began for a request that returns no rows')
    const { bytes, body, end } = this.#cursor
    const response = decodeCopyResponse('CopyOutResponse', this.#body.reset(bytes, body, end))
    const judgement = about instanceof Portal ? about.judgement : about.admission.judgement
    const index = about instanceof Portal ? 0 : statementIndex
    const stream = judgement.facts?.statements[index]?.copyOut?.stream ?? null
    this.#admission = about.admission
    this.#classifier = judgement.authority.classifier
    this.#response = response
    this.#masks = copyMasksFor(judgement, index, response, this.#names.environment.catalog, this.#maskingKeys)
    this.#fields = this.#masks === null || stream === null ? null : fieldsOf(stream, response.columnFormats.length)
    this.#header = stream?.header === true && response.format === 0
    this.#first = true
    // Masked rows are needed whole, and so are rows that only their content tells from the end; others may pass in pieces.
    const whole = this.#fields !== null || response.columnFormats.length === 0
    this.#cursor.streamed[COPY_DATA] = whole ? 0 : 1
    this.#rows.beginCopy(judgement, index)
  }

  /** The CopyData message, or piece of one, under the cursor. `dropped`: nothing goes to the client at present. */
  data(dropped: boolean): void {
    const cursor = this.#cursor
    const admission = this.#admission
    if (admission === null) return
    const fields = this.#fields
    if (cursor.first) {
      this.#passes = false
      if (dropped || this.#rows.cutBy !== null) return
      if (fields !== null && this.#masks !== null) return this.#masked(fields, this.#masks, admission)
      if (this.#isRow() && !this.#rows.countCopied(admission)) return
      admission.bytes += cursor.bodyLength + 5
      this.#passes = true
    }
    if (this.#passes) this.#output.pass(cursor)
  }

  #masked(fields: CopyFields, masks: readonly (CellMask | null)[], admission: Admission): void {
    const cursor = this.#cursor
    try {
      const part = fields.reset(cursor.bytes, cursor.body, cursor.end)
      if (part === 'row' && !this.#rows.countCopied(admission)) return
      admission.bytes += cursor.bodyLength + 5
      this.#output.passCopied(part === 'row' ? masks : NO_MASKS, fields, cursor)
      this.#classifier?.moveFinds(admission)
    } catch (error) {
      if (error instanceof ProtocolError) throw new ResultMismatch(error.message)
      throw error
    }
  }

  /** True when the message of a stream that passes as it is holds a row. */
  #isRow(): boolean {
    const first = this.#first
    this.#first = false
    if (this.#header) {
      this.#header = false
      return false
    }
    const { bodyLength, bytes, end } = this.#cursor
    if (this.#response?.format !== 1 || bodyLength !== (first ? EMPTY_FILE : TRAILER)) return true
    // A row without columns is as long as the trailer; then the message is here whole.
    return this.#response.columnFormats.length === 0 && bytes[end - 1] === 0
  }
}

const NO_MASKS: readonly (CellMask | null)[] = []

/**
 * Checks the server's description of a COPY, which says its format and number of columns alone, against what was read, and makes
 * the masks for it. Throws `ResultMismatch`.
 */
function copyMasksFor(
  judgement: Judgement,
  statementIndex: number,
  response: CopyResponse,
  catalog: Catalog,
  key: MaskingKeys,
): RowMasks {
  const { masksAny, classifier } = judgement.authority
  if (!masksAny && classifier === null) return null
  const statement = judgement.facts?.statements[statementIndex]
  const obligations = judgement.obligations[statementIndex]
  if (statement?.action !== 'copy_to' || statement.output === null || obligations === undefined)
    throw new ResultMismatch('the server begins a COPY for a statement that was read as none')
  const columns = response.columnFormats.length
  const { output } = statement
  if (masksAny && output.length !== columns)
    throw new ResultMismatch(`the server copies ${columns} columns where ${output.length} were read`)
  const { outputs } = obligations
  if (outputs === null && (classifier === null || classifier.exceptsAll(output))) return null
  const stream = statement.copyOut?.stream ?? null
  const format = response.format
  if (
    stream === null ||
    (stream.format === 'binary' ? 1 : 0) !== format ||
    response.columnFormats.some((one) => one !== format)
  )
    throw new ResultMismatch('the server copies in another format than was read')
  return response.columnFormats.map((_, index) => {
    const type = stream.types[index] ?? null
    const spec = outputs?.[index]?.spec
    if (spec === undefined) {
      const known = output.length === columns ? output[index] : undefined
      return classifier === null ? null : classifyingMask(classifier, known, type ?? TEXT, format, catalog)
    }
    // Without a type no other value is certain to be one. What is computed is withheld: its type is not known, nor may its NULLs show.
    const known = spec.kind === 'withhold' || type === null ? null : valueType(type.oid, type.modifier, catalog)
    return compileCellMask(known === null ? { kind: 'null' } : spec, known ?? UNKNOWN, format, key)
  })
}

/** What a column is looked through as whose type the stream does not tell: `text`. */
const TEXT = { oid: 25, modifier: -1 }
const UNKNOWN = { name: 'unknown', oid: 0, element: null, enumLabels: null, modifier: -1 }

function fieldsOf(stream: CopyStream, columns: number): CopyFields {
  if (stream.format === 'binary') return new CopyBinaryFields(columns)
  return stream.format === 'csv'
    ? new CopyCsvFields({ ...stream, columns })
    : new CopyTextFields({ ...stream, columns })
}

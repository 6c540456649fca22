import { Capability, MariadbCapability, ServerStatus } from './capabilities.ts'
import { ResponseHeader } from './generic-response.ts'
import { LARGEST_PACKET } from './packet-limits.ts'
import { PayloadReader } from './payload-reader.ts'
import { decodePrepareOk, type PrepareOk } from './prepared-reply.ts'
import { ProtocolError } from './protocol-error.ts'
import { ResponseKind, ResponsePart } from './response-kind.ts'
import { ResponseStatus } from './response-status.ts'

/** Where the response stands: what its next packet can be. */
const Phase = {
  /** Nothing is owed. */
  Over: 0,
  /** The response, or its next result, begins. */
  First: 1,
  Definitions: 2,
  /** Only an EOF. */
  DefinitionsEnd: 3,
  Rows: 4,
  Parameters: 5,
  ParametersEnd: 6,
  Columns: 7,
  ColumnsEnd: 8,
  Fields: 9,
} as const
type Phase = (typeof Phase)[keyof typeof Phase]

/** Most columns of a result: what the count in a reply to COM_STMT_PREPARE can hold. The servers' own limit is 4,096. */
const MOST_COLUMNS = 65_535

/** The code of an ERR that is a progress report. MariaDB Knowledge Base: "ERR_Packet". */
const PROGRESS_REPORT = 0xffff

/** What is agreed with the server: `Capability` flags, and MariaDB's own (0 with MySQL). */
export interface AgreedCapabilities {
  readonly capabilities: number
  readonly mariadbCapabilities: number
}

/**
 * Knows what each packet of a response is, and where the response ends. Manual: "Command Phase", "COM_QUERY Response",
 * "COM_STMT_PREPARE Response", "Multi-Resultset".
 *
 * Say `begin` when a command was sent; then give it each packet (joined ones whole; continuation packets and later pieces
 * not at all). Allocates nothing for a packet, but for a reply to COM_STMT_PREPARE. Throws ProtocolError for a packet
 * that cannot come: nothing after it can be trusted.
 */
export class ResponseReader {
  /** Of the last OK or EOF. */
  readonly status: ResponseStatus = new ResponseStatus()
  /** Columns of the current result set. */
  columns: number = 0
  /** False: the server left the column definitions out, as OPTIONAL_RESULTSET_METADATA and CACHE_METADATA let it. */
  definitionsFollow: boolean = true
  /** Of the last reply to COM_STMT_PREPARE; null before there was one. */
  prepared: PrepareOk | null = null
  /** Which result of the response the last packet belongs to, from 0. */
  resultIndex: number = 0
  /** The last result ended with a cursor open on the server: COM_STMT_FETCH gets its rows. */
  cursorOpened: boolean = false

  readonly #capabilities: number
  readonly #deprecateEof: boolean
  readonly #countHasFlag: boolean
  readonly #progress: boolean
  readonly #payload = new PayloadReader()
  #kind: ResponseKind = ResponseKind.None
  #phase: Phase = Phase.Over
  #left = 0
  /** The rows are the out parameters of a procedure, whose OK follows. */
  #outParameters = false
  /** The last packet ended a result, and another begins with the next. */
  #nextResult = false

  constructor({ capabilities, mariadbCapabilities }: AgreedCapabilities) {
    this.#capabilities = capabilities
    this.#deprecateEof = (capabilities & Capability.DEPRECATE_EOF) !== 0
    this.#countHasFlag =
      (capabilities & Capability.OPTIONAL_RESULTSET_METADATA) !== 0 ||
      (mariadbCapabilities & MariadbCapability.CACHE_METADATA) !== 0
    this.#progress = (mariadbCapabilities & MariadbCapability.PROGRESS) !== 0
  }

  /** A command was sent whose response is of this kind. Throws an Error (a fault of the caller) while another is under way. */
  begin(kind: ResponseKind): void {
    if (this.#phase !== Phase.Over) throw new Error('a response is under way')
    this.#kind = kind
    this.#phase = kind === ResponseKind.None ? Phase.Over : Phase.First
    if (kind === ResponseKind.Fetch) this.#phase = Phase.Rows
    else if (kind === ResponseKind.FieldList) this.#phase = Phase.Fields
    this.resultIndex = 0
    this.#nextResult = false
    this.#outParameters = false
    this.cursorOpened = false
  }

  /** True when the server owes nothing more. */
  get over(): boolean {
    return this.#phase === Phase.Over
  }

  /** True while rows may come. */
  get inRows(): boolean {
    return this.#phase === Phase.Rows
  }

  /** Rows are in the binary form. */
  get binary(): boolean {
    return this.#kind === ResponseKind.Binary || this.#kind === ResponseKind.Fetch
  }

  /**
   * While `inRows`: true for a packet that is a row, and needs no call of `packet`. `header`: first byte of the payload.
   * A row that begins with 0xfe (a cell of 16 MiB and more) fills at least one whole packet, which an OK never does.
   */
  isRow(header: number, payloadLength: number): boolean {
    if (payloadLength === 0) return false
    if (this.binary) return header === 0
    return header < ResponseHeader.EOF || (header === ResponseHeader.EOF && payloadLength >= LARGEST_PACKET)
  }

  /** What the packet with the payload bytes[start, end) is. `payloadLength` is larger than that for a first piece of it. */
  packet(bytes: Buffer, start: number, end: number, payloadLength: number): ResponsePart {
    if (this.#phase === Phase.Over) throw unexpected('no command waits for a response')
    if (this.#nextResult) {
      this.#nextResult = false
      this.resultIndex++
    }
    if (payloadLength === 0) throw unexpected('an empty packet')
    const header = bytes[start] ?? 0
    if (this.#phase === Phase.Rows && this.isRow(header, payloadLength)) return ResponsePart.Row
    if (end - start !== payloadLength) throw unexpected('a packet that is no row is too long')
    if (header === ResponseHeader.ERR) return this.#err(bytes, start, end)
    switch (this.#phase) {
      case Phase.First:
        return this.#first(header, bytes, start, end)
      case Phase.Definitions:
        if (--this.#left === 0) this.#phase = this.#deprecateEof ? Phase.Rows : Phase.DefinitionsEnd
        return ResponsePart.ColumnDefinition
      case Phase.DefinitionsEnd:
        return this.#definitionsEnd(bytes, start, end)
      case Phase.Rows:
        if (header !== ResponseHeader.EOF) throw unexpected('a packet that is no row came among rows')
        return this.#resultEnd(bytes, start, end)
      case Phase.Parameters:
        // MySQL 9 counts parameters that it then leaves out, being of no use to the result.
        if (header === ResponseHeader.EOF && !this.#deprecateEof) return this.#parametersEnd(bytes, start, end)
        if (--this.#left === 0) {
          if (this.#deprecateEof) this.#preparedColumns()
          else this.#phase = Phase.ParametersEnd
        }
        return ResponsePart.PreparedDefinition
      case Phase.ParametersEnd:
        return this.#parametersEnd(bytes, start, end)
      case Phase.Columns:
        if (--this.#left === 0) this.#phase = this.#deprecateEof ? Phase.Over : Phase.ColumnsEnd
        return ResponsePart.PreparedDefinition
      case Phase.ColumnsEnd:
        this.#readEof(bytes, start, end)
        this.#phase = Phase.Over
        return ResponsePart.PreparedDefinitionsEnd
      case Phase.Fields:
        if (header !== ResponseHeader.EOF) return ResponsePart.FieldDefinition
        return this.#resultEnd(bytes, start, end)
      default:
        throw this.#phase satisfies never
    }
  }

  #first(header: number, bytes: Buffer, start: number, end: number): ResponsePart {
    const kind = this.#kind
    switch (kind) {
      case ResponseKind.Prepare:
        return this.#prepareOk(header, bytes, start, end)
      case ResponseKind.Statistics:
        this.#phase = Phase.Over
        return ResponsePart.Statistics
      case ResponseKind.Authentication:
        if (header === ResponseHeader.OK) return this.#ok(header, bytes, start, end)
        if (header > 2 && header !== ResponseHeader.EOF) throw unexpected('no authentication packet')
        return ResponsePart.Authentication
      case ResponseKind.Status:
        if (header !== ResponseHeader.OK && header !== ResponseHeader.EOF) throw unexpected('neither OK nor ERR')
        return this.#ok(header, bytes, start, end)
      case ResponseKind.Text:
      case ResponseKind.Binary:
        if (header === ResponseHeader.OK || header === ResponseHeader.EOF) return this.#ok(header, bytes, start, end)
        if (header !== ResponseHeader.LOCAL_INFILE) return this.#columnCount(bytes, start, end)
        if (kind === ResponseKind.Binary) throw unexpected('a LOCAL INFILE request for a prepared statement')
        return ResponsePart.LocalInfile
      case ResponseKind.None:
      case ResponseKind.Fetch:
      case ResponseKind.FieldList:
        throw unexpected('a packet where none begins a response')
      default:
        return kind satisfies never
    }
  }

  #columnCount(bytes: Buffer, start: number, end: number): ResponsePart {
    const payload = this.#payload.reset(bytes, start, end)
    const columns = payload.lenencInt()
    this.definitionsFollow = !this.#countHasFlag || payload.int1() !== 0
    payload.end()
    if (columns > MOST_COLUMNS) throw new ProtocolError('TOO_MANY', `a result of ${columns} columns`)
    this.columns = columns
    this.#left = columns
    if (this.definitionsFollow) this.#phase = Phase.Definitions
    else this.#phase = this.#deprecateEof ? Phase.Rows : Phase.DefinitionsEnd
    return ResponsePart.ColumnCount
  }

  /** Where a cursor was opened, no rows follow: the EOF ends the result. */
  #definitionsEnd(bytes: Buffer, start: number, end: number): ResponsePart {
    this.#readEof(bytes, start, end)
    if ((this.status.flags & ServerStatus.CURSOR_EXISTS) !== 0 && this.#kind === ResponseKind.Binary) {
      this.#endOfResult()
      return ResponsePart.ResultEnd
    }
    // MySQL says of out parameters that more results exist in this EOF alone: the one behind their row lacks the flag.
    this.#outParameters = (this.status.flags & ServerStatus.PS_OUT_PARAMS) !== 0
    this.#phase = Phase.Rows
    return ResponsePart.DefinitionsEnd
  }

  #prepareOk(header: number, bytes: Buffer, start: number, end: number): ResponsePart {
    if (header !== ResponseHeader.OK) throw unexpected('neither OK nor ERR answers COM_STMT_PREPARE')
    const optional = (this.#capabilities & Capability.OPTIONAL_RESULTSET_METADATA) !== 0
    const prepared = decodePrepareOk(this.#payload.reset(bytes, start, end), optional)
    this.prepared = prepared
    if (!prepared.definitionsFollow) this.#phase = Phase.Over
    else if (prepared.parameters > 0) {
      this.#phase = Phase.Parameters
      this.#left = prepared.parameters
    } else this.#preparedColumns()
    return ResponsePart.PrepareOk
  }

  #parametersEnd(bytes: Buffer, start: number, end: number): ResponsePart {
    this.#readEof(bytes, start, end)
    this.#preparedColumns()
    return ResponsePart.PreparedDefinitionsEnd
  }

  #preparedColumns(): void {
    this.#left = this.prepared?.columns ?? 0
    this.#phase = this.#left > 0 ? Phase.Columns : Phase.Over
  }

  #ok(header: number, bytes: Buffer, start: number, end: number): ResponsePart {
    if (header === ResponseHeader.OK || this.#deprecateEof) this.status.readOk(bytes, start, end, this.#capabilities)
    else this.status.readEof(bytes, start, end)
    this.#endOfResult()
    return ResponsePart.Ok
  }

  #resultEnd(bytes: Buffer, start: number, end: number): ResponsePart {
    if (this.#deprecateEof) this.status.readOk(bytes, start, end, this.#capabilities)
    else this.status.readEof(bytes, start, end)
    this.#endOfResult()
    return ResponsePart.ResultEnd
  }

  #endOfResult(): void {
    const kind = this.#kind
    const { flags } = this.status
    this.cursorOpened = kind === ResponseKind.Binary && (flags & ServerStatus.CURSOR_EXISTS) !== 0
    const more =
      (kind === ResponseKind.Text || kind === ResponseKind.Binary) &&
      ((flags & ServerStatus.MORE_RESULTS_EXISTS) !== 0 || this.#outParameters)
    this.#outParameters = false
    this.#nextResult = more
    this.#phase = more ? Phase.First : Phase.Over
  }

  #err(bytes: Buffer, start: number, end: number): ResponsePart {
    const code = this.#payload.reset(bytes, start, end)
    code.skip(1)
    if (code.int2() === PROGRESS_REPORT && this.#progress) return ResponsePart.Progress
    this.#phase = Phase.Over
    return ResponsePart.Err
  }

  #readEof(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] !== ResponseHeader.EOF) throw unexpected('no EOF ends the definitions')
    this.status.readEof(bytes, start, end)
  }
}

function unexpected(what: string): ProtocolError {
  return new ProtocolError('UNEXPECTED_PACKET', `the server sent what cannot come: ${what}`)
}

import { type Admission, type CellOutput, type Classifier, GrowableOutput, type StatementFacts } from '@gatehouse/core'
import {
  decodeColumnDefinition,
  decodeErr,
  type ErrPacket,
  type PacketCursor,
  PacketWriter,
  PayloadReader,
  type ResponseStatus,
  ServerStatus,
} from '@gatehouse/mysql-wire'
import { encodeError } from './refusal.ts'

const payload = new PayloadReader()
const writer = new PacketWriter()

/** The ERR packet under the cursor. */
export function readError(cursor: PacketCursor): ErrPacket {
  return decodeErr(payload.reset(cursor.bytes, cursor.payload, cursor.end))
}

/** What stands for an error whose text may hold masked values: number and SQLSTATE are kept. */
export function encodeRedactedError({ errorCode, sqlState }: ErrPacket, sequenceId: number): Buffer {
  const message = `gatehouse: the database reported error ${errorCode} (${sqlState}); its text is withheld because the statement touches masked columns. Look the number up in the manual, "Server Error Message Reference"; a statement without masked columns gets the full text.`
  return encodeError({ number: errorCode, sqlState: sqlState === '' ? 'HY000' : sqlState }, message, sequenceId)
}

/**
 * The error with what the rules detect in its text replaced; null where it may go as it is. `about`: the statement that
 * the finds are counted for.
 */
export function classifiedError(
  classifier: Classifier | null,
  error: ErrPacket,
  sequenceId: number,
  about: Admission | null,
): Buffer | null {
  const text = Buffer.from(error.errorMessage)
  if (classifier === null || classifier.keepsReport(text, 0, text.length)) return null
  const out: CellOutput = new GrowableOutput(text.length + 256)
  classifier.appendReport(text, 0, text.length, out)
  if (about === null) classifier.forgetFinds()
  else classifier.moveFinds(about)
  const message = out.bytes.toString('utf8', 0, out.length)
  return encodeError(
    { number: error.errorCode, sqlState: error.sqlState === '' ? 'HY000' : error.sqlState },
    message,
    sequenceId,
  )
}

/** What must not reach the client of an OK or EOF packet. */
export interface StatusCuts {
  /** Warning count and text, which can tell of values: under masks. */
  readonly reports: boolean
  /** last_insert_id, which LAST_INSERT_ID(expression) sets: under masks, where nothing was inserted. */
  readonly insertId: boolean
  /** Session state, which the client did not ask for. */
  readonly state: boolean
  /** What stands for affected_rows, which tells whether a value written was there before; null: what the server says. */
  readonly affectedRows: number | null
}

/** True when the packet holds any of it. */
export function needsCuts(bytes: Buffer, status: ResponseStatus, cuts: StatusCuts): boolean {
  if (cuts.state && (status.flags & ServerStatus.SESSION_STATE_CHANGED) !== 0) return true
  if (cuts.affectedRows !== null && cuts.affectedRows !== status.affectedRows) return true
  if (cuts.reports && (status.warnings > 0 || status.infoEnd > status.infoStart)) return true
  return cuts.insertId && status.isOk && bytes[status.lastInsertId] !== 0
}

/** The OK or EOF packet under the cursor, which `status` was read from, without that. */
export function encodeCutStatus(
  cursor: PacketCursor,
  status: ResponseStatus,
  cuts: StatusCuts,
  sequenceId: number,
): Buffer {
  const { bytes } = cursor
  writer.nextSequenceId = sequenceId
  writer.begin().int1(bytes[cursor.payload] ?? 0)
  const warnings = cuts.reports ? 0 : status.warnings
  if (!status.isOk) return writer.int2(warnings).int2(status.flags).end().take()
  if (cuts.affectedRows === null) writer.bytes(bytes, cursor.payload + 1, status.lastInsertId)
  else writer.lenencInt(cuts.affectedRows)
  if (cuts.insertId) writer.int1(0)
  else writer.bytes(bytes, status.lastInsertId, status.flagsAt)
  const keepsState = !cuts.state && status.stateEnd > status.stateStart
  writer.int2(keepsState ? status.flags : status.flags & ~ServerStatus.SESSION_STATE_CHANGED).int2(warnings)
  const info = cuts.reports ? EMPTY : bytes.subarray(status.infoStart, status.infoEnd)
  if (keepsState || info.length > 0) writer.lenencBytes(info)
  if (keepsState) writer.lenencBytes(bytes.subarray(status.stateStart, status.stateEnd))
  return writer.end().take()
}

/**
 * What is said of affected rows where masked columns are written: the server counts those that had other values before, which
 * tells a guess from the truth. UPDATE says in its text how many it found ("Rows matched: 1  Changed: 0"), an INSERT of
 * several rows how many it was given; one of a single row says nothing. Null: as the server says.
 */
export function rowsFound(bytes: Buffer, status: ResponseStatus, statement: StatementFacts): number | null {
  const replaces = statement.accesses.some(({ action }) => action === 'update' || action === 'delete')
  if (statement.action !== 'update' && !(statement.action === 'insert' && replaces)) return null
  const found = /\d+/.exec(bytes.toString('latin1', status.infoStart, status.infoEnd))
  if (found !== null) return Number(found[0])
  return statement.action === 'insert' ? 1 : null
}

const EMPTY: Buffer = Buffer.alloc(0)

/** The field of COM_FIELD_LIST under the cursor with NULL for its default value. `extended`: as `decodeColumnDefinition`. */
export function encodeWithoutDefault(cursor: PacketCursor, extended: boolean, sequenceId: number): Buffer {
  decodeColumnDefinition(payload.reset(cursor.bytes, cursor.payload, cursor.end), extended)
  writer.nextSequenceId = sequenceId
  return writer.begin().bytes(cursor.bytes, cursor.payload, payload.offset).int1(0xfb).end().take()
}

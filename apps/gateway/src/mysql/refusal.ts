import { gatewayRefusal, type Refusal, type RefusalCode } from '@gatehouse/core'
import { encodeErr, PacketWriter } from '@gatehouse/mysql-wire'
import type { Farewell, FarewellReason } from '../farewell.ts'

/** A MySQL error number with the SQLSTATE that goes with it (MySQL manual, "Server Error Message Reference"). */
export interface ErrorNumber {
  readonly number: number
  readonly sqlState: string
}

/** Error of each refusal. docs/errors.md lists them; a test compares. */
export const ERRORS: Readonly<Record<RefusalCode, ErrorNumber>> = {
  DENIED_BY_RULE: { number: 1227, sqlState: '42000' }, // ER_SPECIFIC_ACCESS_DENIED_ERROR
  NOT_ALLOWED: { number: 1227, sqlState: '42000' },
  MASK_NOT_POSSIBLE: { number: 1227, sqlState: '42000' },
  MASKED_COLUMN_DECIDES: { number: 1227, sqlState: '42000' },
  MASKED_COLUMN_COPIED: { number: 1227, sqlState: '42000' },
  NOT_UNDERSTOOD: { number: 1227, sqlState: '42000' },
  DECISION_FAILED: { number: 1227, sqlState: '42000' },
  PINNED_SETTING: { number: 1227, sqlState: '42000' },
  PINNED_ROLE: { number: 1227, sqlState: '42000' },
  UNREADABLE: { number: 1064, sqlState: '42000' }, // ER_PARSE_ERROR
  STATEMENT_LIMIT: { number: 1064, sqlState: '42000' },
  SESSION_LIMIT: { number: 1226, sqlState: '42000' }, // ER_USER_LIMIT_REACHED
  RATE_LIMIT: { number: 1226, sqlState: '42000' },
  ROW_LIMIT: { number: 1226, sqlState: '42000' },
  TIME_LIMIT: { number: 1226, sqlState: '42000' },
  CATALOG_UNAVAILABLE: { number: 1205, sqlState: 'HY000' }, // ER_LOCK_WAIT_TIMEOUT
  TRAIL_UNAVAILABLE: { number: 1021, sqlState: 'HY000' }, // ER_DISK_FULL
  FEATURE_REFUSED: { number: 1235, sqlState: '42000' }, // ER_NOT_SUPPORTED_YET
  UNKNOWN_STATEMENT: { number: 1243, sqlState: 'HY000' }, // ER_UNKNOWN_STMT_HANDLER
  UNKNOWN_PORTAL: { number: 1421, sqlState: 'HY000' }, // ER_STMT_HAS_NO_OPEN_CURSOR
  APPROVAL_REFUSED: { number: 1317, sqlState: '70100' }, // ER_QUERY_INTERRUPTED
  APPROVAL_TIMEOUT: { number: 1317, sqlState: '70100' },
  APPROVAL_PENDING: { number: 1317, sqlState: '70100' },
  APPROVAL_VOIDED: { number: 1317, sqlState: '70100' },
  APPROVAL_COOL_DOWN: { number: 1226, sqlState: '42000' },
  APPROVAL_TOO_MANY: { number: 1226, sqlState: '42000' },
  APPROVAL_UNAVAILABLE: { number: 1317, sqlState: '70100' },
  RESULT_MISMATCH: { number: 1227, sqlState: '42000' },
}

const FAREWELL_ERRORS: Readonly<Record<FarewellReason, ErrorNumber>> = {
  'login refused': { number: 1045, sqlState: '28000' }, // ER_ACCESS_DENIED_ERROR
  'token refused': { number: 1045, sqlState: '28000' },
  denied: { number: 1227, sqlState: '42000' },
  'unknown target': { number: 1049, sqlState: '42000' }, // ER_BAD_DB_ERROR
  'no room': { number: 1040, sqlState: '08004' }, // ER_CON_COUNT_ERROR
  'too many sessions': { number: 1203, sqlState: '42000' }, // ER_TOO_MANY_USER_CONNECTIONS
  'too many failures': { number: 1129, sqlState: 'HY000' }, // ER_HOST_IS_BLOCKED
  'feature refused': { number: 1235, sqlState: '42000' },
  'session ended': { number: 1053, sqlState: '08S01' }, // ER_SERVER_SHUTDOWN
  upstream: { number: 1429, sqlState: 'HY000' }, // ER_CONNECT_TO_FOREIGN_DATA_SOURCE
  protocol: { number: 1835, sqlState: 'HY000' }, // ER_MALFORMED_PACKET
  'gateway fault': { number: 1105, sqlState: 'HY000' }, // ER_UNKNOWN_ERROR
}

/** MYSQL_ERRMSG_SIZE is 512, with a NUL at the end: drivers cut what is longer. */
const MESSAGE_BYTES = 511
/** Of a long reason this much is said, so that there is room for the way on. */
const REASON_BYTES = 320

/** The refusal as an ERR packet with this sequence id: code and approval, reason, rule and object, then the way on, as far as there is room. */
export function encodeRefusal(refusal: Refusal, sequenceId: number): Buffer {
  const { code, rule, object, message, hint, approval } = refusal
  const label = approval === null ? code : `${code} (approval ${approval})`
  const by = rule === 'gateway' ? '' : ` (rule ${rule}, ${object})`
  return encodeError(ERRORS[code], textOf(label, message, by, hint), sequenceId)
}

/** The last packet of a connection. */
export function encodeFarewell({ why, code, message, hint }: Farewell, sequenceId: number): Buffer {
  return encodeError(FAREWELL_ERRORS[why], textOf(code, message, '', hint), sequenceId)
}

/** What stands in the greeting's place. Nothing is agreed on yet, so it has no SQLSTATE, as the server's own has none then. */
export function encodeUnserved({ why, code, message, hint }: Farewell): Buffer {
  return encodeError({ ...FAREWELL_ERRORS[why], sqlState: '' }, textOf(code, message, '', hint), 0)
}

/** What the servers answer to an option of COM_SET_OPTION that there is not: ER_UNKNOWN_COM_ERROR. */
export function encodeUnknownOption(sequenceId: number): Buffer {
  return encodeError({ number: 1047, sqlState: '08S01' }, 'Unknown command', sequenceId)
}

/** An ERR packet with a text of the gateway's own. */
export function encodeError({ number, sqlState }: ErrorNumber, message: string, sequenceId: number): Buffer {
  const errorMessage = cut(message.replaceAll('\0', '').toWellFormed(), MESSAGE_BYTES)
  writer.nextSequenceId = sequenceId & 0xff
  encodeErr({ kind: 'ERR', errorCode: number, sqlState, errorMessage }, writer)
  return writer.take()
}

const writer = new PacketWriter()

function textOf(code: string, message: string, by: string, hint: string): string {
  return `gatehouse: ${code}: ${cut(message, REASON_BYTES)}${by}. ${hint}`
}

/** At most this many bytes of UTF-8, whole characters. */
function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  const whole = new TextDecoder('utf-8', { fatal: false }).decode(Buffer.from(text).subarray(0, bytes - 3))
  return `${whole.replace(/\uFFFD$/, '')}…`
}

/** A command of the protocol that is not carried. */
export function commandRefused(command: string): Refusal {
  return gatewayRefusal(
    'FEATURE_REFUSED',
    command,
    `the command ${command} of the protocol is not carried`,
    'Use SQL; what needs this command has to go to the database itself.',
  )
}

export function unknownStatement(id: number): Refusal {
  return gatewayRefusal(
    'UNKNOWN_STATEMENT',
    `prepared statement ${id}`,
    `there is no prepared statement ${id} in this session`,
    'Prepare it in this session first.',
  )
}

export function tooManyStatements(limit: number): Refusal {
  return gatewayRefusal(
    'SESSION_LIMIT',
    'prepared statements',
    `a session may keep ${limit} prepared statements`,
    'Close some that are no longer used.',
  )
}

export const MEANING_CHANGED: Refusal = gatewayRefusal(
  'UNKNOWN_STATEMENT',
  'prepared statement',
  'what this prepared statement does, or the columns it returns, has changed since it was prepared',
  'Prepare it again.',
)

export const DEFINITIONS_IN_USE: Refusal = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'definitions',
  'another session is changing, or reading, relations of the same names, so what the names mean cannot be told until it is done',
  'Repeat the statement.',
)

export const EXECUTE_LAST: Refusal = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'EXECUTE',
  'EXECUTE can return any number of results, so those of the statements behind it in one text could not be told apart',
  'Send EXECUTE by itself, or as the last statement of a text.',
)

export const COUNT_TELLS: Refusal = gatewayRefusal(
  'MASK_NOT_POSSIBLE',
  'ROW_COUNT()',
  'ROW_COUNT() behind a change of a masked column tells whether the value that was written was there before',
  'Use the number of affected rows that the server answers to the change with.',
)

export const DIAGNOSTICS_TELL: Refusal = gatewayRefusal(
  'MASK_NOT_POSSIBLE',
  'warnings',
  'messages of warnings and errors may quote masked values that a statement of this session has looked at',
  'Connect again, or reset the connection, before the statements whose warnings are asked for.',
)

export const HELP_AS_TEXT: Refusal = gatewayRefusal(
  'FEATURE_REFUSED',
  'HELP',
  'MariaDB does not answer the preparation of HELP with a statement that could be executed',
  'Send HELP as a text (COM_QUERY).',
)

export const SEND_SETTING_APART: Refusal = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'character_set_results',
  'a statement that sets character_set_results cannot stand in one text with others: masks know rows in utf8mb4',
  'Send it alone; it is set back to utf8mb4 before the next statement.',
)

import { gatewayRefusal, type Refusal, type RefusalCode } from '@gatehouse/core'
import { MessageWriter } from '@gatehouse/postgres-wire'
import type { Farewell, FarewellReason } from '../farewell.ts'

/** SQLSTATE of each refusal (PostgreSQL manual, Appendix A). docs/errors.md lists them; a test compares. */
export const SQLSTATES: Readonly<Record<RefusalCode, string>> = {
  DENIED_BY_RULE: '42501',
  NOT_ALLOWED: '42501',
  MASK_NOT_POSSIBLE: '42501',
  MASKED_COLUMN_DECIDES: '42501',
  MASKED_COLUMN_COPIED: '42501',
  NOT_UNDERSTOOD: '42501',
  DECISION_FAILED: '42501',
  PINNED_SETTING: '42501',
  PINNED_ROLE: '42501',
  UNREADABLE: '42601',
  STATEMENT_LIMIT: '42601',
  SESSION_LIMIT: '53400',
  RATE_LIMIT: '53400',
  ROW_LIMIT: '53400',
  TIME_LIMIT: '53400',
  CATALOG_UNAVAILABLE: '55P03', // lock_not_available
  TRAIL_UNAVAILABLE: '53100',
  FEATURE_REFUSED: '0A000',
  UNKNOWN_STATEMENT: '26000',
  UNKNOWN_PORTAL: '34000',
  APPROVAL_REFUSED: '57014',
  APPROVAL_TIMEOUT: '57014',
  APPROVAL_PENDING: '57014',
  APPROVAL_VOIDED: '57014',
  APPROVAL_COOL_DOWN: '53400',
  APPROVAL_TOO_MANY: '53400',
  APPROVAL_UNAVAILABLE: '57014',
  RESULT_MISMATCH: '42501',
}

/** SQLSTATE of each reason why a connection ends. */
const FAREWELL_SQLSTATES: Readonly<Record<FarewellReason, string>> = {
  'login refused': '28000',
  'token refused': '28P01',
  denied: '42501',
  'unknown target': '3D000',
  'no room': '53300',
  'too many sessions': '53300',
  'too many failures': '53400',
  'feature refused': '0A000',
  'session ended': '57P01',
  upstream: '08006',
  protocol: '08P01',
  'gateway fault': '58030',
}

const writer = new MessageWriter()

/** The notice that a statement is held: what the client's person may want to know while it waits. `url` null: not known. */
export function encodeHeldNotice(approval: string, url: string | null, seconds: number): Buffer {
  const where = url === null ? '' : ` at ${url}`
  const detail = { code: 'HELD', approval, ...(url === null ? {} : { url }), holdSeconds: seconds }
  writer.begin(0x4e /* N */)
  field('S', 'NOTICE')
  field('V', 'NOTICE')
  field('C', '00000')
  field('M', `gatehouse: this statement is held until a person approves it${where} (approval ${approval})`)
  field('D', JSON.stringify(detail))
  field('H', `It goes on by itself once it is approved; without a decision it is refused in ${seconds} seconds.`)
  return writer.byte(0).end().take()
}

/** The warning that the session's right ends in so many seconds. */
export function encodeExpiryWarning(seconds: number): Buffer {
  writer.begin(0x4e /* N */)
  field('S', 'WARNING')
  field('V', 'WARNING')
  field('C', '01000')
  field('M', `gatehouse: the token of this session expires in ${seconds} seconds, and the session ends with it`)
  field('D', JSON.stringify({ code: 'TOKEN_EXPIRES', expiresInSeconds: seconds }))
  field('H', 'Finish, or get a new token and go on in another connection.')
  return writer.byte(0).end().take()
}

/** Says nothing but that somebody is there, in a message that every driver takes at any time. */
export const STILL_HELD: Buffer = writer.begin(0x53 /* S */).cString('gatehouse.held').cString('on').end().take()

/** The refusal as an ErrorResponse: M names rule and object, D is one line of JSON, H says what would work. */
export function encodeRefusal(refusal: Refusal): Buffer {
  const detail: Record<string, string | number> = { code: refusal.code, rule: refusal.rule, object: refusal.object }
  if (refusal.approval !== null) detail.approval = refusal.approval
  if (refusal.retryAfterSeconds !== null) detail.retryAfterSeconds = refusal.retryAfterSeconds
  const by = refusal.rule === 'gateway' ? '' : ` (rule ${refusal.rule}, ${refusal.object})`
  writer.begin(0x45 /* E */)
  field('S', 'ERROR')
  field('V', 'ERROR')
  field('C', SQLSTATES[refusal.code])
  field('M', `gatehouse: ${refusal.message}${by}`)
  field('D', JSON.stringify(detail))
  field('H', refusal.hint)
  if (refusal.position !== null) field('P', String(refusal.position))
  return writer.byte(0).end().take()
}

/** The last message of a connection. */
export function encodeFarewell({ why, code, message, hint, retryAfterSeconds }: Farewell): Buffer {
  writer.begin(0x45 /* E */)
  field('S', 'FATAL')
  field('V', 'FATAL')
  field('C', FAREWELL_SQLSTATES[why])
  field('M', `gatehouse: ${message}`)
  field('D', JSON.stringify(retryAfterSeconds === null ? { code } : { code, retryAfterSeconds }))
  field('H', hint)
  return writer.byte(0).end().take()
}

/** What stands for a server's report (error or notice) whose text may hold masked values: severity and SQLSTATE are kept. */
export function encodeRedactedReport(tag: number, severity: string, sqlstate: string): Buffer {
  writer.begin(tag)
  field('S', severity)
  field('V', severity)
  field('C', sqlstate)
  field(
    'M',
    `gatehouse: the database reported ${sqlstate}; its text is withheld because the statement touches masked columns`,
  )
  field(
    'H',
    'Look the SQLSTATE up in the PostgreSQL manual, Appendix A; a statement without masked columns gets the full text.',
  )
  return writer.byte(0).end().take()
}

function field(type: string, value: string): void {
  writer.byte(type.charCodeAt(0)).cString(value.replaceAll('\0', '').toWellFormed())
}

/** What is sent upstream in place of a refused simple Query: the grammar rejects it, whatever the transaction's state. */
export const POISON_QUERY: Buffer = new MessageWriter().begin(0x51 /* Q */).cString('refused by gatehouse').end().take()

/**
 * What is sent upstream in place of a refused message of the extended protocol. A named Parse leaves the unnamed
 * statement alone, as a failed Bind or Execute would.
 */
export const POISON_EXTENDED: Buffer = poisonParse('gatehouse_refused')

/** In place of a refused Parse of the unnamed statement: the server drops the one before it, as with any failed Parse. */
export const POISON_PARSE_UNNAMED: Buffer = poisonParse('')

function poisonParse(name: string): Buffer {
  return new MessageWriter().begin(0x50 /* P */).cString(name).cString('refused by gatehouse').int16(0).end().take()
}

export const FUNCTION_CALL_REFUSED: Refusal = gatewayRefusal(
  'FEATURE_REFUSED',
  'FunctionCall',
  'the function-call message of the protocol is not carried: it names functions by number, past any policy',
  'Call the function with SELECT.',
)

export const DEFINITIONS_IN_USE: Refusal = gatewayRefusal(
  'NOT_UNDERSTOOD',
  'definitions',
  'another session is changing, or reading, relations of the same names, so what the names mean cannot be told until it is done',
  'Repeat the statement; commit definitions soon after they are made.',
)

export const NAMES_CHANGED: Refusal = gatewayRefusal(
  'UNKNOWN_STATEMENT',
  'portal',
  'what the names in this statement mean has changed since it was bound',
  'Bind it again.',
)

export const SETTINGS_CHANGED: Refusal = gatewayRefusal(
  'APPROVAL_VOIDED',
  'portal',
  'what the session is set to may have changed since the statement was approved',
  'Bind and execute it with nothing in between.',
)

export const MEANING_CHANGED: Refusal = gatewayRefusal(
  'UNKNOWN_STATEMENT',
  'prepared statement',
  'what the names in this prepared statement mean has changed since it was prepared, and the server may keep to either meaning',
  'Prepare it again.',
)

export function unknownObject(what: 'portal' | 'prepared statement', name: string): Refusal {
  return gatewayRefusal(
    what === 'portal' ? 'UNKNOWN_PORTAL' : 'UNKNOWN_STATEMENT',
    name === '' ? `unnamed ${what}` : name,
    `${what} "${name}" does not exist`,
    `Make it in this session first${what === 'portal' ? ', in the same transaction' : ''}; one made by SQL is used by SQL.`,
  )
}

export function tooManyObjects(what: string, limit: number): Refusal {
  return gatewayRefusal(
    'SESSION_LIMIT',
    what,
    `a session may keep ${limit} ${what}`,
    'Close some that are no longer used.',
  )
}

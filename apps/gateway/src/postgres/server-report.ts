import {
  BodyReader,
  decodeNotificationResponse,
  decodeParameterStatus,
  encodeNotificationResponse,
  type FrameCursor,
  MessageWriter,
} from '@gatehouse/postgres-wire'

/** What the gateway looks at in an ErrorResponse or NoticeResponse. */
export interface ServerReport {
  readonly severity: string
  readonly sqlstate: string
}

/** Settings whose value the reading of statements relies on. */
const PINNED: ReadonlyMap<string, string> = new Map([
  ['standard_conforming_strings', 'on'],
  ['client_encoding', 'UTF8'],
])

/** What a ParameterStatus tells of a pinned setting that no longer has its value; null for any other. */
export function pinnedChange(body: BodyReader): string | null {
  const { name, value } = decodeParameterStatus(body)
  const pinned = PINNED.get(name)
  return pinned === undefined || value === pinned ? null : `the setting ${name} was changed to ${value}`
}

/** Severity (not localised) and SQLSTATE of an ErrorResponse or NoticeResponse. */
export function readReport(cursor: FrameCursor): ServerReport {
  const body = new BodyReader(cursor.bytes, cursor.body, cursor.end)
  let severity = 'ERROR'
  let sqlstate = 'XX000'
  for (let type = body.byte(); type !== 0; type = body.byte()) {
    const value = body.reportText()
    if (type === 0x56 /* V */) severity = value
    else if (type === 0x43 /* C */ && /^[0-9A-Z]{5}$/.test(value)) sqlstate = value
  }
  return { severity, sqlstate }
}

/** The number at the end of the command tag in bytes[start, end); 0 when there is none. */
export function trailingNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0
  let scale = 1
  for (let at = end - 1; at >= start; at--) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) break
    value += digit * scale
    scale *= 10
  }
  return value
}

/** The NotificationResponse with an empty payload: triggers of the database may have put a masked value there. */
export function withoutPayload(body: BodyReader): Buffer {
  const writer = new MessageWriter()
  encodeNotificationResponse({ ...decodeNotificationResponse(body), payload: '' }, writer)
  return writer.take()
}

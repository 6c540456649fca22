import type { AuditRecord } from '@gatehouse/core'
import type { TrailIdentity } from '../shipping/destination.ts'
import { boundedEventText } from './event-text.ts'
import { ocsfEvent } from './ocsf-event.ts'

/** "Log audit" (RFC 5424, 6.2.1). */
const FACILITY = 13
/** An event's `severity_id` as a severity of syslog: informational, notice, warning, error. */
const SEVERITIES: readonly number[] = [6, 6, 5, 4, 3]
const NOTICE = 5
/** `sequenceId` begins again at 1 behind it (RFC 5424, 7.3.1). */
const MOST_SEQUENCE = 2_147_483_647
/** How long the fields of a header may be (RFC 5424, 6.2). */
const MOST_HOSTNAME_BYTES = 255
const MOST_MSGID_BYTES = 32

/**
 * A record as one message of RFC 5424, framed by its length (RFC 6587, 3.4.1; RFC 5425, 4.3): HOSTNAME is the gateway's name, PROCID the
 * trail's, MSGID the record's kind, MSG its event in at most so many bytes that the message has `bytes`. All of it is printable ASCII, so
 * that MSG needs no byte order mark, which would not be JSON. The same record gives the same bytes.
 */
export function syslogFrame(of: TrailIdentity, record: AuditRecord, bytes: number): string {
  const event = ocsfEvent(of, record)
  const priority = FACILITY * 8 + (SEVERITIES[event.severity_id] ?? NOTICE)
  const sequence = ((record.seq - 1) % MOST_SEQUENCE) + 1
  const header = [
    `<${String(priority)}>1`,
    headerField(record.time, MOST_HOSTNAME_BYTES),
    headerField(of.gateway, MOST_HOSTNAME_BYTES),
    'gatehouse',
    headerField(of.trail, MOST_MSGID_BYTES),
    headerField(record.kind, MOST_MSGID_BYTES),
    `[meta sequenceId="${String(sequence)}"][origin software="gatehouse"]`,
    '',
  ].join(' ')
  const message = header + boundedEventText(event, bytes - header.length)
  return `${String(message.length)} ${message}`
}

/** What may stand in a header: printable ASCII without spaces; `-` where there is nothing. */
function headerField(text: string, bytes: number): string {
  const field = text.slice(0, bytes).replace(/[^\x21-\x7e]/g, '?')
  return field === '' ? '-' : field
}

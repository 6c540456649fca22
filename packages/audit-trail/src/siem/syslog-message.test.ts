import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { eventText } from './event-text.ts'
import { SAMPLE_RECORDS, SAMPLE_TRAIL, sampleRecord } from './fixtures/sample-records.ts'
import { ocsfEvent } from './ocsf-event.ts'
import { syslogFrame } from './syslog-message.ts'

/** RFC 5424, 6: SYSLOG-MSG in printable ASCII, framed. */
const FRAME =
  /^(?<length>[1-9]\d*) (?<message><(?<priority>\d{1,3})>1 (?<time>\S+) (?<host>[\x21-\x7e]{1,255}) (?<application>[\x21-\x7e]{1,48}) (?<process>[\x21-\x7e]{1,128}) (?<id>[\x21-\x7e]{1,32}) \[meta sequenceId="(?<sequence>\d+)"\]\[origin software="gatehouse"\] (?<text>[\x20-\x7e]+))$/

function read(frame: string): Readonly<Record<string, string>> {
  const groups = FRAME.exec(frame)?.groups
  if (groups === undefined) throw new Error(`no frame of RFC 5424: ${frame.slice(0, 300)}`)
  expect(Number(groups['length'])).toBe(groups['message']?.length)
  return groups
}

it('a record is a message of RFC 5424 with its event in it', () => {
  const record = sampleRecord('intent')
  expect(read(syslogFrame(SAMPLE_TRAIL, record, 8_192))).toMatchObject({
    priority: '110',
    time: '2026-01-31T12:00:00.250Z',
    host: 'gateway-1',
    application: 'gatehouse',
    process: '0123456789abcdef',
    id: 'intent',
    sequence: '9',
    text: eventText(ocsfEvent(SAMPLE_TRAIL, record)),
  })
})

it.each([
  ['intent', {}, 6],
  ['outcome', { outcome: { rows: 0, bytes: 0, error: '42501', duration_us: 1 } }, 5],
  ['login_refused', {}, 4],
  ['alarm', {}, 3],
] as const)('what %s %j says is as grave in syslog', (kind, other, severity) => {
  const { priority } = read(syslogFrame(SAMPLE_TRAIL, sampleRecord(kind, other), 8_192))
  expect(Number(priority)).toBe(13 * 8 + severity)
})

it('counts on from 1 behind the last number that syslog has', () => {
  const sequence = (seq: number): string | undefined =>
    read(syslogFrame(SAMPLE_TRAIL, sampleRecord('intent', { seq }), 8_192))['sequence']
  expect(sequence(2_147_483_647)).toBe('2147483647')
  expect(sequence(2_147_483_648)).toBe('1')
})

it('no text of a client or a gateway ends a message, begins another, or is longer than it may be', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4_000 }),
    fc.constantFrom('\n<104>1 - - - - - - forged', '] 12 <104>1 - x', '\r\n', '\u0000', '\u2028', '\u009b31m', '"]\\'),
  )
  fc.assert(
    fc.property(hostile, hostile, fc.constantFrom(...SAMPLE_RECORDS.map(({ kind }) => kind)), (text, name, kind) => {
      const of = { gateway: name.slice(0, 128), trail: SAMPLE_TRAIL.trail }
      const record = sampleRecord(kind, {
        session: name,
        principal: { subject: name, actor: text, groups: [text], issuer: name },
        ...(kind === 'intent' ? { statement: { text, parameters: [text], fingerprint: null } } : {}),
        client: { address: name, application: text, user: name },
      })
      const { length, text: event = '' } = read(syslogFrame(of, record, 4_096))
      expect(Number(length)).toBeLessThanOrEqual(4_096)
      expect((JSON.parse(event) as { metadata: { sequence: number } }).metadata.sequence).toBe(9)
    }),
  )
})

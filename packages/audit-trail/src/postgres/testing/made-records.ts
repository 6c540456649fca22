import type { AuditRecord, RecordKind } from '@gatehouse/core'
import { jsonText } from '@gatehouse/core'
import type { ShippedRecord } from '../../shipping/destination.ts'

/** A record as it would be read from a segment; its hashes prove nothing. */
export function madeRecord(seq: number, time: string, kind: RecordKind, members: object): ShippedRecord {
  const zeros = '0'.repeat(64)
  const line = `{"seq":${seq},"time":"${time}","prev":"${zeros}","hash":"${zeros}","kind":"${kind}"${encoded(members)}}`
  return { record: JSON.parse(line) as AuditRecord, segment: 1, line }
}

/** An intent that was permitted, with these members in place of the usual ones. */
export function madeIntent(seq: number, time: string, members: object = {}): ShippedRecord {
  return madeRecord(seq, time, 'intent', {
    session: 's-1',
    principal: { subject: 'dana@example.com', actor: 'copilot', groups: [], issuer: 'https://login.example.com' },
    target: 'shop',
    engine: 'postgres',
    statement: { text: 'select 1', parameters: [], fingerprint: 'f1' },
    actions: ['select'],
    relations: ['public.users'],
    decision: { effect: 'permit', rule: 'agents-read', approval: null },
    masked: ['public.users.email'],
    ...members,
  })
}

/** What became of an intent; `error` null: it was done. */
export function madeOutcome(seq: number, time: string, intent: number, error: string | null = null): ShippedRecord {
  return madeRecord(seq, time, 'outcome', {
    session: 's-1',
    statement: { intent },
    outcome: { rows: 1, bytes: 10, error, duration_us: 5 },
    masked: [],
  })
}

/** JSON as a trail has it: nothing that a terminal would obey, and no half characters. */
function encoded(members: object): string {
  return Object.entries(members)
    .map(([name, value]) => `,${jsonText(name)}:${encodedValue(value)}`)
    .join('')
}

function encodedValue(value: unknown): string {
  if (typeof value === 'string') return jsonText(value)
  if (Array.isArray(value)) return `[${value.map(encodedValue).join(',')}]`
  if (typeof value === 'object' && value !== null) return `{${encoded(value).slice(1)}}`
  return JSON.stringify(value)
}

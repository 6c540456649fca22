import type { AuditRecord } from '@gatehouse/core'
import type { ReplayEvent } from './replay-event.ts'
import { isoTime } from './replay-session.ts'

/** How the statement's story goes on: one line, or a few, for a record of the trail. Null: nothing to tell. */
export function recordText(record: AuditRecord): string | null {
  const { kind, statement, decision, outcome, approval } = record
  const at = `#${record.seq} ${record.time}`
  switch (kind) {
    case 'session_start':
      return `${at} session ${record.session ?? ''} of ${record.principal?.subject ?? '?'} (agent ${record.principal?.actor ?? 'none'}) on ${record.target ?? '?'} begins`
    case 'session_end':
      return `${at} the session ends: ${textOf(member(record, 'end', 'reason'))}`
    case 'intent': {
      if (statement === undefined || !('text' in statement)) return null
      const parameters = statement.parameters.length === 0 ? '' : `\n  with ${JSON.stringify(statement.parameters)}`
      const cut = statement.textTruncated === undefined ? '' : `\n  (${statement.textTruncated} bytes of it left out)`
      const decided =
        decision?.effect === 'deny'
          ? `refused: ${decision.code ?? ''} (rule ${decision.rule})`
          : `permitted by ${decision?.rule ?? '?'}${decision?.approval == null ? '' : `, approved as ${decision.approval}`}`
      return `${at} ${decided}\n> ${statement.text}${cut}${parameters}`
    }
    case 'outcome':
      return outcome === undefined
        ? null
        : `${at} outcome: ${outcome.error === null ? 'done' : `error ${outcome.error}`}, ${outcome.rows ?? '?'} rows, ${(outcome.duration_us / 1000).toFixed(1)} ms${record.masked === undefined || record.masked.length === 0 ? '' : `, masked ${record.masked.join(', ')}`}`
    case 'approval_asked':
      return `${at} held: people are asked (${approval?.id ?? ''})`
    case 'approval_decided':
      return `${at} ${textOf(approval?.['verdict'])} by ${subjectOf(approval?.['by'])}, through ${textOf(approval?.['through'])}: ${textOf(approval?.['reason'], 'no reason given')}`
    case 'approval_ended':
      return `${at} held for ${(Number(approval?.['held_us'] ?? 0) / 1_000_000).toFixed(1)} s, then ${textOf(approval?.['state'])}${decisionsText(approval?.['decisions'])}`
    default:
      return `${at} ${kind}`
  }
}

function member(record: AuditRecord, of: string, name: string): unknown {
  const whole: unknown = Reflect.get(record, of)
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined
}

/** A member that is a text; anything else reads as `otherwise`. */
function textOf(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

/** Who said what, as a clause; empty: nobody did. */
function decisionsText(decisions: unknown): string {
  if (!Array.isArray(decisions)) return ''
  return decisions
    .map((decision: unknown) => {
      if (typeof decision !== 'object' || decision === null) return ''
      const said = 'reason' in decision ? textOf(decision.reason) : ''
      const verdict = 'verdict' in decision ? textOf(decision.verdict) : ''
      return `; ${verdict} by ${subjectOf('by' in decision ? decision.by : null)}${said === '' ? '' : ` (${said})`}`
    })
    .join('')
}

function subjectOf(by: unknown): string {
  return typeof by === 'object' && by !== null && 'subject' in by ? textOf(by.subject, '?') : '?'
}

/** An event that is no row, in words. */
export function eventText(event: Exclude<ReplayEvent, { readonly kind: 'row' }>): string | null {
  switch (event.kind) {
    case 'record':
      return recordText(event.record)
    case 'columns':
      return null
    case 'copy':
      return `${event.direction === 'out' ? 'copied out' : 'copied in'}: ${event.text}`
    case 'done':
      return `= ${event.text}  (${isoTime(event.time)})`
    case 'report':
      return `${event.severity} ${event.code}: ${event.message}${event.detail === null ? '' : `\n  detail: ${event.detail}`}${event.hint === null ? '' : `\n  hint: ${event.hint}`}`
    case 'notification':
      return `notification on ${event.channel}: ${event.payload}`
    case 'missing':
      return `[${event.bytes} bytes are not shown: ${event.why}]`
    default:
      throw event satisfies never
  }
}

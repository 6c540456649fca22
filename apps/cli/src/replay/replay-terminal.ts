import type { AuditRecord } from '@gatehouse/core'
import { terminalLine, terminalTable, terminalText } from '../terminal-text.ts'
import { isoTime } from './replay-session.ts'
import type { ReplayEvent } from './replay-event.ts'

/** Rows that are laid out as one table; what follows begins another. */
const ROWS_OF_A_TABLE = 100
/** The most of one cell that is shown. */
const CELL_WIDTH = 60

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
      return `${at} held for ${(Number(approval?.['held_us'] ?? 0) / 1_000_000).toFixed(1)} s, then ${textOf(approval?.['state'])}`
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

function subjectOf(by: unknown): string {
  return typeof by === 'object' && by !== null && 'subject' in by ? textOf(by.subject, '?') : '?'
}

/** A session as text for a terminal: nothing in it is obeyed, and what would not be seen is written out. */
export class TerminalReplay {
  readonly #write: (text: string) => void
  #names: readonly string[] = []
  #rows: (readonly (string | null)[])[] = []

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** Shows the next event. */
  show(event: ReplayEvent): void {
    if (event.kind === 'row') {
      this.#rows.push(event.cells)
      if (this.#rows.length >= ROWS_OF_A_TABLE) this.flush()
      return
    }
    this.flush()
    if (event.kind === 'columns') this.#names = event.names
    else {
      const text = eventText(event)
      if (text !== null) this.#write(`${terminalText(text)}\n`)
    }
  }

  /** Shows what is kept back for a table. */
  flush(): void {
    if (this.#rows.length === 0) return
    const shown = [this.#names, ...this.#rows].map((row) =>
      row.map((cell) => (cell === null ? 'NULL' : terminalLine(cell, CELL_WIDTH))),
    )
    this.#rows = []
    this.#write(`${terminalTable(shown)}\n`)
  }
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

import type { RecordingsReport, VerifyReport } from '@gatehouse/audit-trail'
import { eventText } from './event-text.ts'
import type { ReplayEvent } from './replay-event.ts'
import { UNSEEN } from './unseen.ts'

/** What a spreadsheet would run as a formula when a cell begins with it. */
const FORMULA = /^[\s]*[=+\-@\t\r]/

/** Numbers begin with a sign as well, and are harmless. */
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** Events as JSON, one a line; what would not be seen, or would be obeyed by a terminal, is escaped. */
export async function* asJsonLines(events: AsyncIterable<ReplayEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    // These stand nowhere but in texts, where JSON lets any character be written as an escape.
    yield `${JSON.stringify(event).replaceAll(UNSEEN, escapeUnits)}\n`
  }
}

function escapeUnits(found: string): string {
  let escaped = ''
  for (let index = 0; index < found.length; index++)
    escaped += `\\u${found.charCodeAt(index).toString(16).padStart(4, '0')}`
  return escaped
}

/** Results as CSV (RFC 4180): a line of names, then the rows. NULL is an empty field, an empty text is `""`; formulas are defused by an apostrophe. `statement`: of this record's statement; null: of all. */
export async function* asCsv(events: AsyncIterable<ReplayEvent>, statement: number | null): AsyncGenerator<string> {
  let wanted = statement === null
  for await (const event of events) {
    if (event.kind === 'record' && event.record.kind === 'intent' && statement !== null)
      wanted = event.record.seq === statement
    else if (!wanted) continue
    else if (event.kind === 'columns') yield `${event.names.map(csvCell).join(',')}\r\n`
    else if (event.kind === 'row') yield `${event.cells.map(csvCell).join(',')}\r\n`
  }
}

/** One field. */
export function csvCell(cell: string | null): string {
  if (cell === null) return ''
  const safe = FORMULA.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell
  return `"${safe.replaceAll('"', '""')}"`
}

/** What a report says of its source. */
export interface ReportProof {
  readonly session: string
  readonly trail: VerifyReport
  readonly recordings: RecordingsReport
  /** Signatures were looked at. */
  readonly signed: boolean
}

/** A page to print, whole in itself: no script, nothing that is loaded, every text escaped. */
export async function* asHtml(events: AsyncIterable<ReplayEvent>, proof: ReportProof): AsyncGenerator<string> {
  yield `<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><title>Session ${html(proof.session)}</title>\n<style>${STYLE}</style>\n<h1>Session ${html(proof.session)}</h1>\n${proofHtml(proof)}`
  let inTable = false
  for await (const event of events) {
    if (event.kind === 'row') {
      if (!inTable) yield '<table>\n'
      inTable = true
      yield `<tr>${event.cells.map((cell) => (cell === null ? '<td class="null">NULL</td>' : `<td>${html(cell)}</td>`)).join('')}</tr>\n`
      continue
    }
    if (inTable) yield '</table>\n'
    inTable = event.kind === 'columns'
    if (event.kind === 'columns') {
      yield `<table>\n<tr>${event.names.map((name) => `<th>${html(name)}</th>`).join('')}</tr>\n`
      continue
    }
    const text = eventText(event)
    if (text !== null) yield `<pre class="${event.kind}">${html(text)}</pre>\n`
  }
  if (inTable) yield '</table>\n'
  yield '</html>\n'
}

function proofHtml({ trail, recordings, signed }: ReportProof): string {
  const broken = trail.firstBreak?.what ?? recordings.firstBreak
  const proven = !signed
    ? 'Signatures were not looked at.'
    : `Records up to number ${trail.proven} are proven by signature.`
  return `<p class="${broken === null ? 'whole' : 'broken'}">${
    broken === null
      ? `Verified: the trail is whole, ${trail.records} records, head ${html(trail.head?.hash ?? 'none')}; ${recordings.chunks} chunks of this recording have the hashes that it names. ${proven}`
      : `NOT WHOLE: ${html(broken)}. What follows proves nothing.`
  }</p>\n${[...trail.warnings, ...recordings.warnings].map((warning) => `<p>Note: ${html(warning)}</p>\n`).join('')}`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** A stranger's text in a page: markup is shown, and so is what would not be seen. */
function html(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNSEEN, (found) => (found === '\n' ? found : `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`))
    .replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? '')
}

const STYLE =
  'body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:70em}pre{white-space:pre-wrap;margin:.4em 0}table{border-collapse:collapse;margin:.4em 0 .4em 2em;font-size:13px}td,th{border:1px solid #999;padding:.1em .5em;text-align:left;overflow-wrap:anywhere}.null{color:#777;font-style:italic}.whole{border:2px solid #060;padding:.5em}.broken{border:4px solid #b00;padding:.5em;font-weight:bold}.report{color:#900}.missing{background:#fe9}@media print{body{margin:0}}'

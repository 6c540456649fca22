import type { ReplayEvent } from '@gatehouse/session-replay'
import { type ReplayReader, startOf } from './replay-reader.ts'

/** A longer text is cut: the exports have it whole. */
const MOST_TEXT = 4_096
/** A page ends when it has come to this many characters. */
const MOST_PAGE_TEXT = 512 * 1024

/** A cell or a text: null is SQL's NULL; one that is cut says how many characters were left out. */
export type ShownText = string | { readonly text: string; readonly left: number }

/** An event as the API shows it: rows that come together are together, long texts are cut. */
export type ShownEvent =
  | Exclude<ReplayEvent, { readonly kind: 'row' | 'copy' }>
  | { readonly kind: 'rows'; readonly rows: readonly (readonly (ShownText | null)[])[] }
  | { readonly kind: 'copy'; readonly direction: 'out' | 'in'; readonly text: ShownText }

/** Some events of a replay, in order. */
export interface ReplayPage {
  readonly events: readonly ShownEvent[]
  /** There is more, of the statement where one was asked for. */
  readonly more: boolean
}

/**
 * Takes events from a reader, at most `limit` (rows count one by one), until it is enough text or there is no more. `statement`: only
 * what belongs to the statement whose story begins with this record; the reader stands at its first event, or within it.
 */
export async function readPage(reader: ReplayReader, limit: number, statement: number | null): Promise<ReplayPage> {
  const events: ShownEvent[] = []
  let rows: (readonly (ShownText | null)[])[] | null = null
  let characters = 0
  for (let taken = 0; ; taken++) {
    const event = await reader.peek()
    const start = event === null ? null : startOf(event)
    if (event === null || (statement !== null && start !== null && start !== statement)) return { events, more: false }
    if (taken >= limit || characters >= MOST_PAGE_TEXT) return { events, more: true }
    reader.take(event)
    if (event.kind === 'row') {
      const cells = event.cells.map((cell) => (cell === null ? null : shownText(cell)))
      for (const cell of cells) characters += cell === null ? 4 : lengthOf(cell)
      if (rows === null) events.push({ kind: 'rows', rows: (rows = []) })
      rows.push(cells)
      continue
    }
    rows = null
    const shown: ShownEvent = event.kind === 'copy' ? { ...event, text: shownText(event.text) } : event
    characters += JSON.stringify(shown).length
    events.push(shown)
  }
}

function shownText(text: string): ShownText {
  return text.length <= MOST_TEXT
    ? text
    : { text: text.slice(0, MOST_TEXT).toWellFormed(), left: text.length - MOST_TEXT }
}

function lengthOf(text: ShownText): number {
  return typeof text === 'string' ? text.length : text.text.length
}

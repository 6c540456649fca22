import type { ReplayEvent } from '@gatehouse/session-replay'
import type { ReplayReader } from './replay-reader.ts'

const MOST_FOUND = 100
/** Characters shown before and behind what was found. */
const AROUND = 60

/** Where a text was found. */
export interface FoundInSession {
  /** Of the statement, as on the timeline; 0: before the first. */
  readonly statement: number
  /** In what was asked, or in what came back. */
  readonly where: 'statement' | 'answer'
  readonly excerpt: string
}

/**
 * Looks for a text, upper and lower case alike, in statements and in what came back for them, through at most `limit` events; once for each
 * statement and each answer. `more`: the reader stands where it goes on.
 */
export async function findInSession(
  reader: ReplayReader,
  text: string,
  limit: number,
): Promise<{ readonly found: readonly FoundInSession[]; readonly more: boolean }> {
  const found: FoundInSession[] = []
  const wanted = text.toLowerCase()
  for (let looked = 0; ; looked++) {
    const event = await reader.peek()
    if (event === null) return { found, more: false }
    if (looked >= limit || found.length >= MOST_FOUND) return { found, more: true }
    reader.take(event)
    const where = event.kind === 'record' ? 'statement' : 'answer'
    const last = found.at(-1)
    if (last !== undefined && last.statement === reader.start && last.where === where) continue
    const excerpt = excerptOf(event, wanted)
    if (excerpt !== null) found.push({ statement: reader.start, where, excerpt })
  }
}

function excerptOf(event: ReplayEvent, wanted: string): string | null {
  for (const text of textsOf(event)) {
    const at = text.toLowerCase().indexOf(wanted)
    if (at >= 0) return text.slice(Math.max(0, at - AROUND), at + wanted.length + AROUND).toWellFormed()
  }
  return null
}

function textsOf(event: ReplayEvent): readonly string[] {
  switch (event.kind) {
    case 'record': {
      const { statement } = event.record
      if (statement === undefined || !('text' in statement)) return []
      return [statement.text, ...statement.parameters.filter((value) => typeof value === 'string')]
    }
    case 'row':
      return event.cells.filter((cell) => cell !== null)
    case 'columns':
      return event.names
    case 'copy':
    case 'done':
      return [event.text]
    case 'report':
      return [event.code, event.message, event.detail ?? '', event.hint ?? '']
    case 'notification':
      return [event.payload]
    case 'missing':
      return []
    default:
      throw event satisfies never
  }
}

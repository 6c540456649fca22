import { type VerifyingKeys, verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { asCsv, asHtml, asJsonLines, replaySession } from '@gatehouse/session-replay'
import type { FoundSession } from './session-readings.ts'

/** Texts are written together from this many characters on. */
const TOGETHER = 64 * 1024

/** In what form a session is exported. */
export type ExportFormat = 'jsonl' | 'csv' | 'html'

/** What each form is. */
export const EXPORT_TYPES: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  html: 'text/html; charset=utf-8',
}

/**
 * A session as a text, piece by piece. `statement`: of csv, the one whose result is wanted; null: all. `keys`: what the report's trail must be
 * sealed by; null: signatures are not looked at. `mayGoOn` is asked before each piece; where it says no it rejects.
 */
export async function* exportOf(
  { directory, trail }: FoundSession,
  format: ExportFormat,
  statement: number | null,
  keys: VerifyingKeys | null,
  mayGoOn: () => boolean,
): AsyncGenerator<string> {
  const events = replaySession(directory, trail)
  let together = ''
  for await (const text of format === 'html'
    ? asHtml(events, await proofOf(directory, trail.session, keys))
    : format === 'csv'
      ? asCsv(events, statement)
      : asJsonLines(events)) {
    together += text
    if (together.length < TOGETHER) continue
    if (!mayGoOn()) throw new Error('the right of whoever reads has ended')
    yield together
    together = ''
  }
  if (!mayGoOn()) throw new Error('the right of whoever reads has ended')
  yield together
}

async function proofOf(
  directory: string,
  session: string,
  keys: VerifyingKeys | null,
): Promise<Parameters<typeof asHtml>[1]> {
  const trail = await verifyTrail(directory, keys === null ? {} : { keys })
  return {
    session,
    trail,
    recordings: await verifyRecordings(directory, session, trail.removed),
    signed: keys !== null,
  }
}

import { type RecordedEntry, readEntries, RecordingFiles, verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { eventually, recordsOf } from '../postgres/scene.ts'
import type { RecordedChunk } from '@gatehouse/core'

/** The session that began last, once its recording is whole. */
export async function recordedSession(directory: string): Promise<string> {
  const sessions = await recordsOf(directory, ({ kind }) => kind === 'session_start')
  const session = String(sessions.at(-1)?.['session'])
  await eventually('the recording has ended', () =>
    recordsOf(
      directory,
      (record) =>
        record.kind === 'recording' && record['session'] === session && (record['recording'] as RecordedChunk).last,
    ),
  )
  return session
}

/** Every entry of a session's recording. Throws where the trail or a chunk is not whole. */
export async function entriesOf(directory: string, session: string): Promise<RecordedEntry[]> {
  const { firstBreak } = await verifyTrail(directory)
  if (firstBreak !== null) throw new Error(firstBreak.what)
  const report = await verifyRecordings(directory, session)
  if (report.firstBreak !== null) throw new Error(report.firstBreak)
  await using files = new RecordingFiles(directory)
  const entries: RecordedEntry[] = []
  for (const record of await recordsOf(directory, ({ kind, session: of }) => kind === 'recording' && of === session)) {
    const chunk = await files.read(record['recording'] as RecordedChunk)
    if (typeof chunk === 'string') throw new Error(chunk)
    entries.push(...readEntries(chunk))
  }
  return entries
}

/** All bytes that went to the client, in one piece. */
export function sentBytes(entries: readonly RecordedEntry[], kind: 'sent' | 'received' = 'sent'): Buffer {
  return Buffer.concat(entries.flatMap((entry) => (entry.kind === kind ? [entry.bytes] : [])))
}

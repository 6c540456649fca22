import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { chunkOf } from '../recording/recorded-chunk.ts'
import { listRecordings, recordingName } from '../recording/recording-names.ts'
import { recordsOfKinds } from '../chain/read-records.ts'
import { listSegments } from '../chain/segment-names.ts'
import { firstTime, type OldFiles, type RemovalWish } from './old-segments.ts'

/** A file of recordings, and what records name of it. */
interface Candidate {
  readonly number: number
  readonly bytes: number
  named: number
  newest: string | null
  held: boolean
}

/**
 * The files of recordings that may be removed: never the newest, which may be written, and whose number the next file must not get again. The trail is read
 * from its old segments on, and no further than until every byte of those files is named. Rejects when something cannot be read.
 */
export async function findOldRecordings(wish: RemovalWish): Promise<OldFiles> {
  const { directory, before, held, through, why } = wish
  const candidates = new Map<string, Candidate>()
  for (const number of listRecordings(directory).slice(0, -1)) {
    const file = recordingName(number)
    const { size: bytes, mtime } = await stat(join(directory, file))
    if (number > through || mtime.toISOString() >= before) continue
    candidates.set(file, { number, bytes, named: 0, newest: null, held: false })
  }
  const unnamed = (): boolean => [...candidates.values()].some(({ named, bytes }) => named < bytes)
  for (const segment of await likelyFirst(wish)) {
    if (!unnamed()) break
    for (const record of await recordsOfKinds(directory, segment, ['recording'])) {
      const chunk = chunkOf(record)
      const candidate = chunk !== null && 'file' in chunk ? candidates.get(chunk.file) : undefined
      if (chunk === null || !('file' in chunk) || candidate === undefined) continue
      candidate.named += chunk.bytes
      if (candidate.newest === null || record.time > candidate.newest) candidate.newest = record.time
      candidate.held ||=
        held.sessions.includes(record.session ?? '') || held.subjects.includes(record.principal?.subject ?? '')
    }
  }
  const old = [...candidates].filter(([, { newest }]) => newest === null || newest < before)
  return {
    removals: old.flatMap(([file, { number, bytes, newest, held: isHeld }]) =>
      isHeld ? [] : [{ file, recording: number, bytes, newest, why }],
    ),
    kept: old.flatMap(([file, candidate]) =>
      candidate.held ? [{ file, why: 'a legal hold names a session in it' }] : [],
    ),
  }
}

/** All segments, those first that are likely to name what is old: the newest of those that were begun before then. */
async function likelyFirst({ directory, before }: RemovalWish): Promise<readonly number[]> {
  const old: number[] = []
  const young: number[] = []
  for (const segment of listSegments(directory)) {
    const begun = await firstTime(directory, segment)
    if (begun !== null && begun < before) old.unshift(segment)
    else young.push(segment)
  }
  return [...old, ...young]
}

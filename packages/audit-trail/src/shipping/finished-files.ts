import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readCheckpoint } from '../seals/checkpoint.ts'
import { listRecordings, recordingName } from '../recording/recording-names.ts'
import { sealName } from '../seals/seal.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'

/** A file of a trail that is written no more. */
export interface FinishedFile {
  readonly file: string
  readonly bytes: number
  /** The segment that it is, or seals; 0: it holds recordings. */
  readonly segment: number
  /** The file of recordings that it is; 0: it is another. */
  readonly recording: number
}

/**
 * The files of a trail that are written no more: oldest first, segments each with the seal, then recordings. `formerRecordings`: files of recordings up to this
 * number are of runs before this one. Rejects when the directory cannot be read.
 */
export async function finishedFiles(directory: string, formerRecordings: number): Promise<readonly FinishedFile[]> {
  const checkpoint = readCheckpoint(directory)
  if (typeof checkpoint === 'string') return []
  const { segment: newest, closed } = checkpoint.checkpoint
  const files: FinishedFile[] = []
  const add = async (file: string, segment: number, recording: number): Promise<void> => {
    files.push({ file, segment, recording, bytes: (await stat(join(directory, file))).size })
  }
  // The checkpoint names a segment only after those before it are on the disk, and sealed.
  for (const segment of listSegments(directory).filter((one) => one < newest || (closed && one === newest))) {
    await add(segmentName(segment), segment, 0)
    if (existsSync(join(directory, sealName(segment)))) await add(sealName(segment), segment, 0)
  }
  const recordings = listRecordings(directory)
  const written = closed ? undefined : recordings.at(-1)
  for (const recording of recordings)
    if (recording !== written || recording <= formerRecordings) await add(recordingName(recording), 0, recording)
  return files
}

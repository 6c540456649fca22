import { readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'

/** How the checkpoint file is called, in the trail's directory. */
export const CHECKPOINT_NAME = 'head.json'

/** A head that was durable when it was written down: a trail that ends before it has lost its tail. */
export interface Checkpoint {
  readonly seq: number
  readonly hash: string
  /** The segment that holds the record `seq`. */
  readonly segment: number
  /** True when the trail was closed properly: then nothing comes after `seq`. */
  readonly closed: boolean
}

/** What is found in a directory: a checkpoint, none, or one that cannot be read. */
export type FoundCheckpoint = Checkpoint | 'missing' | 'unreadable'

const FORM =
  /^\{"seq":([1-9][0-9]{0,15}),"hash":"([0-9a-f]{64})","segment":([1-9][0-9]{0,8}),"closed":(true|false)\}\n$/

/** Replaces the checkpoint of `directory` as a whole. Rejects when it cannot be written; then the former one stays. */
export async function writeCheckpoint(directory: string, checkpoint: Checkpoint): Promise<void> {
  const { seq, hash, segment, closed } = checkpoint
  const path = join(directory, CHECKPOINT_NAME)
  const fresh = await open(`${path}.new`, 'w', 0o600)
  try {
    await fresh.writeFile(`${JSON.stringify({ seq, hash, segment, closed })}\n`)
    await fresh.datasync()
  } finally {
    await fresh.close()
  }
  await rename(`${path}.new`, path)
}

/** Reads the checkpoint of `directory`. */
export function readCheckpoint(directory: string): FoundCheckpoint {
  let text: string
  try {
    text = readFileSync(join(directory, CHECKPOINT_NAME), 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'missing' : 'unreadable'
  }
  const match = FORM.exec(text)
  if (match === null) return 'unreadable'
  const [, seq, hash = '', segment, closed] = match
  return { seq: Number(seq), hash, segment: Number(segment), closed: closed === 'true' }
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceByLine } from '../replace-by-line.ts'
import { signedLine } from './signed-line.ts'
import type { SigningKey } from './signing-key.ts'

/** How the checkpoint file is called, in the trail's directory. */
export const CHECKPOINT_NAME = 'head.json'

/** What checkpoints are signed for. */
export const CHECKPOINT_PURPOSE = 'gatehouse-audit-checkpoint-1'

/** A head that was durable when it was written down: a trail that ends before it has lost its tail. */
export interface Checkpoint {
  readonly seq: number
  readonly hash: string
  /** The segment that holds the record `seq`. */
  readonly segment: number
  /** True when the trail was closed properly: then nothing comes after `seq`. */
  readonly closed: boolean
  /** Which gateway wrote it; null: not said. */
  readonly gateway: string | null
}

/** A checkpoint as it is found: with its line, to check the signature. */
export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint
  readonly line: string
}

/** A checkpoint as one line. `time`: milliseconds since the epoch. `key` null: not signed, and without gateway and time. */
export function checkpointLine(
  { seq, hash, segment, closed, gateway }: Checkpoint,
  time: number,
  key: SigningKey | null,
): string {
  const members = { seq, hash, segment, closed }
  // Unsigned, more could be changed by anybody without being noticed.
  if (key === null) return JSON.stringify(members)
  return signedLine(CHECKPOINT_PURPOSE, { ...members, gateway, time: new Date(time).toISOString() }, key)
}

/** Replaces the checkpoint of `directory` as a whole. Rejects when it cannot be written; then the former one stays. */
export async function writeCheckpoint(directory: string, line: string): Promise<void> {
  await replaceByLine(join(directory, CHECKPOINT_NAME), line)
}

/** Reads the checkpoint of `directory`. */
export function readCheckpoint(directory: string): FoundCheckpoint | 'missing' | 'unreadable' {
  let text: string
  try {
    text = readFileSync(join(directory, CHECKPOINT_NAME), 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'missing' : 'unreadable'
  }
  return (text.endsWith('\n') ? parseCheckpoint(text.slice(0, -1)) : null) ?? 'unreadable'
}

/** The checkpoint that a line is; null: it is none. */
export function parseCheckpoint(line: string): FoundCheckpoint | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { seq, hash, segment, closed, gateway = null } = value as Record<string, unknown>
  if (!isCount(seq) || !isCount(segment) || typeof closed !== 'boolean') return null
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) return null
  if (gateway !== null && typeof gateway !== 'string') return null
  return { checkpoint: { seq, hash, segment, closed, gateway }, line }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

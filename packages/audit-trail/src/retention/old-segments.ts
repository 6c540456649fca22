import type { AuditRecord, RecordedRemoval } from '@gatehouse/core'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { walkSegment } from '../chain/chain-walk.ts'
import { readLines } from '../chain/line-reader.ts'
import { chunkOf } from '../recording/recorded-chunk.ts'
import { readHead } from '../chain/record-line.ts'
import { readSeal } from '../seals/seal.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'
import { HeldLines, type HeldNames } from './held-names.ts'

/** What decides whether a file is removed. */
export interface RemovalWish {
  readonly directory: string
  /** Only what is from before this moment throughout: UTC, `2026-01-31T12:00:00.000Z`. */
  readonly before: string
  readonly held: HeldNames
  /** Nothing with a higher number: it is not shipped everywhere. */
  readonly through: number
  /** Recorded as the reason. */
  readonly why: string
}

/** What was found of old files: those that may be removed, and why others stay that are old enough, for people. */
export interface OldFiles {
  readonly removals: readonly RecordedRemoval[]
  readonly kept: readonly { readonly file: string; readonly why: string }[]
}

/**
 * The segments that may be removed: none that is written, that names a recording that is still there, or whose bytes are not those of its
 * chain and its seal. Rejects when one cannot be read.
 */
export async function findOldSegments(wish: RemovalWish): Promise<OldFiles> {
  const { directory, before, through } = wish
  const removals: RecordedRemoval[] = []
  const kept: { file: string; why: string }[] = []
  for (const segment of listSegments(directory).slice(0, -1)) {
    const begun = await firstTime(directory, segment)
    // Those behind it were begun later.
    if (segment > through || begun === null || begun >= before) break
    const found = await oldSegment(wish, segment)
    if (found === null) continue
    if (typeof found === 'string') kept.push({ file: segmentName(segment), why: found })
    else removals.push(found)
  }
  return { removals, kept }
}

/** When a segment was begun; null: it holds no record. Rejects when it cannot be read. */
export async function firstTime(directory: string, segment: number): Promise<string | null> {
  let time: string | null = null
  await readLines(join(directory, segmentName(segment)), (buffer, start, end) => {
    time = readHead(buffer, start, end)?.time ?? null
    return false
  })
  return time
}

/** Its removal, or why it stays; null: it is not old. */
async function oldSegment(wish: RemovalWish, segment: number): Promise<RecordedRemoval | string | null> {
  const { directory, before, held, why } = wish
  const lines = new HeldLines(held)
  let newest = ''
  let isHeld = false
  const recordings = new Set<string>()
  await readLines(join(directory, segmentName(segment)), (buffer, start, end) => {
    const head = readHead(buffer, start, end)
    // What is no record is found below.
    if (head === null) return false
    if (head.time > newest) newest = head.time
    if (head.kind === 'recording') addFile(recordings, buffer.toString('utf8', start, end))
    isHeld ||= lines.has(buffer, start, end)
    return newest < before
  })
  if (newest === '' || newest >= before) return null
  if (isHeld) return 'a legal hold names what is in it'
  if ([...recordings].some((file) => existsSync(join(directory, file)))) return 'it names recordings that are kept'
  const { head, follows, records, goodBytes: bytes, closed, key, broken } = await walkSegment(directory, segment, null)
  if (broken !== null || head === null || follows === null)
    return `it is broken in line ${broken?.line ?? 0}: ${broken?.what ?? 'it holds no record'}`
  const { seq: last, hash } = head
  const first = last - records + 1
  if (key !== null) {
    const seal = readSeal(directory, segment)
    if (seal === null || seal === 'unreadable') return 'it has no seal'
    const { seal: said } = seal
    const same = said.segment === segment && said.first === first && said.last === last
    if (!same || said.hash !== hash || said.bytes !== bytes || said.closed !== closed) return 'its seal says otherwise'
  }
  return { file: segmentName(segment), segment, first, last, prev: follows.hash, hash, bytes, newest, why }
}

function addFile(files: Set<string>, line: string): void {
  try {
    const chunk = chunkOf(JSON.parse(line) as AuditRecord)
    if (chunk !== null && 'file' in chunk) files.add(chunk.file)
  } catch {
    // A line that is no JSON breaks the segment, which is found below.
  }
}

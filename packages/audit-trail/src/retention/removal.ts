import type { RecordedRemoval } from '@gatehouse/core'
import { isHash } from '../chain/record-line.ts'
import { recordingName } from '../recording/recording-names.ts'
import { segmentName } from '../chain/segment-names.ts'

/** The removal that a record of kind `retention` tells of; null: it tells of none. The text is anybody's: nothing else in it is believed. */
export function readRemoval(text: string): RecordedRemoval | null {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return null
  }
  const told: unknown = typeof record === 'object' && record !== null ? Reflect.get(record, 'retention') : null
  if (typeof told !== 'object' || told === null) return null
  const { file, bytes, newest, why, segment, first, last, prev, hash, recording } = told as Record<string, unknown>
  if (!isCount(bytes) || typeof why !== 'string' || (newest !== null && typeof newest !== 'string')) return null
  if (isCount(recording) && file === recordingName(recording)) return { file, bytes, newest, why, recording }
  if (!isCount(segment) || file !== segmentName(segment) || !isCount(first) || !isCount(last)) return null
  if (!isHashText(prev) || !isHashText(hash) || first === 0 || last < first) return null
  return { file, bytes, newest, why, segment, first, last, prev, hash }
}

/** A segment that the trail says was removed. */
export type RemovedSegment = Extract<RecordedRemoval, { readonly segment: number }>

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isHashText(value: unknown): value is string {
  return typeof value === 'string' && isHash(value)
}

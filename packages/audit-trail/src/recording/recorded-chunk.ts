import type { AuditRecord, RecordedChunk } from '@gatehouse/core'

/**
 * What a chunk may have, compressed or not: many times what a recorder writes, and little enough that a forged record cannot make
 * a reader use more.
 */
export const MAX_CHUNK_BYTES: number = 16 * 1024 * 1024

/** The chunk that a record names. The record may be anybody's: null where it names none that could be read. */
export function chunkOf(record: AuditRecord): RecordedChunk | null {
  const named: unknown = record.recording
  if (typeof named !== 'object' || named === null) return null
  const { part, uncompressed, last, lost, file, offset, bytes, sha256 } = named as Record<string, unknown>
  if (!isCount(part) || !isCount(uncompressed) || typeof last !== 'boolean') return null
  if (typeof lost === 'string') return { part, uncompressed, last, lost }
  if (typeof file !== 'string' || !/^\d{6,15}\.recording$/.test(file) || typeof sha256 !== 'string') return null
  return isCount(offset) && isCount(bytes) ? { part, uncompressed, last, file, offset, bytes, sha256 } : null
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { isHash, readHead } from './record-line.ts'
import { listSegments, segmentName } from './segment-names.ts'

/** The first record of a segment is no longer. */
const MAX_OPENER_BYTES = 4096

/** Names a trail among those of all gateways and directories: the first 16 digits of the hash of its first record. */
export function trailIdOf(firstHash: string): string {
  return firstHash.slice(0, 16)
}

/** Which trail the directory holds, as its newest segment says, or its first. Null: it has no record, or cannot tell. Throws when it cannot be read. */
export function readTrailId(directory: string): string | null {
  const segments = listSegments(directory)
  for (const segment of new Set([...segments.slice(-2).toReversed(), ...segments.slice(0, 1)])) {
    const id = trailIdIn(directory, segment)
    if (id !== null) return id
  }
  return null
}

function trailIdIn(directory: string, segment: number): string | null {
  const line = firstLine(join(directory, segmentName(segment)))
  const head = readHead(line, 0, line.length)
  if (head === null) return null
  if (head.seq === 1) return isHash(head.hash) ? trailIdOf(head.hash) : null
  const found = /"trail":"([0-9a-f]{16})"/.exec(line.toString('latin1'))
  return head.kind === 'trail_opened' ? (found?.[1] ?? null) : null
}

/** Empty where there is no whole line. */
function firstLine(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(MAX_OPENER_BYTES)
    const bytes = readSync(file, buffer, 0, buffer.length, 0)
    return buffer.subarray(0, Math.max(0, buffer.subarray(0, bytes).indexOf(10)))
  } finally {
    closeSync(file)
  }
}

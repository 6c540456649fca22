import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceByLine } from '../replace-by-line.ts'
import { signedLine } from './signed-line.ts'
import type { SigningKey } from './signing-key.ts'

/** What seals are signed for. */
export const SEAL_PURPOSE = 'gatehouse-audit-seal-1'

/** What one segment held when no more was written to it. */
export interface SegmentSeal {
  readonly gateway: string
  readonly segment: number
  /** The number of its first record, and of its last. */
  readonly first: number
  readonly last: number
  /** The `hash` of its last record. */
  readonly hash: string
  readonly bytes: number
  /** True when its last record is `segment_closed`; false after a crash or a failing disk. */
  readonly closed: boolean
  /** UTC. */
  readonly sealed: string
}

/** A seal as it is found: with its line, to check the signature. */
export interface FoundSeal {
  readonly seal: SegmentSeal
  readonly line: string
}

const NAME = /^([0-9]{6,9})\.seal\.json$/

/** The file name of a segment's seal: `000001.seal.json` for the first. */
export function sealName(segment: number): string {
  return `${String(segment).padStart(6, '0')}.seal.json`
}

/** The numbers of the segments that have a seal, ascending. Throws when the directory cannot be read. */
export function listSeals(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((file) => {
      const digits = NAME.exec(file)?.[1]
      return digits === undefined || sealName(Number(digits)) !== file ? [] : [Number(digits)]
    })
    .sort((a, b) => a - b)
}

/** Writes a segment's seal, durable, in place of an older one. Rejects when it cannot be written. */
export async function writeSeal(directory: string, seal: SegmentSeal, key: SigningKey): Promise<void> {
  const { gateway, segment, first, last, hash, bytes, closed, sealed } = seal
  const members = { gateway, segment, first, last, hash, bytes, closed, sealed }
  await replaceByLine(join(directory, sealName(segment)), signedLine(SEAL_PURPOSE, members, key))
}

/** The seal of a segment; null: there is none; `unreadable`: it is not one. */
export function readSeal(directory: string, segment: number): FoundSeal | 'unreadable' | null {
  let text: string
  try {
    text = readFileSync(join(directory, sealName(segment)), 'utf8')
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? null : 'unreadable'
  }
  const line = text.endsWith('\n') ? text.slice(0, -1) : text
  const seal = parseSeal(line)
  return seal === null ? 'unreadable' : { seal, line }
}

function parseSeal(line: string): SegmentSeal | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { gateway, segment, first, last, hash, bytes, closed, sealed } = value as Record<string, unknown>
  if (typeof gateway !== 'string' || typeof hash !== 'string' || typeof closed !== 'boolean') return null
  if (typeof segment !== 'number' || typeof first !== 'number' || typeof last !== 'number') return null
  if (typeof bytes !== 'number' || typeof sealed !== 'string') return null
  return { gateway, segment, first, last, hash, bytes, closed, sealed }
}

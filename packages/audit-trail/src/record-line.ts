/**
 * One record as one line: `{"seq":1,"time":"…","prev":"…","hash":"…",<members>}`. The hash covers the bytes of the line,
 * without the newline and without the member `"hash":"…",`. See docs/audit-format.md.
 */
import { hash } from 'node:crypto'

/** `prev` of the first record of a trail. */
export const GENESIS_HASH: string = '0'.repeat(64)

/** Bytes of the member `"hash":"<64 digits>",`. */
export const HASH_MEMBER_BYTES = 74

/** Longest line, newline included, that is written or read: far more than the default record limits can reach. */
export const MAX_LINE_BYTES: number = 8 * 1024 * 1024

/** The members that the trail itself puts before those of the record; `kind` is always the first of those. */
const HEAD =
  /^\{"seq":([1-9][0-9]{0,15}),"time":"([-0-9T:.Z]{24})","prev":"([0-9a-f]{64})",("hash":"([0-9a-f]{64})",)"kind":"([a-z_]{1,32})"/

/** No head is longer: 7 + 16 + 34 + 74 + 74 + 42 bytes. */
const MAX_HEAD_BYTES = 256

/** What stands at the start of a line. */
export interface LineHead {
  readonly seq: number
  readonly time: string
  readonly prev: string
  readonly hash: string
  readonly kind: string
  /** Offset of the member `"hash":"…",` from the start of the line. */
  readonly hashOffset: number
}

/** The text before the member `hash`. `prev` is the hash of the record before. */
export function formatHead(seq: number, time: string, prev: string): string {
  return `{"seq":${seq},"time":"${time}","prev":"${prev}",`
}

/** Reads the head of the line at `start`, its newline at `end`. Null when it is not a record's. */
export function readHead(buffer: Buffer, start: number, end: number): LineHead | null {
  const match = HEAD.exec(buffer.toString('latin1', start, Math.min(end, start + MAX_HEAD_BYTES)))
  if (match === null) return null
  const [, seq = '', time = '', prev = '', hashMember = '', digest = '', kind = ''] = match
  const hashOffset = match[0].indexOf(hashMember)
  return { seq: Number(seq), time, prev, hash: digest, kind, hashOffset }
}

/**
 * The hash that the line at `start` must have. It moves the head inside `buffer` next to the members so that both are
 * hashed in one go: the line cannot be read from `buffer` afterwards.
 */
export function hashLine(buffer: Buffer, start: number, end: number, head: LineHead): string {
  buffer.copyWithin(start + HASH_MEMBER_BYTES, start, start + head.hashOffset)
  return hash('sha256', buffer.subarray(start + HASH_MEMBER_BYTES, end), 'hex')
}

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

/** How each line begins, before its number. */
const SEQ_OPENS = Buffer.from('{"seq":')
const MAX_SEQ_DIGITS = 16
const MAX_KIND_BYTES = 32
const QUOTE = 0x22

/** What follows the number, up to the kind: T stands for a byte of a time, H for a digit of a hash, which is not looked at. */
const LAYOUT = `,"time":"${'T'.repeat(24)}","prev":"${'H'.repeat(64)}","hash":"${'H'.repeat(64)}","kind":"`
const TIME_AT = LAYOUT.indexOf('T')
const PREV_AT = LAYOUT.indexOf('H')
const HASH_MEMBER_AT = LAYOUT.indexOf('"hash"')
const HASH_AT = LAYOUT.indexOf('H', HASH_MEMBER_AT)

/** By byte: what may stand in a time, in a kind. */
const TIME_BYTES = bytesOf('-0123456789T:.Z')
const KIND_BYTES = bytesOf('abcdefghijklmnopqrstuvwxyz_')

const BYTES = Buffer.from(LAYOUT)
/** The places in the layout that must be as they stand there. */
const FIXED_AT = Uint8Array.from([...BYTES.keys()].filter((at) => !/[TH]/.test(LAYOUT.charAt(at))))

/** True for 64 lower-case hexadecimal digits. */
export function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** What stands at the start of a line. */
export interface LineHead {
  readonly seq: number
  readonly time: string
  /** 64 characters, see `isHash`. */
  readonly prev: string
  /** The same. */
  readonly hash: string
  readonly kind: string
  /** Offset of the member `"hash":"…",` from the start of the line. */
  readonly hashOffset: number
}

/** The text before the member `hash`. `prev` is the hash of the record before. */
export function formatHead(seq: number, time: string, prev: string): string {
  return `{"seq":${seq},"time":"${time}","prev":"${prev}",`
}

/**
 * Reads the head of the line at `start`, its newline at `end`: the members that the trail itself puts before those of the record, and
 * `kind`, which is always the first of those. Null when it is not a record's. Whole trails go through here, so it is done byte by byte.
 */
export function readHead(buffer: Buffer, start: number, end: number): LineHead | null {
  for (let at = 0; at < SEQ_OPENS.length; at++) if (buffer[start + at] !== SEQ_OPENS[at]) return null
  const digitsAt = start + SEQ_OPENS.length
  let seq = 0
  let from = digitsAt
  for (let digit = digitAt(buffer, from); digit !== -1; digit = digitAt(buffer, ++from)) {
    if ((seq === 0 && digit === 0) || from - digitsAt === MAX_SEQ_DIGITS) return null
    seq = seq * 10 + digit
  }
  const kindAt = from + BYTES.length
  if (seq === 0 || kindAt >= end) return null
  for (const at of FIXED_AT) if (buffer[from + at] !== BYTES[at]) return null
  for (let at = from + TIME_AT; at < from + TIME_AT + 24; at++) if (TIME_BYTES[buffer[at] ?? 0] !== 1) return null
  let kindEnd = kindAt
  while (kindEnd < end && KIND_BYTES[buffer[kindEnd] ?? 0] === 1) kindEnd++
  if (kindEnd === kindAt || kindEnd > kindAt + MAX_KIND_BYTES || kindEnd >= end || buffer[kindEnd] !== QUOTE)
    return null
  const text = buffer.toString('latin1', from, kindEnd)
  return {
    seq,
    time: text.slice(TIME_AT, TIME_AT + 24),
    prev: text.slice(PREV_AT, PREV_AT + 64),
    hash: text.slice(HASH_AT, HASH_AT + 64),
    kind: text.slice(LAYOUT.length),
    hashOffset: from - start + HASH_MEMBER_AT,
  }
}

function bytesOf(characters: string): Uint8Array {
  const bytes = new Uint8Array(256)
  for (const byte of Buffer.from(characters)) bytes[byte] = 1
  return bytes
}

/** The digit at a place; -1: it is none. */
function digitAt(buffer: Buffer, at: number): number {
  const digit = (buffer[at] ?? 0) - 0x30
  return digit >= 0 && digit <= 9 ? digit : -1
}

/**
 * The hash that the line at `start` must have. It moves the head inside `buffer` next to the members so that both are
 * hashed in one go: the line cannot be read from `buffer` afterwards.
 */
export function hashLine(buffer: Buffer, start: number, end: number, head: LineHead): string {
  buffer.copyWithin(start + HASH_MEMBER_BYTES, start, start + head.hashOffset)
  return hash('sha256', buffer.subarray(start + HASH_MEMBER_BYTES, end), 'hex')
}

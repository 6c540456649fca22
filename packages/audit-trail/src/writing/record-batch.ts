import { NO_PART, type RecordPart, TrailUnavailable } from '@gatehouse/core'
import { hash } from 'node:crypto'
import { RecordHead } from './record-head.ts'
import { HASH_MEMBER_BYTES, MAX_LINE_BYTES } from '../chain/record-line.ts'

/** Room for the records of one turn; grows when needed, and comes back to this. */
const USUAL_BYTES = 256 * 1024

/** Most bytes of records between two commits. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024

/** Bytes that a record needs beside its members, at most: head, hash member, braces, newline. */
const OVERHEAD_BYTES = 256

/** What the member `hash` is beside its digits. */
const HASH_OPENS = Buffer.from('"hash":"')
const HASH_CLOSES = Buffer.from('",')

/** UTF-8 never needs more bytes than this for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3

/** The most bytes that a record of these texts can need. */
function room(members: string, before: RecordPart, after: RecordPart): number {
  return before.bytes.length + members.length * MOST_BYTES_PER_UNIT + after.bytes.length + OVERHEAD_BYTES
}

/**
 * True when these texts in a row can be written: one line, with its kind first, not longer than a reader would take. What is
 * not would make the trail unreadable, so it must never get in.
 */
export function isRecordText(members: string, before: RecordPart, after: RecordPart): boolean {
  const first = before === NO_PART ? members : before.text
  return room(members, before, after) <= MAX_LINE_BYTES && first.startsWith('"kind":"') && !members.includes('\n')
}

/** The records that were appended and not yet written, as bytes, and the chain they make. */
export class RecordBatch {
  /** The last record's number. */
  seq: number
  /** The last record's hash. */
  hash: string
  /** How many bytes of `buffer` are records. */
  length = 0
  buffer: Buffer = Buffer.allocUnsafeSlow(USUAL_BYTES)

  readonly #head: RecordHead

  constructor(seq: number, hash: string, now: () => number) {
    this.seq = seq
    this.hash = hash
    this.#head = new RecordHead(now)
  }

  /** Adds a record and returns its number. Throws `TrailUnavailable` when it does not fit; then nothing is added. */
  add(members: string, before: RecordPart = NO_PART, after: RecordPart = NO_PART): number {
    if (!isRecordText(members, before, after))
      throw new TrailUnavailable('this cannot be a record: too long, or not the text of one')
    const start = this.length
    const needed = start + room(members, before, after)
    if (needed > this.buffer.length) this.#grow(needed)
    const seq = this.seq + 1
    this.#head.set(seq, this.hash)
    const head = this.#head.bytes
    const { buffer } = this
    // The hash covers head and members without the member between: the head is written beside the members, and then where it belongs.
    const hashedFrom = start + HASH_MEMBER_BYTES
    const membersFrom = hashedFrom + head.length
    buffer.set(head, hashedFrom)
    buffer.set(before.bytes, membersFrom)
    const afterFrom =
      membersFrom + before.bytes.length + buffer.write(members, membersFrom + before.bytes.length, 'utf8')
    buffer.set(after.bytes, afterFrom)
    const end = afterFrom + after.bytes.length + 1
    buffer[end - 1] = 0x7d // }
    buffer[end] = 0x0a
    const digest = hash('sha256', buffer.subarray(hashedFrom, end), 'hex')
    buffer.set(head, start)
    buffer.set(HASH_OPENS, start + head.length)
    buffer.write(digest, start + head.length + HASH_OPENS.length, 'latin1')
    buffer.set(HASH_CLOSES, membersFrom - HASH_CLOSES.length)
    this.length = end + 1
    this.seq = seq
    this.hash = digest
    return seq
  }

  /** Between which times the records were added since `beginTimes`; null: none was. */
  get times(): RecordHead['times'] {
    return this.#head.times
  }

  /** Forgets the times of records before. */
  beginTimes(): void {
    this.#head.beginTimes()
  }

  /** Forgets the records. `seq` and `hash` are those of the last record that counts. */
  reset(seq: number, hash: string): void {
    this.seq = seq
    this.hash = hash
    this.length = 0
    if (this.buffer.length > USUAL_BYTES * 16) this.buffer = Buffer.allocUnsafeSlow(USUAL_BYTES)
  }

  #grow(needed: number): void {
    if (needed > MAX_BATCH_BYTES) throw new TrailUnavailable('too many bytes of records at once')
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.length)
    this.buffer = grown
  }
}

import type { AuditRecord } from '@gatehouse/core'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type LineHead, MAX_LINE_BYTES, readHead } from '../chain/record-line.ts'
import { listSegments, segmentName } from '../chain/segment-names.ts'
import { type ShippedRecord, ShippingAlarm } from './destination.ts'

/** Read at once: what a batch may have, but for one record that is longer. */
const BATCH_BYTES = 1024 * 1024
const BATCH_RECORDS = 500
/** A record's head is no longer. */
const HEAD_BYTES = 256
const NEWLINE = 10

/**
 * Gives the records of a trail in batches, in order, while it is written. Nothing that was read is kept between batches: what is behind
 * the last durable record may yet be replaced by other records of the same numbers.
 */
export class TrailReader implements AsyncDisposable {
  readonly #directory: string
  /** The number of the last record that was given, or passed over. */
  seq: number
  /** The segment it reads. */
  segment: number
  /** Where it reads on, in bytes. */
  offset = 0
  /** The hash of the record before; null: not known. */
  #hash: string | null = null
  #handle: FileHandle | null = null

  private constructor(directory: string, seq: number, segment: number) {
    this.#directory = directory
    this.seq = seq
    this.segment = segment
  }

  /** A reader that gives the records behind number `seq`, from the oldest that is there. Rejects when there is none, or the directory cannot be read. */
  static async after(directory: string, seq: number): Promise<TrailReader> {
    let oldest: { readonly segment: number; readonly first: number } | null = null
    for (const segment of listSegments(directory).toReversed()) {
      const head = await firstHead(join(directory, segmentName(segment)))
      if (head === null) continue
      oldest = { segment, first: head.seq }
      if (head.seq <= seq + 1) break
    }
    if (oldest === null) throw new Error(`${directory} has no record`)
    return new TrailReader(directory, Math.max(seq, oldest.first - 1), oldest.segment)
  }

  /**
   * The next records up to number `through`, which is durable; empty: there is none. Rejects when the trail cannot be read; with `ShippingAlarm`
   * when it does not hold what it should.
   */
  async next(through: number): Promise<readonly ShippedRecord[]> {
    while (this.seq < through) {
      const records = await this.#read(through)
      if (records === null) await this.#nextSegment(through)
      else if (records.length > 0) return records
    }
    return []
  }

  /** Bytes of the trail that were not given yet. */
  async restBytes(): Promise<number> {
    let bytes = -this.offset
    for (const segment of listSegments(this.#directory))
      if (segment >= this.segment) bytes += (await stat(join(this.#directory, segmentName(segment)))).size
    return Math.max(0, bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const handle = this.#handle
    this.#handle = null
    await handle?.close()
  }

  /** The next records of the present segment; empty: the lines were of records before; null: it has no more whole line. */
  async #read(through: number): Promise<ShippedRecord[] | null> {
    this.#handle ??= await open(join(this.#directory, segmentName(this.segment)), 'r')
    for (let size = BATCH_BYTES; ; size *= 2) {
      const buffer = Buffer.allocUnsafe(size)
      const { bytesRead } = await this.#handle.read(buffer, 0, size, this.offset)
      const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1
      if (end > 0) return this.#take(buffer.subarray(0, end), through)
      if (bytesRead < size) return null
      if (size >= MAX_LINE_BYTES) throw this.#broken('is longer than a record can be')
    }
  }

  #take(lines: Buffer, through: number): ShippedRecord[] {
    const records: ShippedRecord[] = []
    let start = 0
    while (start < lines.length && records.length < BATCH_RECORDS && this.seq < through) {
      const end = lines.indexOf(NEWLINE, start)
      const head = readHead(lines, start, end)
      if (head === null) throw this.#broken('cannot be read')
      if (head.seq > this.seq) {
        this.#mustFollow(head)
        const line = lines.toString('utf8', start, end)
        records.push({ record: JSON.parse(line) as AuditRecord, segment: this.segment, line })
        this.seq = head.seq
      }
      this.#hash = head.hash
      this.offset += end + 1 - start
      start = end + 1
    }
    return records
  }

  #mustFollow(head: LineHead): void {
    if (head.seq !== this.seq + 1) throw this.#broken(`is not there: record ${head.seq} follows`)
    if (this.#hash !== null && head.prev !== this.#hash) throw this.#broken('does not follow from the one before')
  }

  async #nextSegment(through: number): Promise<void> {
    const next = listSegments(this.#directory).find((segment) => segment > this.segment)
    if (next === undefined) throw this.#broken(`is not there, but the checkpoint names record ${through}`)
    await this[Symbol.asyncDispose]()
    this.segment = next
    this.offset = 0
  }

  #broken(what: string): ShippingAlarm {
    const where = `${segmentName(this.segment)}: record ${this.seq + 1}`
    return new ShippingAlarm('TRAIL_BROKEN', `${where} ${what}; run \`gatehouse audit verify ${this.#directory}\``)
  }
}

/** The head of a segment's first record; null: it has none. */
async function firstHead(path: string): Promise<LineHead | null> {
  const file = await open(path, 'r')
  try {
    const buffer = Buffer.alloc(HEAD_BYTES)
    const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
    return readHead(buffer, 0, bytesRead)
  } finally {
    await file.close()
  }
}

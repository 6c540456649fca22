import { AUDIT_FORMAT_VERSION } from '@gatehouse/core'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readLines } from './line-reader.ts'
import { HASH_MEMBER_BYTES, hashLine, isHash, readHead } from './record-line.ts'
import { segmentName } from './segment-names.ts'

/** Where the chain stands: the last record that was found in order. */
export interface ChainHead {
  readonly seq: number
  readonly hash: string
}

/** Where a segment stops being what was written. */
export interface SegmentBreak {
  /** 1-based; 0 when it is the file as a whole. */
  readonly line: number
  /** Where the broken line starts, in bytes. */
  readonly offset: number
  /** What is wrong, in one sentence. */
  readonly what: string
  /** True when nothing comes after the broken line: a write that was cut short by a crash looks like that. */
  readonly atEnd: boolean
}

/** What was found in one segment. */
export interface SegmentWalk {
  /** Records in order, before the break if there is one. */
  readonly records: number
  /** The head after the last good record; null when there is none and no start was given. */
  readonly head: ChainHead | null
  /** The head that its first record says it follows; null: there is no good record. */
  readonly follows: ChainHead | null
  /** Bytes of the good records. */
  readonly goodBytes: number
  /** True when its last record is `segment_closed`. */
  readonly closed: boolean
  /** The key that its first record says it is to be sealed with; null: none. */
  readonly key: string | null
  /** The segment that its first record names as the first with records of what was still open; null: it does not say. */
  readonly openFrom: number | null
  readonly broken: SegmentBreak | null
}

/** Called for every good record; its answer, if not null, says what is wrong with it all the same. */
export type CheckRecord = (seq: number, hash: string) => string | null

/** Told of every good record of kind `retention`: its number, and its text as JSON, without its hash. */
export type TellRetention = (seq: number, text: string) => void

interface Opener {
  readonly format?: unknown
  readonly segment?: unknown
  readonly key?: unknown
  readonly openFrom?: unknown
}

function readOpener(text: string): Opener | string {
  try {
    const { trail } = JSON.parse(text) as { trail?: Opener }
    return trail ?? 'the first record does not say what segment it opens'
  } catch {
    return 'the first record is not JSON'
  }
}

function openerFault(opener: Opener | string, segment: number): string | null {
  if (typeof opener === 'string') return opener
  if (opener.format !== AUDIT_FORMAT_VERSION)
    return `the format is ${String(opener.format)}, not ${AUDIT_FORMAT_VERSION}`
  return opener.segment === segment ? null : `the records are those of segment ${String(opener.segment)}`
}

/** What stands in the place of a hash: shown as it is only where it is one. */
function shownHash(text: string): string {
  return isHash(text) ? text : 'no hash'
}

function orderFault(expected: number, found: number): string {
  if (found < expected) return `record ${found} stands where record ${expected} must be`
  const missing = found - expected
  return `record ${expected} must be here, ${found} is: ${missing === 1 ? '1 record is' : `${missing} records are`} missing before it, or the order was changed`
}

/**
 * Walks one segment along the chain. `before` is the head it must follow; null takes the first record's word for it.
 * Rejects when the file cannot be read.
 */
export async function walkSegment(
  directory: string,
  segment: number,
  before: ChainHead | null,
  check: CheckRecord | null = null,
  tell: TellRetention | null = null,
): Promise<SegmentWalk> {
  const path = join(directory, segmentName(segment))
  let seq = before?.seq ?? -1
  let chained = before?.hash ?? ''
  let follows: ChainHead | null = null
  let records = 0
  let goodBytes = 0
  let closed = false
  let key: string | null = null
  let openFrom: number | null = null
  let fault: string | null = null
  let brokenEnd = 0

  const faultOf = (buffer: Buffer, start: number, end: number): string | null => {
    const head = readHead(buffer, start, end)
    if (head === null) return 'the line is not a record'
    const opened = records === 0 ? readOpener(buffer.toString('utf8', start, end)) : null
    const hash = hashLine(buffer, start, end, head)
    if (hash !== head.hash)
      return `the record was changed: it says its hash is ${shownHash(head.hash)}, its bytes give ${hash}`
    if (seq !== -1 && head.seq !== seq + 1) return orderFault(seq + 1, head.seq)
    if (seq !== -1 && head.prev !== chained)
      return `the record does not follow the one before: it names ${shownHash(head.prev)}, that has ${chained}`
    if (closed) return 'a record stands after the end of the segment'
    if ((head.kind === 'trail_opened') !== (records === 0)) return `a record of kind ${head.kind} cannot stand here`
    if (opened !== null) {
      const wrongOpener = openerFault(opened, segment)
      if (wrongOpener !== null) return wrongOpener
      if (typeof opened !== 'string' && typeof opened.key === 'string') key = opened.key
      if (typeof opened !== 'string' && Number.isSafeInteger(opened.openFrom)) openFrom = Number(opened.openFrom)
    }
    const wrong = check === null ? null : check(head.seq, hash)
    if (wrong !== null) return wrong
    if (tell !== null && head.kind === 'retention')
      tell(head.seq, buffer.toString('utf8', start + HASH_MEMBER_BYTES, end))
    follows ??= { seq: head.seq - 1, hash: head.prev }
    seq = head.seq
    chained = hash
    closed = head.kind === 'segment_closed'
    return null
  }

  const end = await readLines(path, (buffer, start, end, offset) => {
    fault = faultOf(buffer, start, end)
    brokenEnd = offset + end - start + 1
    if (fault !== null) return false
    records++
    goodBytes = brokenEnd
    return true
  })
  const size = (await stat(path)).size
  const head = seq === -1 ? null : { seq, hash: chained }
  const broken = (what: string, atEnd: boolean): SegmentWalk => ({
    records,
    head,
    follows,
    goodBytes,
    closed,
    key,
    openFrom,
    broken: { line: records + 1, offset: goodBytes, what, atEnd },
  })
  if (fault !== null) return broken(fault, brokenEnd >= size)
  if (end.lineTooLong) return broken('the line is longer than a record can be', false)
  if (end.restBytes > 0) return broken(`the last line has no end: ${end.restBytes} bytes`, true)
  if (records === 0) return broken('the segment holds no record', true)
  return { records, head, follows, goodBytes, closed, key, openFrom, broken: null }
}

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { readHead } from '../chain/record-line.ts'
import { LineShape } from './line-shape.ts'

/** The trail's own records at both ends of a segment are shorter. */
const END_BYTES = 4_096

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** What the first and the last record of a segment say of it. */
export interface SegmentEnds {
  /** The number of its first record; 0: that cannot be read. */
  readonly firstSeq: number
  /** Which gateway wrote it; null: it does not say. */
  readonly gateway: string | null
  /** It was ended properly: nothing is written to it any more. */
  readonly closed: boolean
  /** The number of its last record; null: it is not closed. */
  readonly lastSeq: number | null
  /** No record in it is older, or newer, whatever the clock did. Null: it does not say. */
  readonly times: { readonly earliest: string; readonly latest: string } | null
  /** The process that wrote the segment before went on with this one after the disk had failed. */
  readonly goesOn: boolean
}

/** Reads both ends of a segment. Throws when it cannot be read. */
export function readSegmentEnds(path: string): SegmentEnds {
  const file = openSync(path, 'r')
  try {
    const { size } = fstatSync(file)
    const buffer = Buffer.alloc(END_BYTES)
    const begin = buffer.toString('latin1', 0, readSync(file, buffer, 0, END_BYTES, 0))
    const openerLine = lineIn(begin, 0)
    const shape = new LineShape()
    const firstSeq = seqOf(shape, openerLine)
    const opener = memberOf(openerLine, 'trail_opened')
    const gateway = typeof opener['gateway'] === 'string' ? opener['gateway'] : null
    const tail = buffer.toString('latin1', 0, readSync(file, buffer, 0, END_BYTES, Math.max(0, size - END_BYTES)))
    const closerLine = tail.endsWith('\n') ? lineIn(tail, tail.lastIndexOf('\n', tail.length - 2) + 1) : ''
    const closer = memberOf(closerLine, 'segment_closed')
    const closed = 'segment' in closer
    const closerSeq = seqOf(shape, closerLine)
    return {
      firstSeq,
      gateway,
      closed,
      lastSeq: closed && closerSeq > 0 ? closerSeq : null,
      times: closed ? timesOf(closer, closerLine) : null,
      goesOn: begin.includes('"alarm":{"code":"TRAIL_RECOVERED"'),
    }
  } finally {
    closeSync(file)
  }
}

/** The line that begins at `from`; empty: it does not end in the text. */
function lineIn(text: string, from: number): string {
  const end = text.indexOf('\n', from)
  return end === -1 ? '' : text.slice(from, end)
}

function seqOf(shape: LineShape, line: string): number {
  return shape.read(Buffer.from(line, 'latin1'), 0, line.length) ? shape.seq : 0
}

/** What a record of this kind says in its member `trail`; empty: the line is no such record. */
function memberOf(line: string, kind: string): Readonly<Record<string, unknown>> {
  if (!line.includes(`"kind":"${kind}"`)) return {}
  try {
    const record = JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as Readonly<Record<string, unknown>>
    const { trail } = record
    return record['kind'] === kind && typeof trail === 'object' && trail !== null ? { ...trail } : {}
  } catch {
    return {}
  }
}

/** Between which times all records are, the last one included. */
function timesOf({ earliest, latest }: Readonly<Record<string, unknown>>, closerLine: string): SegmentEnds['times'] {
  const own = readHead(Buffer.from(closerLine, 'latin1'), 0, closerLine.length)?.time
  if (!isTime(earliest) || !isTime(latest) || !isTime(own)) return null
  return { earliest: own < earliest ? own : earliest, latest: own > latest ? own : latest }
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && TIME.test(value)
}

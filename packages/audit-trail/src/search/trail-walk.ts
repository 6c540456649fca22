import type { AuditRecord } from '@gatehouse/core'
import { LineFilter } from './line-filter.ts'
import { LineWindow } from './line-window.ts'
import { matchesOutcome, matchesRecord } from './match-query.ts'
import type { LinePlace, SegmentScan } from './segment-scan.ts'
import { isGone, type TrailFiles } from './trail-files.ts'
import type { FoundRecord, PageWish, TrailQuery } from './trail-index.ts'

/** Comes after every time. */
const LAST_TIME = '\uFFFF'

/** A record that was found, and where. */
export interface Found extends FoundRecord {
  /** Of the lines of the record and its outcome. */
  readonly bytes: number
  readonly segment: number
  readonly place: LinePlace
}

/** A segment that is gone through. */
interface Reading {
  readonly segment: number
  readonly gateway: string
  readonly scan: SegmentScan
  readonly lines: LineWindow
  readonly outcomes: LineWindow
  /** The line that is looked at next. */
  at: number
}

/** Goes through one trail, record by record that matches, by number. */
export class TrailWalk {
  /** Found, and not yet taken. */
  head: Found | null = null
  /** There is nothing more to be found. */
  over = false
  /** What comes next is not newer than this (newest first), or not older. */
  bound: string
  /** Lines that could not be read so far. */
  unreadableLines = 0

  readonly #files: TrailFiles
  readonly #query: TrailQuery
  readonly #backward: boolean
  readonly #filter: LineFilter
  /** Those that are left, in the order in which they are gone through. */
  readonly #segments: number[]
  /** Newest first: only records with smaller numbers are looked for; oldest first: with larger ones. Null: all are. */
  #position: number | null
  #reading: Reading | null = null

  /** `position`: as `position` of a walk in the same order said; null: from the beginning. Throws `TrailMissing`. */
  constructor(files: TrailFiles, query: TrailQuery, order: PageWish['order'], position: number | null) {
    this.#files = files
    this.#query = query
    this.#backward = order === 'newest'
    this.#filter = new LineFilter(query, { outcomes: false })
    this.#position = position
    this.bound = this.#backward ? LAST_TIME : ''
    const segments = files.segments()
    this.#segments = this.#backward ? segments.toReversed() : [...segments]
    this.#passOver()
  }

  /** Where a later walk goes on: behind what was taken. Null: at the beginning. */
  get position(): number | null {
    return this.#position
  }

  /** Takes what was found. */
  take(found: Found): void {
    this.#position = found.record.seq
    this.head = null
  }

  /** Goes on to the next find, or to the end of a segment. Rejects when the disk cannot be read. */
  async advance(): Promise<void> {
    const reading = this.#reading ?? (await this.#nextSegment())
    if (reading === null) return
    this.#reading = reading
    const { seqs } = reading.scan
    while (reading.at >= 0 && reading.at < seqs.length) {
      const at = reading.at
      reading.at += this.#backward ? -1 : 1
      this.head = await this.#lookAt(reading, at)
      if (this.head !== null) {
        this.bound = this.head.record.time
        return
      }
    }
    await this.close()
    this.#passOver()
  }

  async close(): Promise<void> {
    const reading = this.#reading
    this.#reading = null
    await reading?.lines.close()
    await reading?.outcomes.close()
  }

  /** Passes over segments that hold nothing of what is looked for, as their ends say. */
  #passOver(): void {
    for (;;) {
      const [segment] = this.#segments
      if (segment === undefined) {
        this.over = true
        return
      }
      if (!this.#mayHold(segment)) {
        this.#segments.shift()
        continue
      }
      const { times } = this.#files.ends(segment)
      if (this.#backward) this.bound = times?.latest ?? LAST_TIME
      else this.bound = times?.earliest ?? ''
      return
    }
  }

  #mayHold(segment: number): boolean {
    const { since, until, gateway } = this.#query
    const { firstSeq, lastSeq, times, gateway: writer } = this.#files.ends(segment)
    if (this.#position !== null) {
      if (this.#backward && firstSeq >= this.#position) return false
      if (!this.#backward && lastSeq !== null && lastSeq <= this.#position) return false
    }
    if (gateway !== undefined && writer !== null && writer !== gateway) return false
    return (
      times === null ||
      !((since !== undefined && times.latest < since) || (until !== undefined && times.earliest >= until))
    )
  }

  /** Null: the segment that was next is gone, or there is none. */
  async #nextSegment(): Promise<Reading | null> {
    const segment = this.#segments.shift()
    if (segment === undefined) {
      this.over = true
      return null
    }
    const begin = this.#position
    const scan = await this.#files.scan(segment, {
      filter: this.#filter,
      after: this.#backward ? 0 : (begin ?? 0),
      before: this.#backward ? (begin ?? Infinity) : Infinity,
    })
    if (scan === null) {
      this.#passOver()
      return null
    }
    this.unreadableLines += scan.unreadableLines
    // What is appended from now on is newer than the first page.
    if (this.#backward && begin === null && scan.lastSeq > 0) this.#position = scan.lastSeq + 1
    const path = this.#files.path(segment)
    return {
      segment,
      gateway: this.#gatewayOf(segment),
      scan,
      lines: new LineWindow(path, this.#backward),
      outcomes: new LineWindow(path, this.#backward),
      at: this.#backward ? scan.seqs.length - 1 : 0,
    }
  }

  /** A segment whose first record cannot be read was written by whom the others were written by. */
  #gatewayOf(segment: number): string {
    for (const one of [segment, ...this.#files.segments()]) {
      const { gateway } = this.#files.ends(one)
      if (gateway !== null) return gateway
    }
    return ''
  }

  async #lookAt(reading: Reading, at: number): Promise<Found | null> {
    const { scan, gateway, segment } = reading
    const seq = scan.seqs[at] ?? 0
    const place = { offset: scan.offsets[at] ?? 0, length: scan.lengths[at] ?? 0 }
    try {
      const record = asRecord(await reading.lines.parse(place), seq)
      if (record === null) {
        this.unreadableLines++
        return null
      }
      if (!matchesRecord(this.#query, gateway, record)) return null
      const outcome = record.kind === 'intent' ? await this.#outcomeOf(reading, seq) : null
      if (!matchesOutcome(this.#query, record, outcome?.record ?? null)) return null
      const bytes = place.length + (outcome?.bytes ?? 0)
      return { gateway, record, outcome: outcome?.record ?? null, bytes, segment, place }
    } catch (error) {
      if (isGone(error)) return null
      // What is JSON and no record: a number where a list should be, or the like.
      if (!(error instanceof TypeError)) throw error
      this.unreadableLines++
      return null
    }
  }

  async #outcomeOf(reading: Reading, intent: number): Promise<FoundOutcome | null> {
    const here = reading.scan.outcomes.get(intent)
    if (here !== undefined) return outcomeIn(reading.outcomes, here)
    const late = await this.#files.lateOutcome(intent, reading.segment)
    if (late === null) return null
    const lines = new LineWindow(this.#files.path(late.segment), false)
    try {
      return await outcomeIn(lines, late)
    } finally {
      await lines.close()
    }
  }
}

interface FoundOutcome {
  readonly record: AuditRecord
  readonly bytes: number
}

async function outcomeIn(lines: LineWindow, place: LinePlace): Promise<FoundOutcome | null> {
  const record = asRecord(await lines.parse(place), null)
  return record === null ? null : { record, bytes: place.length }
}

/** What was parsed as a record; null: it is none, or another than `seq`. */
function asRecord(parsed: unknown, seq: number | null): AuditRecord | null {
  if (typeof parsed !== 'object' || parsed === null || !('seq' in parsed)) return null
  return seq === null || parsed.seq === seq ? (parsed as AuditRecord) : null
}

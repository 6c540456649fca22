import { resolve } from 'node:path'
import { decodeCursor, encodeCursor, searchDigest } from './cursor.ts'
import { MergedWalk } from './merged-walk.ts'
import { summarizeTrails } from './summarize-trails.ts'
import { TrailFiles } from './trail-files.ts'
import type { FoundRecord, PageWish, TrailIndex, TrailPage, TrailQuery, TrailSummary } from './trail-index.ts'

/** Most records of one page. */
export const MAX_PAGE_RECORDS = 1_000

/** A page ends where its lines come to this much. */
const MAX_PAGE_BYTES = 16 * 1024 * 1024

/** A search that was left behind at the end of a page. */
interface LeftWalk {
  readonly cursor: string
  readonly walk: MergedWalk
}

/**
 * Searches trails in directories of this machine, as they lie there, also while they are written. What is kept in memory is
 * bounded: a page, and the places of the lines of one segment of each trail that may match. Segments whose records say that they hold nothing of
 * the time or the gateway are not read. Rejects with `TrailMissing` where a directory is not there.
 */
export class DirectoryIndex implements TrailIndex {
  readonly #trails: readonly TrailFiles[]
  /** Where the last page ended, so that the one after it need not begin anew. */
  #left: LeftWalk | null = null

  /** Each directory holds one trail; one that is named twice is searched once. */
  constructor(directories: readonly string[]) {
    const distinct = new Set(directories.map((directory) => resolve(directory)))
    this.#trails = [...distinct].map((directory) => new TrailFiles(directory))
  }

  async search(query: TrailQuery, { limit, order, cursor }: PageWish): Promise<TrailPage> {
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE_RECORDS))
      throw new RangeError(`limit must be 1 to ${MAX_PAGE_RECORDS}`)
    const search = searchDigest(
      query,
      order,
      this.#trails.map(({ directory }) => directory),
    )
    const positions = cursor === null ? null : decodeCursor(cursor, search, this.#trails.length)
    const walk = (await this.#leftAt(cursor)) ?? new MergedWalk(this.#trails, query, order, positions)
    const { unreadableLines } = walk
    const records: FoundRecord[] = []
    try {
      for (let bytes = 0; records.length < limit && bytes < MAX_PAGE_BYTES;) {
        const found = await walk.next()
        if (found === null) break
        const { gateway, record, outcome } = found
        records.push({ gateway, record, outcome })
        bytes += found.bytes
      }
    } catch (error) {
      await walk.close()
      throw error
    }
    const next = walk.over ? null : encodeCursor(search, walk.positions)
    if (next === null) await walk.close()
    else {
      // Another search may have ended meanwhile.
      const other = this.#left
      this.#left = { cursor: next, walk }
      await other?.walk.close()
    }
    return { records, next, unreadableLines: walk.unreadableLines - unreadableLines }
  }

  summarize(query: TrailQuery): Promise<TrailSummary> {
    return summarizeTrails(this.#trails, query)
  }

  async close(): Promise<void> {
    const left = this.#left
    this.#left = null
    await left?.walk.close()
  }

  /** The search that a cursor goes on with, if it is the last one; another one is given up. */
  async #leftAt(cursor: string | null): Promise<MergedWalk | null> {
    const left = this.#left
    this.#left = null
    if (left === null || left.cursor === cursor) return left?.walk ?? null
    await left.walk.close()
    return null
  }
}

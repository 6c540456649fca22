import { LineWindow } from './line-window.ts'
import { MergedWalk } from './merged-walk.ts'
import { textOf } from './record-facts.ts'
import { SummaryTally } from './summary-tally.ts'
import { isGone, type TrailFiles } from './trail-files.ts'
import type { AuditRecord } from '@gatehouse/core'
import type { CountedShape, TrailQuery, TrailSummary } from './trail-index.ts'
import type { LinePlace } from './segment-scan.ts'

/** Most records that are counted. */
const MAX_COUNTED = 200_000

/** Where a record is that has a shape. */
interface ShapePlace {
  readonly trail: number
  readonly segment: number
  readonly place: LinePlace
}

/** Counts what matches, newest first, up to `mostCounted` records (default 200,000). Rejects when the disk cannot be read. */
export async function summarizeTrails(
  trails: readonly TrailFiles[],
  query: TrailQuery,
  mostCounted: number = MAX_COUNTED,
): Promise<TrailSummary> {
  const walk = new MergedWalk(trails, query, 'newest', null)
  const tally = new SummaryTally<ShapePlace>()
  let complete = true
  try {
    for (let counted = 0; ; counted++) {
      const found = await walk.next()
      if (found === null) break
      if (counted >= mostCounted || tally.full) {
        complete = false
        break
      }
      tally.add(found, { trail: found.trail, segment: found.segment, place: found.place })
    }
  } finally {
    await walk.close()
  }
  const shapes: CountedShape[] = []
  for (const { example, ...shape } of tally.shapes())
    shapes.push({ ...shape, text: example === null ? '' : await textAt(trails, example) })
  return { ...tally.summary(), complete, shapes }
}

/** The text of the statement in this place; empty where it is gone. */
async function textAt(trails: readonly TrailFiles[], { trail, segment, place }: ShapePlace): Promise<string> {
  const files = trails[trail]
  if (files === undefined) return ''
  const lines = new LineWindow(files.path(segment), true)
  try {
    const record = await lines.parse(place)
    return record === null ? '' : (textOf(record as AuditRecord) ?? '')
  } catch (error) {
    if (isGone(error)) return ''
    throw error
  } finally {
    await lines.close()
  }
}

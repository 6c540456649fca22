import { Readable } from 'node:stream'
import { timelineOf } from '@gatehouse/session-replay'
import * as z from 'zod'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { findInSession } from '../replay/find-in-session.ts'
import { ReadingPlaces } from '../replay/places.ts'
import { readPage } from '../replay/replay-page.ts'
import type { ReplayReader } from '../replay/replay-reader.ts'
import { EXPORT_TYPES, exportOf } from '../replay/session-export.ts'
import {
  cursorOf,
  type FoundSession,
  placeOf,
  type ReplayPlace,
  SessionReadings,
  whole,
} from '../replay/session-readings.ts'
import type { App } from '../service.ts'
import { trailsOf } from '../trail-search.ts'
import { idParams, name } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const MOST_PAGES_AT_ONCE = 4
const MOST_EXPORTS_AT_ONCE = 4
const MOST_EVENTS = 2_000
/** What one search looks through before it answers with where it goes on. */
const MOST_LOOKED_AT = 200_000
const MOST_STATEMENTS = 5_000

const seq = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const cursor = z.string().max(100)
const timelineQuery = z.strictObject({ skip: z.coerce.number().int().min(0).default(0) })
const replayQuery = z.strictObject({
  statement: seq.optional(),
  after: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(MOST_EVENTS).default(500),
})
const findQuery = z.strictObject({ text: name, after: cursor.optional() })
const exportQuery = z.strictObject({ format: z.enum(['jsonl', 'csv', 'html']), statement: seq.optional() })

/** Sessions as their clients saw them, and as they are on record. */
export function replayRoutes(app: App, { config, actions, doorkeeper, verifyingKeys, now }: AdminPorts): void {
  const readings = new SessionReadings(() => trailsOf(config))
  const pages = new ReadingPlaces(MOST_PAGES_AT_ONCE)
  const exports = new ReadingPlaces(MOST_EXPORTS_AT_ONCE)
  app.addHook('onClose', () => readings.close())
  const reads = { permission: 'recording:read' } as const

  const found = async (session: string, fresh: boolean): Promise<FoundSession> => {
    const one = await readings.find(session, fresh)
    if (one !== null) return one
    throw new ApiError(
      404,
      'UNKNOWN_SESSION',
      'There is no such session in the trails of this service.',
      'Search for session_start records; older trails may be elsewhere.',
    )
  }
  /** Reads with a reader that stands where it must, and keeps it for whoever reads on. */
  const readWith = async <Answer>(
    session: FoundSession,
    place: ReplayPlace,
    reader: ReplayReader,
    read: (reader: ReplayReader) => Promise<Answer & { readonly more: boolean }>,
  ): Promise<Omit<Answer, 'more'> & { readonly next: string | null }> => {
    try {
      const { more, ...answer } = await read(reader)
      readings.keep(session, place, reader)
      return { ...answer, next: more ? cursorOf({ ...place, position: reader.position }) : null }
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  app.get(
    '/v1/trail/sessions/:id/timeline',
    { config: { permission: 'trail:read' }, schema: { params: idParams, querystring: timelineQuery } },
    async (request) => {
      const { id } = request.params
      const { skip } = request.query
      actions.begin('trail_read', viewerOf(request), `timeline of ${id}`, null)
      const leave = pages.take()
      try {
        const { statements, ...session } = timelineOf((await found(id, skip === 0)).trail)
        const next = skip + MOST_STATEMENTS < statements.length ? skip + MOST_STATEMENTS : null
        return { ...session, statements: statements.slice(skip, skip + MOST_STATEMENTS), next }
      } finally {
        leave()
      }
    },
  )
  app.get(
    '/v1/trail/sessions/:id/replay',
    { config: reads, schema: { params: idParams, querystring: replayQuery } },
    async (request) => {
      const { id } = request.params
      const { statement, after, limit } = request.query
      const what = statement === undefined ? id : `${id}, statement ${statement}`
      actions.begin('recording_read', viewerOf(request), what, null)
      const leave = pages.take()
      try {
        const from = after === undefined ? null : wantedPlace(after)
        const session = await found(id, from === null && statement === undefined)
        const place = from ?? whole(session.trail)
        const reader =
          from === null && statement !== undefined
            ? readings.readerBefore(session, statement)
            : readings.reader(session, place)
        return await readWith(session, place, reader, async () => {
          if (from === null && statement !== undefined) await reader.skipToStart(statement)
          else await reader.skipTo(place.position)
          return readPage(reader, limit, statement ?? null)
        })
      } finally {
        leave()
      }
    },
  )
  app.get(
    '/v1/trail/sessions/:id/find',
    { config: reads, schema: { params: idParams, querystring: findQuery } },
    async (request) => {
      const { id } = request.params
      const { text, after } = request.query
      actions.begin('recording_searched', viewerOf(request), `${id}: ${text}`, null)
      const leave = pages.take()
      try {
        const session = await found(id, false)
        const place = after === undefined ? whole(session.trail) : wantedPlace(after)
        return await readWith(session, place, readings.reader(session, place), async (reader) => {
          await reader.skipTo(place.position)
          return findInSession(reader, text, MOST_LOOKED_AT)
        })
      } finally {
        leave()
      }
    },
  )
  app.get(
    '/v1/trail/sessions/:id/export',
    { config: reads, schema: { params: idParams, querystring: exportQuery } },
    async (request, reply) => {
      const { id } = request.params
      const { format, statement = null } = request.query
      const viewer = viewerOf(request)
      const of = statement === null ? '' : `, statement ${statement}`
      actions.begin('recording_exported', viewer, `${id} as ${format}${of}`, null)
      const leave = exports.take()
      try {
        const session = await found(id, true)
        const mayGoOn = (): boolean => now() < viewer.expiresAt && !doorkeeper.isRevoked(viewer)
        const stream = Readable.from(exportOf(session, format, statement, verifyingKeys, mayGoOn), {
          objectMode: false,
        })
        stream.once('close', leave)
        const file = `session-${id.replaceAll(':', '-')}${statement === null ? '' : `-${statement}`}.${format}`
        return await reply
          .type(EXPORT_TYPES[format])
          .header('content-disposition', `attachment; filename="${file}"`)
          .send(stream)
      } catch (error) {
        leave()
        throw error
      }
    },
  )
}

function wantedPlace(text: string): ReplayPlace {
  const place = placeOf(text)
  if (place !== null) return place
  throw new ApiError(400, 'NOT_VALID', 'This is no cursor.', 'Give `next` of the page before.')
}

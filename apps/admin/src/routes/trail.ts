import { existsSync } from 'node:fs'
import { BadCursor, MAX_PAGE_RECORDS, STATEMENT_OUTCOMES, type TrailQuery, verifyTrail } from '@gatehouse/audit-trail'
import { RECORD_KINDS } from '@gatehouse/core'
import * as z from 'zod'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { trailsOf } from '../trail-search.ts'
import { ReadingPlaces } from '../replay/places.ts'
import { id, name } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const DEFAULT_RECORDS = 200
/** A page asks for records and numbers at once. */
const MOST_AT_ONCE = 4

const moment = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString())

/** A search of the trail as query parameters: the members of `TrailQuery`. */
const queryFields = {
  gateway: name.optional(),
  session: id.optional(),
  subject: name.optional(),
  actor: name.optional(),
  target: name.optional(),
  kind: z.enum(RECORD_KINDS).optional(),
  action: name.optional(),
  relation: name.optional(),
  masked: name.optional(),
  rule: name.optional(),
  outcome: z.enum(STATEMENT_OUTCOMES).optional(),
  code: name.optional(),
  held: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  fingerprint: name.optional(),
  text: name.optional(),
  since: moment.optional(),
  until: moment.optional(),
} as const

const recordsQuery = z.strictObject({
  ...queryFields,
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_RECORDS).default(DEFAULT_RECORDS),
  order: z.enum(['newest', 'oldest']).default('newest'),
  cursor: z.string().min(1).max(4096).optional(),
})
const summaryQuery = z.strictObject(queryFields)

/** What happened: the trails of the gateways that are configured here, and this service's own. */
export function trailRoutes(app: App, ports: AdminPorts): void {
  const { config, actions, trailSearch, log } = ports
  const reads = { permission: 'trail:read' } as const
  // A trail is read from its files: many readers at once would take the disk from its writer.
  const places = new ReadingPlaces(MOST_AT_ONCE)
  const verifiers = new ReadingPlaces(1)
  const seated = async <Answer>(seats: ReadingPlaces, read: () => Promise<Answer>): Promise<Answer> => {
    const leave = seats.take()
    try {
      return await read()
    } catch (error) {
      if (error instanceof BadCursor)
        throw new ApiError(400, 'NOT_VALID', 'This is no cursor of this search.', 'Give `next` of the page before.')
      if (error instanceof ApiError || config.trailDatabase === null) throw error
      log.error({ error }, 'the trail database did not answer a search')
      throw new ApiError(
        503,
        'TRAIL_DATABASE',
        'The trail database did not answer this search.',
        'Ask for a shorter time or for more of what you know, or try again; the reason is in the log of this service.',
      )
    } finally {
      leave()
    }
  }
  app.get('/v1/trail/records', { config: reads, schema: { querystring: recordsQuery } }, async (request) => {
    const { limit, order, cursor = null } = request.query
    actions.begin('trail_read', viewerOf(request), JSON.stringify(request.query), null)
    return await seated(places, async () =>
      (await trailSearch.index()).search(queryOf(request.query), { limit, order, cursor }),
    )
  })
  app.get('/v1/trail/summary', { config: reads, schema: { querystring: summaryQuery } }, async (request) => {
    actions.begin('trail_read', viewerOf(request), `numbers: ${JSON.stringify(request.query)}`, null)
    return await seated(places, async () => (await trailSearch.index()).summarize(queryOf(request.query)))
  })
  app.post('/v1/trail/verify', { config: reads }, async (request) => {
    actions.begin('trail_verified', viewerOf(request), 'all', null)
    return await seated(verifiers, async () => {
      const trails: object[] = []
      for (const directory of trailsOf(config)) {
        const keys = directory === config.audit.directory ? ports.ownKeys : ports.verifyingKeys
        const signed = keys !== null
        if (existsSync(directory))
          trails.push({ directory, signed, ...(await verifyTrail(directory, keys === null ? {} : { keys })) })
        else
          trails.push({
            directory,
            signed,
            firstBreak: { segment: 0, line: 0, seq: 0, what: 'there is no trail here' },
          })
      }
      return { trails }
    })
  })
}

/** The search without members that were not given. */
function queryOf(given: Readonly<Record<string, unknown>>): TrailQuery {
  return Object.fromEntries(
    Object.keys(queryFields).flatMap((field) => (given[field] === undefined ? [] : [[field, given[field]]])),
  )
}

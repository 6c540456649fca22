import { existsSync } from 'node:fs'
import { type RecordFilter, searchTrail, verifyTrail } from '@gatehouse/audit-trail'
import type { AuditRecord } from '@gatehouse/core'
import * as z from 'zod'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { id, idParams, name } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const MAX_RECORDS = 1000
const DEFAULT_RECORDS = 200

const filter = z.strictObject({
  session: id.optional(),
  subject: name.optional(),
  actor: name.optional(),
  target: name.optional(),
  from: z.iso.datetime({ offset: true }).optional(),
  to: z.iso.datetime({ offset: true }).optional(),
  text: name.optional(),
  limit: z.coerce.number().int().min(1).max(MAX_RECORDS).default(DEFAULT_RECORDS),
})

/** What happened: the trails of the gateways that are configured here, and this service's own. */
export function trailRoutes(app: App, { config, actions }: AdminPorts): void {
  const reads = { permission: 'trail:read' } as const
  const directories = [...new Set([...config.trails, config.audit.directory])]
  let busy = false
  // A trail is read from end to end: two readers at once would take the disk from its writer.
  const alone = async <Answer>(read: () => Promise<Answer>): Promise<Answer> => {
    if (busy) throw new ApiError(503, 'TRAIL_BUSY', 'Somebody else is reading the trail.', 'Try again in a moment.')
    busy = true
    try {
      return await read()
    } finally {
      busy = false
    }
  }
  const search = async (wanted: RecordFilter, limit: number): Promise<object> => {
    const records: AuditRecord[] = []
    let more = false
    let unreadableLines = 0
    for (const directory of directories.filter((one) => existsSync(one))) {
      let found = 0
      const report = await searchTrail(directory, wanted, (record) => {
        more = found === limit
        if (!more) records.push(record)
        found++
        return !more
      })
      unreadableLines += report.unreadableLines
    }
    records.sort((one, other) => (one.time < other.time ? -1 : 1))
    return { records: records.slice(0, limit), more: more || records.length > limit, unreadableLines }
  }
  app.get('/v1/trail/records', { config: reads, schema: { querystring: filter } }, async (request) => {
    const { from, to, limit, ...same } = request.query
    actions.begin('trail_read', viewerOf(request), JSON.stringify(request.query), null)
    const wanted = {
      ...Object.fromEntries(Object.entries(same).filter(([, value]) => value !== undefined)),
      ...(from === undefined ? {} : { since: new Date(from).toISOString() }),
      ...(to === undefined ? {} : { until: new Date(to).toISOString() }),
    }
    return await alone(() => search(wanted, limit))
  })
  app.get('/v1/trail/sessions/:id', { config: reads, schema: { params: idParams } }, async (request) => {
    const { id: session } = request.params
    actions.begin('trail_read', viewerOf(request), session, null)
    return await alone(() => search({ session }, MAX_RECORDS))
  })
  app.post('/v1/trail/verify', { config: reads }, async (request) => {
    actions.begin('trail_verified', viewerOf(request), 'all', null)
    return await alone(async () => {
      const trails: object[] = []
      for (const directory of directories) {
        if (existsSync(directory)) trails.push({ directory, ...(await verifyTrail(directory)) })
        else trails.push({ directory, firstBreak: { segment: 0, line: 0, seq: 0, what: 'there is no trail here' } })
      }
      return { trails }
    })
  })
}

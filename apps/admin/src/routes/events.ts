import type { ServerResponse } from 'node:http'
import { identityKey } from '@gatehouse/coordination'
import { isPermitted } from '../access/permissions.ts'
import { identityOf, type Viewer } from '../access/viewer.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import { type Change, CHANGE_PERMISSIONS } from '../live/changes.ts'
import type { AdminPorts } from '../ports.ts'
import { viewerOf } from './viewer-of.ts'

const MAX_STREAMS = 1000
const MAX_STREAMS_PER_PERSON = 10
const PING_MILLISECONDS = 10_000
/** A browser that does not read is let go of: it looks at everything when it comes back. */
const MAX_WAITING_BYTES = 64 * 1024

/** What changes, as server-sent events. */
export function eventRoutes(app: App, ports: AdminPorts): void {
  const { metrics } = ports
  const open = new Map<string, number>()
  const streams = new Set<ServerResponse>()
  app.get('/v1/events', { config: { permission: 'known' } }, (request, reply) => {
    const viewer = viewerOf(request)
    const person = identityKey({ ...identityOf(viewer), actor: null })
    const own = open.get(person) ?? 0
    if (streams.size >= MAX_STREAMS || own >= MAX_STREAMS_PER_PERSON)
      throw new ApiError(429, 'TOO_MANY_STREAMS', 'Too many event streams are open.', 'Close another window first.')
    // Helmet's headers, which Fastify no longer sends for a reply that is taken over.
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) reply.raw.setHeader(name, value)
    reply.hijack()
    const { raw } = reply
    open.set(person, own + 1)
    streams.add(raw)
    metrics.streams.set(streams.size)
    const stop = stream(ports, viewer, raw)
    raw.once('close', () => {
      stop()
      streams.delete(raw)
      metrics.streams.set(streams.size)
      const left = (open.get(person) ?? 1) - 1
      if (left === 0) open.delete(person)
      else open.set(person, left)
    })
  })
  app.addHook('preClose', async () => {
    for (const raw of streams) raw.end()
  })
}

/** Tells the viewer what changes of what they may see, until their right ends. The function that comes back ends it. */
function stream({ changes, doorkeeper, now }: AdminPorts, viewer: Viewer, raw: ServerResponse): () => void {
  const send = (event: string, id: string | null): void => {
    // INVARIANT: nothing is told to somebody whose right has ended.
    if (now() >= viewer.expiresAt || doorkeeper.isRevoked(viewer) || raw.writableLength > MAX_WAITING_BYTES) {
      raw.destroy()
      return
    }
    raw.write(`event: ${event}\ndata: ${JSON.stringify(id === null ? {} : { id })}\n\n`)
  }
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
  send('ping', null)
  const stop = changes.listen(({ kind, id }: Change) => {
    if (kind === 'resync' || isPermitted(viewer.roles, CHANGE_PERMISSIONS[kind])) send(kind, id)
  })
  const ping = setInterval(() => send('ping', null), PING_MILLISECONDS).unref()
  return () => {
    stop()
    clearInterval(ping)
  }
}

import { resolve } from 'node:path'
import files from '@fastify/static'
import * as z from 'zod'
import type { AdminPorts } from '../ports.ts'
import type { App } from '../service.ts'
import { idParams } from './fields.ts'

const asset = z.strictObject({ file: z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/) })

/** The page itself: files that hold nothing of anybody. */
export async function pageRoutes(app: App, { page }: AdminPorts): Promise<void> {
  if (page === null) return
  const open = { config: { permission: 'public' } } as const
  await app.register(files, { root: resolve(page), serve: false, cacheControl: false })
  app.get('/', open, (_, reply) => reply.header('cache-control', 'no-cache').sendFile('index.html'))
  // What gateways tell clients, and people pass on: the page keeps its views behind a `#`.
  app.get('/approvals/:id', { ...open, schema: { params: idParams } }, ({ params }, reply) =>
    reply.redirect(`/#/approvals/${params.id}`),
  )
  // Their names hold a hash of what is in them.
  app.get('/assets/:file', { ...open, schema: { params: asset } }, ({ params }, reply) =>
    reply.header('cache-control', 'public, max-age=31536000, immutable').sendFile(`assets/${params.file}`),
  )
}

import { resolve } from 'node:path'
import files from '@fastify/static'
import type { App } from '../service.ts'
import type { AdminPorts } from '../ports.ts'

/** The page itself: files that hold nothing of anybody. */
export async function pageRoutes(app: App, { page }: AdminPorts): Promise<void> {
  if (page === null) return
  await app.register(async (inner) => {
    inner.addHook('onRoute', (route) => {
      route.config = { ...route.config, permission: 'public' }
    })
    await inner.register(files, {
      root: resolve(page),
      wildcard: false,
      index: 'index.html',
      setHeaders: (response, path) => {
        const lasting = /[\\/]assets[\\/]/.test(path)
        response.header('cache-control', lasting ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  })
}

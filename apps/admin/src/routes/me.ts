import { identityOf } from '../access/viewer.ts'
import type { App } from '../service.ts'
import { viewerOf } from './viewer-of.ts'

/** Who one is here. */
export function meRoutes(app: App): void {
  app.get('/v1/me', { config: { permission: 'known' } }, (request) => {
    const viewer = viewerOf(request)
    const { roles, csrfToken } = viewer
    return { identity: identityOf(viewer), roles, ...(csrfToken === null ? {} : { csrfToken }) }
  })
}

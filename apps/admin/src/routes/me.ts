import { identityOf } from '../access/viewer.ts'
import type { App } from '../service.ts'
import { viewerOf } from './viewer-of.ts'

/** Who one is here; somebody without a role hears so, and gets what signing out needs. */
export function meRoutes(app: App): void {
  app.get('/v1/me', { config: { permission: 'signed_in' } }, (request) => {
    const viewer = viewerOf(request)
    const { roles, csrfToken } = viewer
    return { identity: identityOf(viewer), roles, ...(csrfToken === null ? {} : { csrfToken }) }
  })
}

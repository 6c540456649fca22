import { shownGrant } from '../answers.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { idParams } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

/** Permissions that approvers gave for a time. */
export function grantRoutes(app: App, { coordination, actions }: AdminPorts): void {
  const { grants } = coordination
  app.get('/v1/grants', { config: { permission: 'grants:read' } }, async () => ({
    grants: (await grants.list()).map(shownGrant),
  }))
  app.delete(
    '/v1/grants/:id',
    { config: { permission: 'grants:revoke' }, schema: { params: idParams } },
    async (request, reply) => {
      const { id } = request.params
      actions.begin('grant_revoked', viewerOf(request), id, null)
      if (!(await grants.revoke(id)))
        throw new ApiError(404, 'UNKNOWN_GRANT', 'There is no such grant.', 'It may have ended by itself.')
      await reply.code(204).send()
    },
  )
}

import * as z from 'zod'
import type { SessionRecord } from '@gatehouse/coordination'
import { identityOf } from '../access/viewer.ts'
import { shownSession } from '../answers.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { idParams, name, reason } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const filter = z.strictObject({
  target: name.optional(),
  subject: name.optional(),
  actor: name.optional(),
  gateway: name.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
})

/** A session that was ended does not come back under its name, so this need not be remembered for long. */
const REVOKED_MILLISECONDS = 3_600_000

/** Live sessions of all gateways. */
export function sessionRoutes(app: App, ports: AdminPorts): void {
  const { coordination, actions, now } = ports
  const { sessions, messages, revocations } = coordination
  const known = async (id: string): Promise<SessionRecord> => {
    const found = await sessions.get(id)
    if (found === null) throw new ApiError(404, 'UNKNOWN_SESSION', 'There is no such session.', 'It may have ended.')
    return found
  }
  app.get(
    '/v1/sessions',
    { config: { permission: 'sessions:read' }, schema: { querystring: filter } },
    async ({ query }) => {
      const { target, subject, actor, gateway, limit } = query
      const found = await sessions.list({
        ...(target === undefined ? {} : { target }),
        ...(subject === undefined ? {} : { subject }),
        ...(actor === undefined ? {} : { actor }),
        ...(gateway === undefined ? {} : { gateway }),
        ...(limit === undefined ? {} : { limit }),
      })
      return { sessions: found.map(shownSession) }
    },
  )
  app.get(
    '/v1/sessions/:id',
    { config: { permission: 'sessions:read' }, schema: { params: idParams } },
    async ({ params }) => ({ session: shownSession(await known(params.id)) }),
  )
  app.post(
    '/v1/sessions/:id/end',
    { config: { permission: 'sessions:end' }, schema: { params: idParams, body: z.strictObject({ reason }) } },
    async (request) => {
      const { id } = request.params
      const viewer = viewerOf(request)
      const { gateway } = await known(id)
      const { reason: said } = request.body
      actions.begin('session_ended', viewer, id, said)
      const message = { kind: 'end_session', session: id, reason: said, by: viewer.principal.subject } as const
      if (await messages.send(gateway, message)) return { ended: true }
      // Its gateway did not say that it did so: the revocation reaches it once it can be reached.
      await revocations.revoke({
        what: { kind: 'session', session: id },
        reason: said,
        by: identityOf(viewer),
        until: now() + REVOKED_MILLISECONDS,
      })
      return { ended: (await sessions.get(id)) === null }
    },
  )
}

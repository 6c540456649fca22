import * as z from 'zod'
import { identityOf } from '../access/viewer.ts'
import { shownLegalHold } from '../answers.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { id, idParams, name, reason } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const newHold = z.strictObject({
  what: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('session'), session: id }),
    z.strictObject({ kind: z.literal('subject'), subject: name }),
  ]),
  reason,
})
const lifting = z.strictObject({ reason: reason.optional() })

/** What must not be removed from any trail. */
export function legalHoldRoutes(app: App, { coordination, actions }: AdminPorts): void {
  const { legalHolds } = coordination
  app.get('/v1/legal-holds', { config: { permission: 'legal-holds:read' } }, async () => ({
    legalHolds: (await legalHolds.list()).map(shownLegalHold),
  }))
  app.post(
    '/v1/legal-holds',
    { config: { permission: 'legal-holds:write' }, schema: { body: newHold } },
    async (request, reply) => {
      const { what, reason: said } = request.body
      const viewer = viewerOf(request)
      actions.begin('legal_hold_set', viewer, JSON.stringify(what), said)
      const hold = await legalHolds.set({ what, reason: said, by: identityOf(viewer) })
      return await reply.code(201).send({ legalHold: shownLegalHold(hold) })
    },
  )
  app.delete(
    '/v1/legal-holds/:id',
    { config: { permission: 'legal-holds:write' }, schema: { params: idParams, querystring: lifting } },
    async (request, reply) => {
      const { id: hold } = request.params
      const { reason: said = null } = request.query
      const viewer = viewerOf(request)
      actions.begin('legal_hold_lifted', viewer, hold, said)
      if ((await legalHolds.lift(hold, { by: identityOf(viewer), reason: said })) === null)
        throw new ApiError(404, 'UNKNOWN_LEGAL_HOLD', 'No such legal hold is in force.', 'It may have been lifted.')
      await reply.code(204).send()
    },
  )
}

import * as z from 'zod'
import { identityOf } from '../access/viewer.ts'
import { shownRevocation } from '../answers.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { id, idParams, name, reason } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const issuer = name.nullable().default(null)
const revoked = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('session'), session: id }),
  z.strictObject({ kind: z.literal('principal'), issuer, subject: name }),
  z.strictObject({ kind: z.literal('actor'), issuer, actor: name }),
  z.strictObject({ kind: z.literal('target'), target: name }),
  z.strictObject({ kind: z.literal('credential'), credential: name }),
  z.strictObject({ kind: z.literal('issuer'), issuer: name }),
])
const newRevocation = z.strictObject({
  what: revoked,
  reason,
  /** ISO 8601; null: until it is lifted. */
  until: z.iso.datetime({ offset: true }).nullable().default(null),
})

/** Page sessions that were signed out of are kept in the same list, and are nobody's business. */
const PAGE_SESSION = /^page:/

/** What may no longer be. */
export function revocationRoutes(app: App, { coordination, actions, now }: AdminPorts): void {
  const { revocations } = coordination
  app.get('/v1/revocations', { config: { permission: 'revocations:read' } }, async () => {
    const all = await revocations.list()
    const shown = all.filter(({ what }) => what.kind !== 'credential' || !PAGE_SESSION.test(what.credential))
    return { revocations: shown.map(shownRevocation) }
  })
  app.post(
    '/v1/revocations',
    { config: { permission: 'revocations:write' }, schema: { body: newRevocation } },
    async (request, reply) => {
      const { what, reason: said, until } = request.body
      const end = until === null ? null : Date.parse(until)
      if (end !== null && end <= now())
        throw new ApiError(
          400,
          'NOT_VALID',
          'The revocation would end before it begins.',
          'Give a later `until`, or none.',
        )
      const viewer = viewerOf(request)
      actions.begin('revoked', viewer, JSON.stringify(what), said)
      const made = await revocations.revoke({ what, reason: said, by: identityOf(viewer), until: end })
      return await reply.code(201).send({ revocation: shownRevocation(made) })
    },
  )
  app.delete(
    '/v1/revocations/:id',
    { config: { permission: 'revocations:write' }, schema: { params: idParams } },
    async (request, reply) => {
      const { id: revocation } = request.params
      actions.begin('revocation_lifted', viewerOf(request), revocation, null)
      if (!(await revocations.lift(revocation)))
        throw new ApiError(404, 'UNKNOWN_REVOCATION', 'There is no such revocation.', 'It may have ended by itself.')
      await reply.code(204).send()
    },
  )
}

import * as z from 'zod'
import { shownApproval, shownDelivery } from '../answers.ts'
import { decide, known } from '../deciding.ts'
import { grantWish } from '../grant-wish.ts'
import type { AdminPorts } from '../ports.ts'
import type { App } from '../service.ts'
import { id, idParams, name, reason } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

const filter = z.strictObject({
  state: z.enum(['pending', 'approved', 'refused', 'voided', 'expired']).optional(),
  target: name.optional(),
  subject: name.optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  after: id.optional(),
})
const approval = z.strictObject({
  reason: reason.nullish(),
  expectWaiters: z.int().min(0).max(10_000).optional(),
  grant: grantWish.optional(),
})
const refusal = z.strictObject({ reason })

/** Statements that are held, and what people say to them. */
export function approvalRoutes(app: App, ports: AdminPorts): void {
  const { approvals } = ports.coordination
  const reads = { permission: 'approvals:read' } as const
  const decides = { permission: 'approvals:decide' } as const

  app.get('/v1/approvals', { config: reads, schema: { querystring: filter } }, async ({ query }) => {
    const { state, target, subject, limit, after } = query
    const found = await approvals.list({
      ...(state === undefined ? {} : { state }),
      ...(target === undefined ? {} : { target }),
      ...(subject === undefined ? {} : { subject }),
      ...(limit === undefined ? {} : { limit }),
      ...(after === undefined ? {} : { after }),
    })
    return { approvals: found.map(shownApproval) }
  })
  app.get('/v1/approvals/:id', { config: reads, schema: { params: idParams } }, async ({ params }) => ({
    approval: shownApproval(await known(ports, params.id)),
    deliveries: (await ports.coordination.deliveries.of(params.id)).map(shownDelivery),
  }))
  app.post(
    '/v1/approvals/:id/approve',
    { config: decides, schema: { params: idParams, body: approval } },
    async (request) => {
      const { reason: said, expectWaiters, grant } = request.body
      const decision = { verdict: 'approve', reason: said ?? null } as const
      return await decide(ports, viewerOf(request), request.params.id, decision, expectWaiters, grant ?? null)
    },
  )
  app.post(
    '/v1/approvals/:id/refuse',
    { config: decides, schema: { params: idParams, body: refusal } },
    async (request) => {
      const decision = { verdict: 'refuse', reason: request.body.reason } as const
      return await decide(ports, viewerOf(request), request.params.id, decision, undefined, null)
    },
  )
}

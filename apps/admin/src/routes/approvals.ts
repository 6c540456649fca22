import type { Approval, DecideOutcome, Grant } from '@gatehouse/coordination'
import { mayDecide } from '@gatehouse/core'
import type { FastifyRequest } from 'fastify'
import * as z from 'zod'
import { identityOf } from '../access/viewer.ts'
import type { SaidDecision } from '../action-trail.ts'
import { type Shown, shownApproval, shownGrant } from '../answers.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import { checkWish, type GrantWish, grantFor, grantWish } from './grant-wish.ts'
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
  }))
  app.post(
    '/v1/approvals/:id/approve',
    { config: decides, schema: { params: idParams, body: approval } },
    async (request) => {
      const { reason: said, expectWaiters, grant } = request.body
      const decision = { verdict: 'approve', reason: said ?? null } as const
      return await decide(ports, request, request.params.id, decision, expectWaiters, grant ?? null)
    },
  )
  app.post(
    '/v1/approvals/:id/refuse',
    { config: decides, schema: { params: idParams, body: refusal } },
    async (request) => {
      const decision = { verdict: 'refuse', reason: request.body.reason } as const
      return await decide(ports, request, request.params.id, decision, undefined, null)
    },
  )
}

async function decide(
  ports: AdminPorts,
  request: FastifyRequest,
  approvalId: string,
  decision: SaidDecision,
  expectWaiters: number | undefined,
  wish: GrantWish | null,
): Promise<Shown> {
  const { coordination, actions, metrics, config } = ports
  const viewer = viewerOf(request)
  const asked = await known(ports, approvalId)
  const objection = mayDecide(viewer.principal, asked.request)
  if (objection !== null) {
    ports.log.warn(
      { approval: approvalId, by: identityOf(viewer), code: objection.code },
      'a decision was not admitted',
    )
    throw new ApiError(403, objection.code, `Not yours to decide: ${objection.reason}.`, 'Ask one of those people.')
  }
  if (wish !== null) checkWish(wish, asked, config.maxGrantSeconds)
  // INVARIANT: on record before it can let anything run.
  actions.begin(decision.verdict, viewer, approvalId, decision.reason)
  const outcome = await coordination.approvals.decide(
    approvalId,
    { by: identityOf(viewer), ...decision, through: viewer.through },
    expectWaiters === undefined ? {} : { expectWaiters },
  )
  metrics.decisions.inc({ verdict: decision.verdict, outcome: outcome.kind })
  if (outcome.kind === 'unknown') throw unknownApproval()
  if (outcome.kind === 'decided' || outcome.kind === 'counted') actions.decided(viewer, decision, outcome)
  const granted =
    wish === null || outcome.kind !== 'decided' ? null : await giveGrant(ports, request, outcome, wish, decision)
  return {
    ...outcome,
    approval: shownApproval(outcome.approval),
    ...(granted === null ? {} : { grant: shownGrant(granted) }),
  }
}

async function giveGrant(
  { coordination, actions, now }: AdminPorts,
  request: FastifyRequest,
  { approval: asked }: DecideOutcome & { readonly approval: Approval },
  wish: GrantWish,
  { reason: said }: SaidDecision,
): Promise<Grant> {
  const viewer = viewerOf(request)
  actions.begin('grant_given', viewer, asked.id, said)
  return await coordination.grants.give(grantFor(asked, wish, identityOf(viewer), said, now()))
}

async function known({ coordination }: AdminPorts, approvalId: string): Promise<Approval> {
  const found = await coordination.approvals.get(approvalId)
  if (found === null) throw unknownApproval()
  return found
}

function unknownApproval(): ApiError {
  return new ApiError(
    404,
    'UNKNOWN_APPROVAL',
    'There is no such request.',
    'Requests are kept for a day after their end.',
  )
}

import type { Approval } from '@gatehouse/coordination'
import { mayDecide } from '@gatehouse/core'
import * as z from 'zod'
import { isPermitted, rolesOf } from '../access/permissions.ts'
import type { Viewer } from '../access/viewer.ts'
import { channelMessage } from '../channels/channel-message.ts'
import type { LinkClaim, LinkSigner } from '../channels/decide-links.ts'
import { LINK_STYLE, linkPage, wordsPage } from '../channels/link-page.ts'
import { decide } from '../deciding.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import type { App } from '../service.ts'
import { reason } from './fields.ts'

/** A link that may be used now, and as whom. */
interface OpenLink {
  readonly claim: LinkClaim
  readonly approval: Approval
  readonly viewer: Viewer
}

/** Why a link is good for nothing, as a page. */
class LinkRefused extends Error {
  readonly status: number
  readonly title: string

  constructor(status: number, title: string, text: string) {
    super(text)
    this.status = status
    this.title = title
  }
}

const params = z.strictObject({ token: z.string().max(200) })
const form = z.strictObject({ waiters: z.coerce.number().int().min(0).max(10_000), reason: reason.optional() })

/** Links that decide: looking at one decides nothing, its button does, once. */
export async function linkRoutes(app: App, ports: AdminPorts): Promise<void> {
  const { links } = ports
  if (links === null) return
  const open = { config: { permission: 'public' } } as const
  await app.register(async (own) => {
    // A form is what a page without scripts can send; nothing but these routes takes one.
    own.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))))
    })
    own.setErrorHandler(async (error, request, reply) => {
      const refused = error instanceof LinkRefused || error instanceof ApiError
      if (!refused) request.log.error({ error: String(error) }, 'a link could not be answered')
      const status = refused ? error.status : statusOf(error)
      const title = error instanceof LinkRefused ? error.title : status < 500 ? 'That cannot be done' : 'Not now'
      const text = refused
        ? error.message
        : status < 500
          ? 'The form was not what this page sends.'
          : 'Try again in a moment, or decide on the page.'
      await reply.code(status).type('text/html; charset=utf-8').send(wordsPage(title, text))
    })
    own.get('/links/style.css', open, (_, reply) => reply.type('text/css').send(LINK_STYLE))
    own.get('/links/:token', { ...open, schema: { params } }, async (request, reply) => {
      const { token } = params.parse(request.params)
      return await reply.type('text/html; charset=utf-8').send(shown(ports, await openLink(ports, links, token)))
    })
    own.post('/links/:token', { ...open, schema: { params, body: form } }, async (request, reply) => {
      const { token } = params.parse(request.params)
      const said = form.parse(request.body)
      const link = await openLink(ports, links, token)
      const { claim, viewer } = link
      reply.type('text/html; charset=utf-8')
      // Somebody has joined since: they see it before anything is decided.
      if (said.waiters !== waitingIn(link.approval)) return await reply.code(409).send(shown(ports, link))
      if (claim.verdict === 'refuse' && said.reason === undefined)
        throw new LinkRefused(400, 'Why?', 'A refusal needs a reason: the agent is told it.')
      await spend(ports, claim)
      const decision = { verdict: claim.verdict, reason: said.reason ?? null }
      const outcome = await decide(ports, viewer, claim.approval, decision, said.waiters, null)
      return await reply.send(wordsPage(...words(String(outcome['kind']), claim)))
    })
  })
}

function shown({ config }: AdminPorts, { claim, approval, viewer }: OpenLink): string {
  const message = channelMessage('asked', approval, config.publicUrl, null, true)
  return linkPage(claim, message, viewer.principal.subject, { waiters: waitingIn(approval) })
}

/** Rejects with `LinkRefused` when nothing can be done with it. */
async function openLink(ports: AdminPorts, links: LinkSigner, token: string): Promise<OpenLink> {
  const { config, coordination, doorkeeper, now } = ports
  const claim = links.read(token)
  if (claim === null)
    throw new LinkRefused(404, 'No such link', 'This link was not made here, or not all of it was copied.')
  if (now() >= claim.until)
    throw new LinkRefused(410, 'Too late', 'This link has expired. The page shows what became of the request.')
  const person = config.channels.find(({ name }) => name === claim.channel)?.decidesAs ?? null
  if (person === null) throw new LinkRefused(403, 'Not any more', 'Nobody decides by links of this channel any more.')
  const { issuer, subject, groups } = person
  const principal = { issuer, subject, actor: null, groups }
  const roles = rolesOf(principal, config.roles)
  const viewer: Viewer = {
    principal,
    roles,
    through: 'link',
    csrfToken: null,
    pageSession: null,
    claims: {},
    gatewayPrincipal: null,
    expiresAt: claim.until,
  }
  if (!isPermitted(roles, 'approvals:decide') || doorkeeper.isRevoked(viewer))
    throw new LinkRefused(403, 'Not any more', `${subject} may not decide any more.`)
  const approval = await coordination.approvals.get(claim.approval)
  if (approval === null) throw new LinkRefused(404, 'No such request', 'It is not known any more.')
  if (approval.state !== 'pending')
    throw new LinkRefused(409, 'Nothing to decide', `The request is ${approval.state} already.`)
  const objection = mayDecide(principal, approval.request)
  if (objection !== null) throw new LinkRefused(403, 'Not yours to decide', objection.reason)
  return { claim, approval, viewer }
}

/** Both links of a request in a channel are used up by one. */
async function spend({ coordination }: AdminPorts, { approval, channel, until }: LinkClaim): Promise<void> {
  if (await coordination.deliveries.spend(`${approval}:${channel}`, until)) return
  throw new LinkRefused(409, 'Used already', 'This link, or the other one of the message, was used before.')
}

function words(kind: string, { verdict }: LinkClaim): [string, string] {
  if (kind === 'counted') return ['Counted', 'Your yes is counted; another person must say yes as well.']
  if (kind === 'decided')
    return verdict === 'approve' ? ['Approved', 'The statement runs.'] : ['Refused', 'The agent is told why.']
  return ['Nothing was decided', 'Somebody was faster, or the request has changed. The page shows it.']
}

function waitingIn({ waiters }: Approval): number {
  return waiters.filter(({ state }) => state === 'waiting').length
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null ? (Reflect.get(error, 'statusCode') as unknown) : null
  return typeof status === 'number' && status >= 400 ? status : 500
}

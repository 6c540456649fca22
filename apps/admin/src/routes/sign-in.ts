import type { FastifyReply } from 'fastify'
import { cookieAttributes, cookieNames } from '../access/cookies.ts'
import type { SignIn } from '../access/sign-in.ts'
import type { App } from '../service.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'

/** How long the way to the issuer and back may take. */
const SIGN_IN_SECONDS = 600

/** Signing in to the page, and out. */
export function signInRoutes(app: App, ports: AdminPorts): void {
  const { config, seal, coordination, actions, now } = ports
  const { publicUrl } = config
  const cookies = cookieNames(publicUrl)
  const open = { config: { permission: 'public' } } as const
  const signIn = (): SignIn => {
    if (ports.signIn !== null) return ports.signIn
    throw new ApiError(404, 'NO_SIGN_IN', 'Nobody signs in here.', 'Whoever runs this service can set `login`.')
  }
  const forget = (reply: FastifyReply): void => {
    for (const name of [cookies.session, cookies.signIn])
      reply.clearCookie(name, cookieAttributes(publicUrl, 'strict', 0))
  }

  app.get('/login', open, async (_, reply) => {
    const { url, attempt } = await signIn().begin()
    const value = await seal.sealAttempt(attempt, now() + SIGN_IN_SECONDS * 1000)
    // Lax, since the issuer leads back here by a link.
    return await reply
      .setCookie(cookies.signIn, value, cookieAttributes(publicUrl, 'lax', SIGN_IN_SECONDS))
      .redirect(url.href)
  })
  app.get('/callback', open, async (request, reply) => {
    const cookie = request.cookies[cookies.signIn]
    const attempt = cookie === undefined ? null : await seal.openAttempt(cookie, now())
    if (attempt === null)
      throw new ApiError(401, 'SIGN_IN_FAILED', 'No sign-in was begun in this browser.', 'Begin anew at /login.')
    const session = await signIn().finish(new URL(request.url, publicUrl).search, attempt, now())
    const value = await seal.sealSession(session)
    if (value === null)
      throw new ApiError(
        403,
        'TOO_MANY_GROUPS',
        'Your groups are too many for a cookie.',
        'Ask for fewer groups in the token.',
      )
    const { issuer, subject, groups, expiresAt } = session
    actions.beginAs('signed_in', { issuer, subject, actor: null, groups }, session.id, null)
    return await reply
      .clearCookie(cookies.signIn, cookieAttributes(publicUrl, 'strict', 0))
      .setCookie(cookies.session, value, cookieAttributes(publicUrl, 'strict', Math.floor((expiresAt - now()) / 1000)))
      .redirect('/')
  })
  app.post('/logout', { config: { permission: 'signed_in' } }, async (request, reply) => {
    const { viewer } = request
    if (viewer?.pageSession !== undefined && viewer.pageSession !== null) {
      actions.begin('signed_out', viewer, viewer.pageSession, null)
      const { issuer, subject } = viewer.principal
      // The cookie is good by itself: what ends it everywhere is that it is known as revoked.
      await coordination.revocations.revoke({
        what: { kind: 'credential', credential: viewer.pageSession },
        reason: 'signed out',
        by: { issuer, subject, actor: null },
        until: viewer.expiresAt,
      })
    }
    forget(reply)
    return await reply.code(204).send()
  })
}

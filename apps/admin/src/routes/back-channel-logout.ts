import { createHash } from 'node:crypto'
import type { Revoked } from '@gatehouse/coordination'
import { Secret } from '@gatehouse/core'
import type { Logout } from '@gatehouse/identity'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import type { App } from '../service.ts'

/** Most bytes of a form that holds a logout token. */
const MAX_FORM_BYTES = 32 * 1024

/** For how long a logout holds where the issuer's tokens have no limit, in seconds. */
const DEFAULT_TOKEN_SECONDS = 86_400

/** Where issuers tell that somebody has logged out (OpenID Connect Back-Channel Logout 1.0 section 2.5). The token alone says who sends it. */
export async function backChannelLogoutRoutes(app: App, ports: AdminPorts): Promise<void> {
  const { config, logoutVerifier, coordination, actions, now } = ports
  const issuers = config.backChannelLogout?.issuers
  if (logoutVerifier === null || issuers === undefined) return
  await app.register(async (own) => {
    own.removeAllContentTypeParsers()
    own.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: MAX_FORM_BYTES },
      (_, body, done) => done(null, new URLSearchParams(String(body))),
    )
    own.post('/v1/backchannel-logout', { config: { permission: 'public' } }, async (request, reply) => {
      const tokens = request.body instanceof URLSearchParams ? request.body.getAll('logout_token') : []
      const [token] = tokens
      if (token === undefined || tokens.length > 1) throw notTaken()
      const verdict = await logoutVerifier.verifyLogout(new Secret(token), now())
      if (verdict.kind === 'refused') {
        request.log.warn({ code: verdict.code, detail: verdict.detail }, 'a logout token was refused')
        throw verdict.code === 'ISSUER_UNREACHABLE' ? notNow() : notTaken()
      }
      const { issuer, subject, sid, issuedAt } = verdict
      const settings = issuers.find((one) => one.issuer === issuer)
      const seconds = (settings?.maxTokenLifetimeSeconds ?? DEFAULT_TOKEN_SECONDS) + (settings?.clockSkewSeconds ?? 0)
      const what: Revoked = { kind: 'logout', issuer, subject, sid, issuedUntil: issuedAt }
      const by = { issuer, subject: 'back-channel logout', actor: null }
      const reason = 'logged out at the identity provider'
      actions.beginAs('logged_out', { ...by, groups: [] }, JSON.stringify(what), reason)
      // Told again, it is the same logout: nothing is added, and the issuer hears that it is done.
      await coordination.revocations.revokeOnce(idOf(verdict), {
        what,
        reason,
        by,
        until: (issuedAt + seconds) * 1000,
      })
      return await reply.code(200).send()
    })
  })
}

function idOf({ issuer, jti }: Logout): string {
  return `logout-${createHash('sha256')
    .update(JSON.stringify([issuer, jti]))
    .digest('hex')
    .slice(0, 32)}`
}

function notTaken(): ApiError {
  return new ApiError(
    400,
    'LOGOUT_REFUSED',
    'The logout token was not accepted.',
    'The reason is in the log of this service.',
  )
}

function notNow(): ApiError {
  return new ApiError(
    503,
    'ISSUER_UNREACHABLE',
    'The identity provider cannot be reached, so no token can be checked.',
    'Try again in a few seconds.',
  )
}

import { readFileSync } from 'node:fs'
import { credentialNameIn, parseAddressRange } from '@gatehouse/session-credentials'
import * as z from 'zod'
import { isPermitted } from '../access/permissions.ts'
import { shownCredential } from '../answers.ts'
import type { CredentialsConfig } from '../config/credentials-config.ts'
import { connectionStrings } from '../credentials/connection-strings.ts'
import { isOwn, swapToken } from '../credentials/swap-token.ts'
import { ApiError } from '../errors.ts'
import type { AdminPorts } from '../ports.ts'
import type { App } from '../service.ts'
import { name } from './fields.ts'
import { viewerOf } from './viewer-of.ts'

/** What a credential lives for where nothing is said. */
const DEFAULT_LIFETIME_SECONDS = 900
const MAX_LIFETIME_SECONDS = 31_536_000
const wish = z.strictObject({
  target: name,
  uses: z.int().min(1).max(1_000_000).nullable().default(1).describe('Logins it is good for. Null: any number.'),
  lifetimeSeconds: z
    .int()
    .min(1)
    .max(MAX_LIFETIME_SECONDS)
    .default(DEFAULT_LIFETIME_SECONDS)
    .describe('At most: the token, and what is configured, may end it sooner. The answer says when.'),
  address: z
    .string()
    .max(64)
    .refine((text) => parseAddressRange(text) !== null, { error: 'must be an address, or a range such as 10.1.2.0/24' })
    .nullable()
    .default(null)
    .describe('The address, or range of addresses (CIDR), that it may log in from. Null: any.'),
})
const params = z.strictObject({ name: z.string().max(200) })

/** Session credentials: a token in, a short user name and secret out. */
export function credentialRoutes(app: App, ports: AdminPorts): void {
  const { coordination, actions, config, now } = ports
  const { credentials } = coordination
  const holds = { config: { permission: 'token_holder' } } as const
  const ca = config.credentials?.caFile ?? null
  const authorities = ca === null ? null : readFileSync(ca, 'utf8')
  const settings = (): CredentialsConfig => {
    if (config.credentials !== null) return config.credentials
    throw new ApiError(
      404,
      'NO_CREDENTIALS',
      'Tokens are not swapped for credentials here.',
      'Whoever runs this service can set `credentials`. The token itself is a password for the gateway.',
    )
  }

  app.get('/v1/device-login', { config: { permission: 'public' } }, () => {
    const { deviceLogin } = settings()
    if (deviceLogin !== null) return deviceLogin
    throw new ApiError(
      404,
      'NO_DEVICE_LOGIN',
      'It is not told here where developers sign in.',
      'Whoever runs this service can set `credentials.deviceLogin`.',
    )
  })
  app.get('/v1/targets', holds, () => ({
    targets: Object.entries(settings().targets).map(([target, { engine, address }]) => ({
      target,
      engine,
      ...address,
    })),
    ca: authorities,
  }))
  app.post('/v1/credentials', { ...holds, schema: { body: wish } }, async (request, reply) => {
    const { gatewayPrincipal } = viewerOf(request)
    if (gatewayPrincipal === null)
      throw new ApiError(
        403,
        'NOT_FOR_THE_GATEWAY',
        'A credential is given for a token that a gateway would accept, and you showed none.',
        'Send a token whose audience is the gateway: authorization: Bearer …',
      )
    const { targets } = settings()
    const { credential, secret } = await swapToken(ports, settings(), gatewayPrincipal, request.body)
    const { target } = credential
    const place = targets[target]
    if (place === undefined) throw new Error('a credential was made for no target')
    return await reply.code(201).send({
      credential: shownCredential(credential),
      secret: secret.expose(),
      connection: { engine: place.engine, ...place.address, database: target, ca: authorities },
      dsns: connectionStrings(credential.name, secret, target, place),
    })
  })
  app.get('/v1/credentials', holds, async (request) => {
    const { gatewayPrincipal, roles } = viewerOf(request)
    const all = (await credentials.list()).filter(({ until }) => until > now())
    const shown = isPermitted(roles, 'credentials:read')
      ? all
      : all.filter((one) => gatewayPrincipal !== null && isOwn(one, gatewayPrincipal))
    return { credentials: shown.map(shownCredential) }
  })
  app.delete('/v1/credentials/:name', { ...holds, schema: { params } }, async (request, reply) => {
    const { name: wanted } = request.params
    const viewer = viewerOf(request)
    const { gatewayPrincipal, roles } = viewer
    const found = credentialNameIn(wanted) === wanted ? await credentials.get(wanted) : null
    const own = found !== null && gatewayPrincipal !== null && isOwn(found, gatewayPrincipal)
    // What is another's is not there, for whoever may not see it.
    if (found !== null && !own && !isPermitted(roles, 'credentials:revoke') && isPermitted(roles, 'credentials:read'))
      throw new ApiError(403, 'NOT_PERMITTED', 'This is for the role operator.', 'Ask somebody who has it.')
    if (found === null || !(own || isPermitted(roles, 'credentials:revoke')))
      throw new ApiError(404, 'UNKNOWN_CREDENTIAL', 'There is no such credential.', 'It may have ended by itself.')
    actions.begin('credential_revoked', viewer, wanted, null)
    await credentials.revoke(wanted)
    await reply.code(204).send()
  })
}

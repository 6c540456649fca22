import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { importJWK, SignJWT, type JWK } from 'jose'
import { type OidcContext, type PageContext, Provider } from 'oidc-provider'
import { askForCode, codeAccepted, confirmCode } from './device-page.ts'
import {
  ADMIN_CLIENT,
  CLI_CLIENT,
  DEVELOPMENT_PRINCIPALS,
  type DevelopmentPrincipal,
} from './development-principals.ts'
import { freePortNear } from './free-port.ts'
import { keptFile, writePrivately } from './kept-file.ts'
import { KeptLogins } from './kept-logins.ts'
import { answerLogin } from './login-page.ts'

export interface DevelopmentIssuerOptions {
  /** Holds the signing key and the port, so that tokens stay good over a restart. */
  readonly dataDirectory: string
  /** Where to listen on 127.0.0.1. Default: as last time; the first time 18080; another where that is taken. */
  readonly port?: number
  /** Where the admin page is reached, so that people can sign in to it, and in a terminal. Default: nobody can sign in. */
  readonly adminUrl?: string
}

/** An OpenID provider on the loopback interface, with the power to make a token for anybody. For development only. */
export interface DevelopmentIssuer {
  /** The issuer identifier: `http://127.0.0.1:18080`. Discovery is at its `/.well-known/openid-configuration`. */
  readonly url: string
  /** What tokens carry in `aud`. */
  readonly audience: string
  /** A token for one of the demonstration's principals, or for any claims with a `sub`. Default lifetime: 12 hours. */
  readonly mint: (
    who: DevelopmentPrincipal | (Readonly<Record<string, unknown>> & { readonly sub: string }),
    lifetimeSeconds?: number,
  ) => Promise<string>
  /** Stops listening. */
  readonly stop: () => Promise<void>
}

const AUDIENCE = 'gatehouse'
/** The gateway as a protected resource (RFC 8707); its tokens carry `AUDIENCE`. */
const GATEWAY = 'urn:gatehouse:gateway'
const LIFETIME_SECONDS = 12 * 3600
/** Of a token that somebody signed in for; a refresh token gets the next. */
const DEVICE_LIFETIME_SECONDS = 3600
const FIRST_PORT = 18_080

/**
 * Starts the issuer. It serves discovery and keys as any OpenID provider does, and lets people sign in to the admin page as
 * whomever they choose. Tokens are signed here with the provider's own key (ES256). Throws when it cannot listen or the data folder cannot be written.
 */
export async function startDevelopmentIssuer(options: DevelopmentIssuerOptions): Promise<DevelopmentIssuer> {
  const keyFile = join(options.dataDirectory, 'issuer-key.json')
  const portFile = join(options.dataDirectory, 'issuer-port')
  const key = JSON.parse(keptFile(keyFile, makeKey)) as JWK
  const { d, kid } = key
  if (d === undefined || kid === undefined) throw new Error(`${keyFile} holds no private key: delete it`)
  if (options.port !== undefined) writePrivately(portFile, String(options.port))
  // Another port where that one is taken, but not kept: tokens are good again once the usual one is free.
  const port = await freePortNear(Number(keptFile(portFile, () => String(FIRST_PORT))))

  const url = `http://127.0.0.1:${String(port)}`
  const provider = new Provider(url, {
    adapter: KeptLogins,
    clients: options.adminUrl === undefined ? [] : [adminClient(options.adminUrl), CLI],
    jwks: { keys: [key] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      deviceFlow: {
        enabled: true,
        userCodeInputSource: (context: PageContext, form: string, _: unknown, error: unknown) =>
          askForCode(context, form, error !== undefined),
        userCodeConfirmSource: (
          context: PageContext,
          form: string,
          client: { readonly clientId: string },
          _: unknown,
          code: string,
        ) => confirmCode(context, form, client.clientId, code),
        successSource: codeAccepted,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_: unknown, client: { readonly clientId: string }) =>
          client.clientId === CLI_CLIENT ? GATEWAY : undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: '',
          audience: AUDIENCE,
          accessTokenFormat: 'jwt',
          accessTokenTTL: DEVICE_LIFETIME_SECONDS,
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: (_, { accountId }) => claimsOf(accountId),
    issueRefreshToken: (_, client) => client.clientId === CLI_CLIENT,
    expiresWithSession: () => false,
    claims: { openid: ['sub'], profile: ['groups', 'desk'] },
    routes: { jwks: '/jwks' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    findAccount: (_, accountId) => ({ accountId, claims: () => ({ ...claimsOf(accountId), sub: accountId }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: consent,
  })
  const serve = provider.callback()
  const signIn = (request: IncomingMessage, response: ServerResponse, who: DevelopmentPrincipal): Promise<void> =>
    provider.interactionFinished(request, response, { login: { accountId: DEVELOPMENT_PRINCIPALS[who].sub } })
  const server = createServer((request, response) => {
    // A name that somebody else has led to this machine (DNS rebinding) would make their page one of ours.
    if (request.headers.host !== new URL(url).host)
      return response.writeHead(421).end('This is not the place asked for.')
    if (!(request.url ?? '').startsWith('/interaction/')) return serve(request, response)
    answerLogin(url, request, response, signIn)
  })
  await listen(server, port)
  const signingKey = await importJWK(key, 'ES256')

  return {
    url,
    audience: AUDIENCE,
    mint: (who, lifetimeSeconds = LIFETIME_SECONDS) => {
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT({ ...(typeof who === 'string' ? DEVELOPMENT_PRINCIPALS[who] : who) })
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .setIssuer(url)
        .setAudience(AUDIENCE)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .setJti(randomUUID())
        .sign(signingKey)
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

function adminClient(adminUrl: string): object {
  return {
    client_id: ADMIN_CLIENT,
    token_endpoint_auth_method: 'none',
    redirect_uris: [`${adminUrl}/callback`],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }
}

const CLI = {
  client_id: CLI_CLIENT,
  token_endpoint_auth_method: 'none',
  redirect_uris: [],
  response_types: [],
  grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
}

/** What tokens say of somebody beside who they are and by which client. */
function claimsOf(accountId: string): Readonly<Record<string, unknown>> {
  const known = Object.values(DEVELOPMENT_PRINCIPALS).find(({ sub }) => sub === accountId)
  if (known === undefined) return {}
  const { sub: _sub, azp: _azp, client_id: _client, ...claims } = known
  return claims
}

/** Whoever signs in agrees that the client learns who they are. */
async function consent({ oidc }: OidcContext): Promise<InstanceType<Provider['Grant']>> {
  const { provider, client, session } = oidc
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId })
  grant.addOIDCScope('openid profile offline_access')
  await grant.save()
  return grant
}

function makeKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return JSON.stringify({
    ...privateKey.export({ format: 'jwk' }),
    kid: randomBytes(8).toString('hex'),
    use: 'sig',
    alg: 'ES256',
  })
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type OidcContext, Provider } from 'oidc-provider'

/** A real OpenID provider at which anybody signs in by being named: `/interaction/UID?as=SUBJECT`. */
export interface SignInProvider {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Ends what somebody signed in to: the client is told by a logout token, for this subject and for every session. */
  readonly logOut: (subject: string) => Promise<void>
  readonly close: () => Promise<void>
}

/** Starts one on a loopback port; `groups` are those of everybody, by subject, told by UserInfo alone. */
export async function startSignInProvider(
  callback: string,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<SignInProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the provider has no port')
  const url = `http://127.0.0.1:${address.port}`
  const clientId = 'gatehouse-admin'
  const clientSecret = randomBytes(24).toString('base64url')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(url, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        backchannel_logout_uri: new URL('/v1/backchannel-logout', callback).href,
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'ES256' }] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
    // The client is on loopback, where the provider itself asks nobody.
    fetch: (to, options) => {
      const own = { ...options }
      if ('dispatcher' in own) delete own.dispatcher
      return fetch(to, own)
    },
    claims: { openid: ['sub'], profile: ['groups'] },
    routes: { jwks: '/jwks' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groups[id] ?? [] }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }: OidcContext) => {
      const { client, session } = oidc
      const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  })
  const serve = provider.callback()
  server.on('request', (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    const accountId = searchParams.get('as')
    if (!pathname.startsWith('/interaction/') || accountId === null) return serve(request, response)
    provider.interactionFinished(request, response, { login: { accountId } }).catch(() => response.destroy())
  })
  return {
    url,
    clientId,
    clientSecret,
    logOut: async (subject) => (await provider.Client.find(clientId))?.backchannelLogout(subject),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A browser, as far as cookies and being led on go. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  /** Every `set-cookie` it was given. */
  readonly given: string[] = []

  /** Fetches without following; cookies are kept by host. */
  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const { host } = new URL(address)
    const cookie = [...this.#cookies]
      .filter(([key]) => key.startsWith(`${host} `))
      .map(([key, value]) => `${key.split(' ')[1] ?? ''}=${value}`)
    const headers = new Headers(init.headers)
    if (cookie.length > 0) headers.set('cookie', cookie.join('; '))
    const response = await fetch(address, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      this.given.push(line)
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const key = `${host} ${pair.slice(0, at)}`
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(key)
      else this.#cookies.set(key, pair.slice(at + 1))
    }
    return response
  }

  /** A cookie as it is kept now. */
  cookie(address: string, name: string): string | undefined {
    return this.#cookies.get(`${new URL(address).host} ${name}`)
  }

  setCookie(address: string, name: string, value: string): void {
    this.#cookies.set(`${new URL(address).host} ${name}`, value)
  }

  /** Signs in at the service as somebody; the answer that the service ends with. */
  async signIn(service: string, as: string): Promise<Response> {
    let address = `${service}/login`
    for (let step = 0; step < 10; step++) {
      const response = await this.fetch(address)
      const location = response.headers.get('location')
      if (location === null || address.startsWith(`${service}/callback`)) return response
      const next = new URL(location, address)
      if (next.pathname.startsWith('/interaction/')) next.searchParams.set('as', as)
      address = next.href
    }
    throw new Error('the browser was led on and on')
  }
}

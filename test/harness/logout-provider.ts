import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import { type OidcContext, Provider } from 'oidc-provider'

/** The agent, as the provider knows it. */
const CLIENT = 'copilot'
const REDIRECT = 'http://127.0.0.1:1/callback'

/** A browser that is signed in at the provider. */
export interface SignedIn {
  /** Signed in anew for the agent, in the same session at the provider: an access token for the gateway. */
  readonly accessToken: () => Promise<string>
  /** Signs out at the provider, which tells those who want to know. */
  readonly signOut: () => Promise<void>
}

/** A real OpenID provider that tells of logouts at `logoutUri` (OpenID Connect Back-Channel Logout 1.0). */
export interface LogoutProvider {
  readonly url: string
  /** What the provider told the client, and what it heard: logout tokens and statuses. */
  readonly told: readonly { readonly token: string; readonly status: number }[]
  readonly signIn: (subject: string) => Promise<SignedIn>
  readonly close: () => Promise<void>
}

/** Starts one on a loopback port. `sessionInTokens`: access tokens say which session they are of (`sid`). */
export async function startLogoutProvider(logoutUri: string, sessionInTokens: boolean): Promise<LogoutProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the provider has no port')
  const url = `http://127.0.0.1:${address.port}`
  const told: { token: string; status: number }[] = []
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const provider = new Provider(url, {
    clients: [
      {
        client_id: CLIENT,
        token_endpoint_auth_method: 'none',
        redirect_uris: [REDIRECT],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
        backchannel_logout_uri: logoutUri,
        backchannel_logout_session_required: sessionInTokens,
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'ES256' }] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => 'urn:gatehouse',
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope: 'sql',
          audience: 'gatehouse',
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    extraTokenClaims: (_, token) => (sessionInTokens && 'sid' in token ? { sid: token.sid } : undefined),
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    loadExistingGrant: async ({ oidc }: OidcContext) => {
      const { client, session } = oidc
      const grant = new oidc.provider.Grant({ clientId: client.clientId, accountId: session.accountId })
      grant.addOIDCScope('openid')
      grant.addResourceScope('urn:gatehouse', 'sql')
      await grant.save()
      return grant
    },
    // The provider asks nothing of loopback addresses by itself, nor waits on a loaded machine.
    fetch: async (to: URL | string, { method, headers, body }: RequestInit) => {
      const response = await fetch(to, {
        ...(method && { method }),
        ...(headers && { headers }),
        ...(body && { body }),
      })
      const token = body instanceof URLSearchParams ? body.get('logout_token') : null
      if (token !== null) told.push({ token, status: response.status })
      return response
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
    told,
    signIn: async (subject) => new SigningIn(url, subject),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Follows the provider as a browser does, with its cookies. */
class SigningIn implements SignedIn {
  readonly #url: string
  readonly #subject: string
  readonly #cookies = new Map<string, string>()

  constructor(url: string, subject: string) {
    this.#url = url
    this.#subject = subject
  }

  async accessToken(): Promise<string> {
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: CLIENT,
      response_type: 'code',
      scope: 'openid sql',
      resource: 'urn:gatehouse',
      redirect_uri: REDIRECT,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    let next = new URL(`${this.#url}/auth?${query.toString()}`)
    for (let step = 0; step < 10 && next.origin === this.#url; step += 1) {
      if (next.pathname.startsWith('/interaction/')) next.searchParams.set('as', this.#subject)
      const response = await this.#fetch(next)
      const location = response.headers.get('location')
      if (location === null) throw new Error(`no way on from ${next.pathname}: ${await response.text()}`)
      next = new URL(location, next)
    }
    const code = next.searchParams.get('code')
    if (code === null) throw new Error(`no code: ${next.href}`)
    const form = { grant_type: 'authorization_code', client_id: CLIENT, redirect_uri: REDIRECT, code }
    const response = await this.#fetch(new URL(`${this.#url}/token`), { ...form, code_verifier: verifier })
    const { access_token: token } = (await response.json()) as { readonly access_token?: string }
    if (token === undefined) throw new Error('no access token')
    return token
  }

  async signOut(): Promise<void> {
    const page = await (await this.#fetch(new URL(`${this.#url}/session/end`))).text()
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page)?.[1]
    if (xsrf === undefined) throw new Error(`the provider asks for no confirmation: ${page}`)
    await this.#fetch(new URL(`${this.#url}/session/end/confirm`), { xsrf, logout: 'yes' })
  }

  async #fetch(address: URL, form?: Readonly<Record<string, string>>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return response
  }
}

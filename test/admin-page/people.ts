import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'

/** Somebody who can sign in. */
export interface Person {
  readonly sub: string
  readonly groups: readonly string[]
}

/** An OpenID provider at which people sign in without a password: whoever `next` is. */
export interface People {
  readonly issuer: string
  readonly clientId: string
  next: Person
  readonly stop: () => Promise<void>
}

/** Starts the provider for one client, which people come back to at `callback`. */
export async function startPeople(callback: string, first: Person): Promise<People> {
  const known = new Map<string, Person>()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider: Provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k1', alg: 'ES256', use: 'sig' }] },
    clients: [
      {
        client_id: 'admin-page',
        token_endpoint_auth_method: 'none',
        redirect_uris: [callback],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    claims: { openid: ['sub'], profile: ['groups'] },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    cookies: { keys: [randomBytes(24).toString('base64url')] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/as-next/${uid}` },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, groups: known.get(sub)?.groups ?? [] }),
    }),
    loadExistingGrant: async ({ oidc }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
      grant.addOIDCScope('openid profile')
      await grant.save()
      return grant
    },
  })
  const people: People = {
    issuer,
    clientId: 'admin-page',
    next: first,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answer = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/as-next/') !== true) {
      answer(request, response)
      return
    }
    const { next } = people
    known.set(next.sub, next)
    void provider.interactionFinished(request, response, { login: { accountId: next.sub } })
  })
  return people
}

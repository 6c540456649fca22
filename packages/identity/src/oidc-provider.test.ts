import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { pathToFileURL } from 'node:url'
import { Secret } from '@gatehouse/core'
import { generateKeyPair, exportJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IntrospectionConfig } from './issuer-config.ts'
import { issuerConfig } from './testing/loopback-issuer.ts'
import { TokenVerifier } from './token-verifier.ts'

// The certified provider is a dependency of the command-line app, which runs it as the development issuer.
const Provider = await findProvider()
const server = createServer()
let issuer = ''

interface ProviderInstance {
  callback(): RequestListener
}
type ProviderClass = new (issuer: string, configuration: object) => ProviderInstance

async function findProvider(): Promise<ProviderClass | null> {
  try {
    const path = createRequire(new URL('../../../cli/package.json', import.meta.url)).resolve('oidc-provider')
    const loaded: { readonly default: ProviderClass } = await import(pathToFileURL(path).href)
    return loaded.default
  } catch {
    return null
  }
}

beforeAll(async () => {
  if (Provider === null) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  issuer = `http://127.0.0.1:${address.port}`
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const provider = new Provider(issuer, {
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
    clients: [
      {
        client_id: 'copilot',
        client_secret: 'not-a-real-secret',
        id_token_signed_response_alg: 'ES256',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
      {
        client_id: 'gatehouse',
        client_secret: 'a secret: with+signs/%',
        id_token_signed_response_alg: 'ES256',
        grant_types: [],
        redirect_uris: [],
        response_types: [],
      },
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_: unknown, resource: string) => ({
          scope: 'sql',
          audience: 'gatehouse',
          accessTokenTTL: 60,
          accessTokenFormat: resource === 'urn:opaque' ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    extraTokenClaims: () => ({ groups: ['ai-agents'] }),
  })
  server.on('request', provider.callback())
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function fetchToken(resource = 'urn:gatehouse'): Promise<string> {
  const response = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from('copilot:not-a-real-secret').toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', resource, scope: 'sql' }),
  })
  const answer: unknown = await response.json()
  if (typeof answer !== 'object' || answer === null || !('access_token' in answer)) {
    throw new Error(`no token: ${JSON.stringify(answer)}`)
  }
  return String(answer.access_token)
}

describe.skipIf(Provider === null)(
  'a token of a certified OpenID provider (skipped where oidc-provider is not installed)',
  () => {
    test('is verified by discovery alone, as the access token it is', async () => {
      const verifier = TokenVerifier.create([{ ...issuerConfig(issuer), tokenTypes: ['at+jwt'] }], {
        log: { warn: () => undefined, info: () => undefined },
      })
      const verdict = await verifier.verify(new Secret(await fetchToken()), Date.now())
      verifier.close()
      expect(verdict).toMatchObject({
        kind: 'principal',
        principal: { subject: 'copilot', actor: 'copilot', groups: ['ai-agents'], issuer },
      })
    })

    test('is introspected where it is opaque, by a secret with signs in it, until the provider has it revoked', async () => {
      const introspection: IntrospectionConfig = {
        endpoint: null,
        clientId: 'gatehouse',
        clientSecret: new Secret('a secret: with+signs/%'),
        authentication: 'client_secret_basic',
        opaqueTokens: true,
        cacheSeconds: 0,
        recheckSeconds: 60,
        recheckGraceSeconds: 60,
      }
      const log = { warn: () => undefined, info: () => undefined }
      for (const authentication of ['client_secret_basic', 'client_secret_post'] as const) {
        // A client that acts for itself alone has no `sub` (RFC 7662 leaves it out): who it is says client_id.
        const config = {
          ...issuerConfig(issuer),
          subjectClaim: 'client_id',
          introspection: { ...introspection, authentication },
        }
        const verifier = TokenVerifier.create([config], { log })
        const token = await fetchToken('urn:opaque')
        expect(token).not.toContain('.')
        const verdict = await verifier.verify(new Secret(token), Date.now())
        if (verdict.kind !== 'principal') throw new Error(verdict.detail)
        expect(verdict.principal).toMatchObject({ actor: 'copilot', groups: ['ai-agents'], issuer })
        expect(await verifier.recheckOf(verdict.principal)?.ask(Date.now())).toEqual({ kind: 'active' })
        await fetch(`${issuer}/token/revocation`, {
          method: 'POST',
          headers: { authorization: `Basic ${Buffer.from('copilot:not-a-real-secret').toString('base64')}` },
          body: new URLSearchParams({ token }),
        })
        expect(await verifier.recheckOf(verdict.principal)?.ask(Date.now())).toEqual({ kind: 'inactive' })
        expect(await verifier.verify(new Secret(token), Date.now())).toMatchObject({ code: 'TOKEN_INACTIVE' })
        verifier.close()
      }
    })
  },
)

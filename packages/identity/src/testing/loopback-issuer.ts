import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JWK } from 'jose'
import type { IssuerConfig } from '../issuer-config.ts'
import { SIGNATURE_ALGORITHMS } from '../issuer-config.ts'

/** One signing key of an issuer. */
export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** Makes a key pair for `alg`, named `kid`. */
export async function createSigningKey(kid: string, alg: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
}

/** Answers a request in place of the issuer. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real issuer on a loopback port: it serves its metadata and keys, signs tokens, and misbehaves when told. */
export class LoopbackIssuer {
  readonly #server: Server
  /** What is served as the key set. */
  keys: SigningKey[]
  /** Answers in place of the metadata or the key set; null: as it should be. */
  metadataAnswer: Answer | null = null
  keysAnswer: Answer | null = null
  /** Answers to introspection; null: there is no such endpoint. */
  introspectionAnswer: Answer | null = null
  /** How often the key set was asked for. */
  keysRequests = 0
  #url = ''

  private constructor(keys: SigningKey[]) {
    this.keys = keys
    this.#server = createServer((request, response) => this.#answer(request, response))
  }

  /** Starts on a port of the system's choice, or on `port`. */
  static async start(keys: SigningKey[], port = 0): Promise<LoopbackIssuer> {
    const issuer = new LoopbackIssuer(keys)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    issuer.#server.once('error', reject).listen(port, '127.0.0.1', resolve)
    await promise
    const address = issuer.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the issuer has no port')
    issuer.#url = `http://127.0.0.1:${address.port}`
    return issuer
  }

  get url(): string {
    return this.#url
  }

  get port(): number {
    return Number(new URL(this.#url).port)
  }

  /** A configuration that trusts this issuer for the audience `gatehouse`. */
  config(changes: Partial<IssuerConfig> = {}): IssuerConfig {
    return { ...issuerConfig(this.#url), ...changes }
  }

  /** A token signed by `key`, the first by default, with `claims` over the usual ones; undefined takes a claim out. */
  async token(
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    key: SigningKey | undefined = this.keys[0],
  ): Promise<string> {
    if (key === undefined) throw new Error('the issuer has no key')
    const now = Math.floor(Date.now() / 1000)
    const usual = { iss: this.#url, aud: 'gatehouse', sub: 'alice', azp: 'copilot', iat: now, exp: now + 300 }
    return await new SignJWT({ ...usual, groups: ['ai-agents'], ...claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey)
  }

  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#server.close(() => resolve())
    this.#server.closeAllConnections()
    await promise
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case '/.well-known/openid-configuration':
        if (this.metadataAnswer !== null) return this.metadataAnswer(request, response)
        return answerJson(response, {
          issuer: this.#url,
          jwks_uri: `${this.#url}/jwks`,
          introspection_endpoint: `${this.#url}/introspect`,
        })
      case '/introspect':
        if (this.introspectionAnswer !== null) return this.introspectionAnswer(request, response)
        response.writeHead(404).end()
        return
      case '/jwks':
        this.keysRequests += 1
        if (this.keysAnswer !== null) return this.keysAnswer(request, response)
        return answerJson(response, { keys: this.keys.map(({ publicJwk }) => publicJwk) })
      default:
        response.writeHead(404).end()
    }
  }
}

/** Sends `document` as JSON. */
export function answerJson(response: ServerResponse, document: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(document))
}

/** The default configuration of an issuer at `issuer`, for the audience `gatehouse`. */
export function issuerConfig(issuer: string): IssuerConfig {
  return {
    issuer,
    audience: ['gatehouse'],
    jwksUri: null,
    caFile: null,
    allowHttp: true,
    algorithms: SIGNATURE_ALGORITHMS,
    tokenTypes: [],
    subjectClaim: 'sub',
    groupsClaim: 'groups',
    actorClaims: ['act.sub', 'azp', 'client_id'],
    authorizedParties: [],
    requiredClaims: [],
    clockSkewSeconds: 30,
    maxTokenLifetimeSeconds: null,
    keysRefreshSeconds: 600,
    keysOutageGraceSeconds: 3600,
    introspection: null,
    scope: 'openid',
  }
}

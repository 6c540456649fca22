import type { JSONWebKeySet, JWK } from 'jose'
import { fetchJson, FetchError } from './fetch-json.ts'
import type { FetchRules } from './fetch-json.ts'
import type { IssuerConfig } from './issuer-config.ts'

/** Keys beyond this many are not looked at. */
const MAX_KEYS = 100

/** Where an issuer's metadata is: OpenID Connect Discovery 1.0 section 4.1, a terminating slash removed first. */
export function discoveryAddress(issuer: string): string {
  return `${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`
}

/**
 * Fetches the issuer's public signature keys, by way of its metadata unless the configuration names the address.
 * @throws {FetchError} when either document is missing, is not what it should be, or names another issuer.
 */
export async function fetchSigningKeys(config: IssuerConfig, rules: FetchRules): Promise<JSONWebKeySet> {
  const address = config.jwksUri ?? (await discoverKeys(config, rules))
  const document = await fetchJson(address, rules)
  if (!isObject(document) || !Array.isArray(document['keys'])) throw new FetchError(`${address} holds no key set`)
  return { keys: document['keys'].slice(0, MAX_KEYS).filter(isSigningKey) }
}

async function discoverKeys(config: IssuerConfig, rules: FetchRules): Promise<string> {
  const { jwks_uri: jwksUri } = await fetchMetadata(config, rules)
  if (typeof jwksUri !== 'string') throw new FetchError(`${discoveryAddress(config.issuer)} names no jwks_uri`)
  return jwksUri
}

/**
 * Fetches what the issuer says of itself.
 * @throws {FetchError} when it is missing, is not what it should be, or names another issuer.
 */
export async function fetchMetadata(
  config: IssuerConfig,
  rules: FetchRules,
): Promise<Readonly<Record<string, unknown>>> {
  const address = discoveryAddress(config.issuer)
  const metadata = await fetchJson(address, rules)
  if (!isObject(metadata)) throw new FetchError(`${address} is not an object`)
  // OpenID Connect Discovery 1.0 section 4.3: identical, or the document is somebody else's.
  if (metadata['issuer'] !== config.issuer) {
    throw new FetchError(`${address} names another issuer: ${quoted(metadata['issuer'])}`)
  }
  return metadata
}

// Symmetric keys, encryption keys, and private keys somebody published by mistake prove nothing.
function isSigningKey(key: unknown): key is JWK {
  if (!isObject(key)) return false
  const { kty, use, d } = key
  return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && (use === undefined || use === 'sig') && d === undefined
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 200)) : 'none'
}

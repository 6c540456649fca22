import type { LoopbackIssuer } from '@gatehouse/identity/testing'
import { expect } from 'vitest'
import type { AdminConfig } from '../config/admin-config.ts'
import type { CredentialsConfig } from '../config/credentials-config.ts'
import type { AdminScene, Said } from './admin-scene.ts'

/** What the service answers to a swap. */
export interface Given {
  readonly credential: { readonly name: string; readonly until: string }
  readonly secret: string
  readonly connection: Readonly<Record<string, unknown>>
  readonly dsns: { readonly uri: string; readonly jdbc: string }
}

/** The settings of a service that swaps the tokens of its scene's issuer, on the targets `shop` and `orders`. */
export function swapping(
  changes: Partial<CredentialsConfig> = {},
): (issuer: LoopbackIssuer) => Pick<AdminConfig, 'credentials'> {
  return (issuer) => ({
    credentials: {
      issuers: [issuer.config()],
      targets: {
        shop: { engine: 'postgres', address: { host: 'gateway.example.com', port: 15_432 } },
        orders: { engine: 'mysql', address: { host: '2001:db8::1', port: 13_306 } },
      },
      caFile: null,
      maxLifetimeSeconds: 3600,
      maxPerPrincipal: 5,
      perMinute: 10_000,
      deviceLogin: null,
      ...changes,
    },
  })
}

/** Asks for a credential. */
export function swap(at: AdminScene, token: string | null, wish: object): Promise<Said> {
  return at.call('POST', '/v1/credentials', token, wish)
}

/** Gets one. */
export async function given(at: AdminScene, token: string, wish: object = { target: 'shop' }): Promise<Given> {
  const { status, body } = await swap(at, token, wish)
  expect({ status, error: body.error }).toEqual({ status: 201, error: undefined })
  return body as unknown as Given
}

/** The names that somebody is shown. */
export async function namesSeenBy(at: AdminScene, token: string): Promise<readonly string[]> {
  const { body } = await at.call('GET', '/v1/credentials', token)
  return (body['credentials'] as { name: string }[]).map(({ name }) => name)
}

let people = 0

/** A token of somebody who has none yet. */
export function somebody({ issuer }: AdminScene, claims: object = {}): Promise<string> {
  return issuer.token({ sub: `somebody ${String(++people)}`, ...claims })
}

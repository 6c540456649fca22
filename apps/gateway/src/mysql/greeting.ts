import type { KnownServer } from './catalog-source.ts'
import { offeredToClients } from './capabilities.ts'
import type { Greeting } from './login.ts'

/**
 * What clients are greeted with where nothing better is known. Drivers ask the version which statements they may send by
 * themselves: with 8.0 none of them sends what MySQL 8.0 took away (the query cache, `tx_isolation`), and all of them know
 * `caching_sha2_password`.
 */
const FALLBACK_VERSION = '8.0.99-gatehouse'

/** How a client is greeted, before it is known which target it wants. `servers`: null for one that was not reached yet. */
export function greetingOf(
  advertisedVersion: string | null,
  servers: readonly (KnownServer | null)[],
  tls: boolean,
  threadId: number,
): Greeting {
  const known = servers.filter((server) => server !== null)
  const alike = known.every(({ version }) => version.flavour === known[0]?.version.flavour)
  const serverVersion = advertisedVersion ?? (alike ? known[0]?.serverVersion : undefined) ?? FALLBACK_VERSION
  // What all of them have, and none may be still to come.
  const offered = known.length < servers.length ? null : known.reduce((all, { offered }) => all & offered, 0xffff_ffff)
  return { serverVersion, capabilities: offeredToClients(offered, tls), threadId }
}

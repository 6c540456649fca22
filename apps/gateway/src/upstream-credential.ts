import { type CredentialLease, CredentialUnavailable } from '@gatehouse/upstream-credentials'
import type { Connection } from './connection.ts'
import type { Target } from './target.ts'
import { messageOf, UpstreamUnavailable, withDeadline } from './upstream-dial.ts'

/**
 * Leases the credential of a target for one login. `session`: its id; of a connection of the gateway's own, what it is for. Rejects with
 * `UpstreamUnavailable`.
 */
async function leaseCredential(name: string, target: Target, session: string): Promise<CredentialLease> {
  const { engine, host, port, user, credentials, connectTimeoutSeconds } = target
  const deadline = AbortSignal.timeout(connectTimeoutSeconds * 1000)
  const leased = credentials.lease({ target: name, engine, session, host, port, user }, deadline)
  try {
    const lease = await withDeadline(leased, connectTimeoutSeconds * 1000)
    target.leases.given++
    return lease
  } catch (error) {
    target.leases.failed++
    // One that comes too late is given back.
    void leased.then(
      (lease) => lease.release(),
      () => undefined,
    )
    if (error instanceof CredentialUnavailable) throw new UpstreamUnavailable(name, error.message, error.detail)
    throw new UpstreamUnavailable(name, 'its credential could not be had in time', messageOf(error))
  }
}

/**
 * Logs in with a leased credential, and once more with another one where the database refused one that the source had read before: it may
 * have been rotated since. `logIn` overwrites the password when it
 * needs it no more. The lease is given back when the connection is closed. Rejects with `UpstreamUnavailable`.
 */
export async function withLease<Upstream extends { readonly connection: Connection }>(
  name: string,
  target: Target,
  session: string,
  logIn: (lease: CredentialLease) => Promise<Upstream>,
): Promise<Upstream> {
  for (let again = false; ; again = true) {
    const lease = await leaseCredential(name, target, session)
    try {
      const upstream = await logIn(lease)
      giveBackWith(upstream.connection, lease)
      return upstream
    } catch (error) {
      const outdated = isLoginRefused(error) && lease.refused?.() === true
      void lease.release()
      if (again || !outdated) throw error
    }
  }
}

/** SQLSTATE class 28, invalid authorization, of both engines. */
function isLoginRefused(error: unknown): boolean {
  return error instanceof UpstreamUnavailable && error.sqlstate?.startsWith('28') === true
}

/** The password of a lease, for a database that asks for one: its own bytes. Throws `UpstreamUnavailable` where there is none. */
export function passwordOf(name: string, { password }: CredentialLease): Buffer {
  if (password !== null) return password.expose()
  const what = 'the database asks for a password and the target has none configured'
  throw new UpstreamUnavailable(name, what, 'no password')
}

/** Gives a lease back when the connection that was logged in with it is closed. */
function giveBackWith(connection: Connection, lease: CredentialLease): void {
  if (connection.closed) void lease.release()
  else connection.onceGone(() => void lease.release())
}

import type { Credentials, NewCredential } from '@gatehouse/coordination'
import { makeCredentialName, makeCredentialSecret, makeVerifiers } from '@gatehouse/session-credentials'

/** A session credential as a client has it. */
export interface IssuedCredential {
  /** The user name to log in with. */
  readonly name: string
  readonly secret: string
}

/**
 * Puts a session credential where gateways look for it, past the service that issues them. Default: for `agent` of group `ai-agents`
 * on target `shop`, for an hour, from anywhere, any number of times.
 */
export async function issueCredential(
  credentials: Credentials,
  over: Partial<Omit<NewCredential, 'verifiers'>> = {},
): Promise<IssuedCredential> {
  const name = makeCredentialName()
  const secret = makeCredentialSecret()
  const until = Date.now() + 3_600_000
  const principal = {
    issuer: 'https://issuer.example',
    subject: 'agent',
    actor: null,
    groups: ['ai-agents'],
    claims: {},
    expiresAt: until,
  }
  const verifiers = await makeVerifiers(secret)
  await credentials.put(name, { principal, target: 'shop', address: null, until, uses: null, ...over, verifiers })
  return { name, secret: secret.expose() }
}

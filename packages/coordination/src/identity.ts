import type { Principal } from '@gatehouse/core'

/** Who a principal or an approver is, for comparison: verified names without groups and claims. */
export type Identity = Pick<Principal, 'issuer' | 'subject' | 'actor'>

/** Equal for equal identities, and for no others. */
export function identityKey(identity: Identity): string {
  return JSON.stringify([identity.issuer, identity.subject, identity.actor])
}

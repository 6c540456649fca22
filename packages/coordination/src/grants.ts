import type { Grant as CoveringGrant } from '@gatehouse/core'
import type { Identity } from './identity.ts'

/** Permissions that approvers gave for a time, beyond one statement. */
export interface Grants {
  give(grant: NewGrant): Promise<Grant>
  /** False when it was not there. */
  revoke(id: string): Promise<boolean>
  /** Those that hold, newest first. */
  list(): Promise<readonly Grant[]>
  /** Those of a principal on a target, as far as this process knows, without waiting. One with counted uses must be used. */
  heldBy(principal: Identity, target: string): readonly Grant[]
  /** Takes one use. False: it has ended, was revoked or is used up; the statement must not run by it. */
  use(id: string): Promise<boolean>
  /** Tells that `heldBy` may answer otherwise than before. The function that comes back ends it. */
  onChange(listener: () => void): () => void
}

/** What is given: core's `grantCovers` says which statements it covers. */
export interface NewGrant extends Omit<CoveringGrant, 'id'> {
  /** Masked columns that come back in clear. */
  readonly unmask: readonly string[]
  /** How often it may be used; null: any number of times. */
  readonly uses: number | null
  readonly by: Identity
  /** The approval request it came from; null: none. */
  readonly approval: string | null
  readonly reason: string | null
}

export interface Grant extends NewGrant {
  readonly id: string
  readonly at: number
  /** How often it was used. Kept for counted ones alone. */
  readonly used: number
}

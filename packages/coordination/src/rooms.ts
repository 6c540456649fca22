import type { Approvals } from './approval/approvals.ts'
import { StoredApprovals } from './approval/stored-approvals.ts'
import type { Credential } from './credentials.ts'
import type { Deliveries } from './deliveries.ts'
import type { DocumentRoom } from './documents.ts'
import type { Grant } from './grants.ts'
import type { LegalHold } from './legal-holds.ts'
import { ListedCredentials } from './listed-credentials.ts'
import { ListedGrants } from './listed-grants.ts'
import { ListedLegalHolds } from './listed-legal-holds.ts'
import { ListedRevocations } from './listed-revocations.ts'
import type { Revocation } from './revocations.ts'
import { type ListEntry, SharedList } from './shared-list.ts'
import { StoredDeliveries } from './stored-deliveries.ts'

/** The rooms of documents a coordination stands on. */
export interface Rooms {
  readonly approvals: DocumentRoom
  readonly revocations: DocumentRoom
  readonly grants: DocumentRoom
  readonly credentials: DocumentRoom
  readonly deliveries: DocumentRoom
  readonly legalHolds: DocumentRoom
}

/** What lives in rooms, the same whoever keeps them. */
export interface Furnished {
  readonly approvals: Approvals & StoredApprovals
  readonly revocations: ListedRevocations
  readonly grants: ListedGrants
  readonly credentials: ListedCredentials
  readonly deliveries: Deliveries
  readonly legalHolds: ListedLegalHolds
  readonly stop: () => void
}

/** Fills the local copies from the rooms; `now`: the store's time as far as this process knows. */
export async function furnish(rooms: Rooms, now: () => number): Promise<Furnished> {
  // To forget a revocation would let somebody in, and a legal hold would lose evidence; to forget a grant or a credential does neither.
  const revocations = new SharedList<Revocation>(rooms.revocations, true)
  const legalHolds = new SharedList<LegalHold>(rooms.legalHolds, true)
  const grants = new SharedList<Grant>(rooms.grants, false)
  const furnished = {
    approvals: new StoredApprovals(rooms.approvals),
    revocations: new ListedRevocations(revocations, now),
    grants: new ListedGrants(grants, now),
    credentials: new ListedCredentials(new SharedList<Credential & ListEntry>(rooms.credentials, false)),
    deliveries: new StoredDeliveries(rooms.deliveries),
    legalHolds: new ListedLegalHolds(legalHolds),
  }
  const stops = [await revocations.start(), await grants.start(), await legalHolds.start()]
  return {
    ...furnished,
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}

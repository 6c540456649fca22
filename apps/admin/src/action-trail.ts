import type { TrailWriter } from '@gatehouse/audit-trail'
import type { Approval, DecideOutcome } from '@gatehouse/coordination'
import { encodeAdminAction, encodeApprovalDecided, type RecordedPrincipal } from '@gatehouse/core'
import type { Viewer } from './access/viewer.ts'

/** A person's word on a request, as it is recorded. */
export interface SaidDecision {
  readonly verdict: 'approve' | 'refuse'
  readonly reason: string | null
}

/** What people do here, on record. */
export class ActionTrail {
  readonly #trail: TrailWriter

  constructor(trail: TrailWriter) {
    this.#trail = trail
  }

  /** Records that something is about to be done. Throws `TrailUnavailable`: then it must not be done. */
  begin(action: string, viewer: Viewer, object: string, reason: string | null): void {
    this.beginAs(action, viewer.principal, object, reason)
  }

  /** The same for somebody who is only just known. */
  beginAs(action: string, by: RecordedPrincipal, object: string, reason: string | null): void {
    this.#trail.append(encodeAdminAction({ action, by, object, reason }))
    this.#trail.commit()
  }

  /** Records what came of a decision that was begun. Never throws: it has been taken. */
  decided(viewer: Viewer, { verdict, reason }: SaidDecision, outcome: DecideOutcome & { approval: Approval }): void {
    const { id, request, state, decisions } = outcome.approval
    this.#trail.owe(
      encodeApprovalDecided({
        approval: id,
        verdict,
        by: viewer.principal,
        reason,
        through: viewer.through,
        have: decisions.filter((one) => one.verdict === 'approve').length,
        wanted: request.approvalsNeeded,
        state,
        requester: request.principal,
        target: request.target,
        engine: request.engine,
      }),
    )
    try {
      this.#trail.commit()
    } catch {
      // It is kept, and written first when the trail is back.
    }
  }
}

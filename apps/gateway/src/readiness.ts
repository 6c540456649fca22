import type { CoordinationState } from '@gatehouse/coordination'

/** Where a gateway is in its life. `starting`: for whoever is asked before there is one. */
export type GatewayState = 'starting' | 'running' | 'draining' | 'closed'

/** Why a gateway should get no new connection. */
export type UnreadyReason = 'starting' | 'draining' | 'closed' | 'coordination lost' | 'trail not writable'

/** Whether a gateway should get new connections. */
export interface Readiness {
  readonly state: GatewayState
  /** Why it should not; empty: it should. `detail` is for operators, and may be empty. */
  readonly unready: readonly { readonly reason: UnreadyReason; readonly detail: string }[]
  /**
   * What an operator has to mend while it serves all the same. `policy unreadable`: the last good policy stays in force. A gateway that was not ready for
   * that would take all its replicas with it, which read the same file.
   */
  readonly warnings: readonly { readonly warning: 'policy unreadable'; readonly detail: string }[]
}

/** What a gateway's readiness is read from. */
export interface ReadinessSources {
  readonly coordination: { readonly state: CoordinationState }
  readonly trail: { readonly failure: string | null }
  readonly policy: { readonly failure: string | null }
}

/** The readiness of a gateway in this state. */
export function readinessOf(state: GatewayState, { coordination, trail, policy }: ReadinessSources): Readiness {
  const unready: { reason: UnreadyReason; detail: string }[] = []
  if (state !== 'running') unready.push({ reason: state, detail: '' })
  const shared = coordination.state
  if (shared.kind === 'lost') unready.push({ reason: 'coordination lost', detail: `since ${iso(shared.since)}` })
  if (trail.failure !== null && state !== 'closed')
    unready.push({ reason: 'trail not writable', detail: trail.failure })
  const warnings = policy.failure === null ? [] : [{ warning: 'policy unreadable' as const, detail: policy.failure }]
  return { state, unready, warnings }
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

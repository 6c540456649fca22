/** Whether a service should get new connections, as `/readyz` says it. */
export interface Readiness {
  /** Where it is in its life: `starting`, `running`, `draining`, `closed`. */
  readonly state: string
  /** Why it should not; empty: it should. `detail` is for operators, and may be empty. */
  readonly unready: readonly { readonly reason: string; readonly detail: string }[]
  /** What an operator has to mend while it serves all the same. */
  readonly warnings: readonly { readonly warning: string; readonly detail: string }[]
}

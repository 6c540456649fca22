import {
  type Admission,
  Approved,
  approvalRequest,
  type AskedStatement,
  approvalUnavailable,
  type AuditedParameter,
  type Authority,
  clear,
  type Gate,
  grantCovers,
  type GateSession,
  type Judgement,
  type Refusal,
} from '@gatehouse/core'
import type { Grant, LeaveReason } from '@gatehouse/coordination'
import type { ApprovalDesk } from './approval-desk.ts'
import { HeldStatement, type HoldOwner } from './held-statement.ts'
import { SessionHistory } from './session-history.ts'

/** What came of asking: `waits`: nothing yet, `resume` is called then; null: nobody needs to be asked. */
type Clearance = Approved | Refusal | 'waits' | null

/**
 * The one statement of a session that is held until people decide. Nothing of it is forwarded meanwhile; afterwards the same
 * request is tried again, and runs only if it is still the one that was asked for.
 */
export class SessionHold {
  readonly #desk: ApprovalDesk
  readonly #session: GateSession
  readonly #owner: HoldOwner
  readonly #history = new SessionHistory()
  #held: HeldStatement | null = null

  constructor(desk: ApprovalDesk, session: GateSession, owner: HoldOwner) {
    this.#desk = desk
    this.#session = session
    this.#owner = owner
  }

  /** Something is held, and not decided. */
  get waiting(): boolean {
    return this.#held !== null && this.#held.answer === null
  }

  /** The request that is held for; null: none, or it has no id yet. */
  get approval(): string | null {
    return this.#held?.id ?? null
  }

  /**
   * Records a judged text, as `Gate.admit` does, once nobody has to be asked about it any more. Null: people are asked, or how
   * much of a limit is left; `resume` is called when that is known.
   */
  admit(
    gate: Pick<Gate<object>, 'admit' | 'decline' | 'limitsKnown'>,
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Admission | null {
    const limits = gate.limitsKnown(judgement)
    if (limits !== null) {
      void limits.then(() => this.#owner.resume(false))
      return null
    }
    const admission = this.#admit(gate, judgement, text, parameters, types)
    if (admission !== null) this.#history.note(admission, this.#desk.now())
    return admission
  }

  /** What is held ends without running. False: nothing is held. */
  stop(why: LeaveReason): boolean {
    if (!this.waiting) return false
    this.#held?.stop(why)
    return true
  }

  /** The session is over: nothing that is held may run. */
  end(why: LeaveReason): void {
    const held = this.#held
    this.#held = null
    held?.abandon(why)
  }

  /** Told every second: what was asked under other rules than hold now is void. */
  checkRules(authority: Authority): void {
    const held = this.#held
    if (held?.answer === null && held.authority !== authority) held.stop('policy_changed')
  }

  #admit(
    gate: Pick<Gate<object>, 'admit' | 'decline'>,
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Admission | null {
    // Almost all statements need nobody.
    if (this.#held === null && judgement.approval === null) return gate.admit(judgement, text, parameters)
    const clearance = this.#settle(judgement, text, parameters, types)
    if (clearance === 'waits') return null
    if (clearance === null || clearance instanceof Approved) return gate.admit(judgement, text, parameters, clearance)
    return gate.admit(gate.decline(clearance, judgement.facts), text, parameters)
  }

  /**
   * What lets a judged statement run, or forbids it. Asks people where there is need; for a request that is tried again it has
   * what became of that. `types`: what the client says of its parameters' types.
   */
  #settle(
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Clearance {
    const held = this.#held
    if (held !== null) {
      if (held.answer === null) return 'waits'
      this.#held = null
      return held.answer
    }
    const { approval: need, facts, refusal } = judgement
    if (need === null || facts === null || refusal !== null) return null
    const { principal, target, engine } = this.#session
    const asked: AskedStatement = { principal, target, engine, text, parameters, parameterTypes: types, facts, need }
    const granted = this.#granted(asked)
    if (granted !== null && granted.uses === null) return this.#byGrant(asked, granted)
    const request = approvalRequest({ ...asked, principal }, judgement.authority, null)
    if (typeof request === 'string') return approvalUnavailable(need, request)
    const full = { ...request, history: this.#history.entries() }
    const statement = new HeldStatement(this.#desk, this.#session, asked, full, judgement.authority, this.#owner)
    this.#held = statement
    void statement.ask(granted)
    return 'waits'
  }

  #granted(asked: AskedStatement): Grant | null {
    const { grants, now } = this.#desk
    const { principal, target } = asked
    return grants.heldBy(principal, target).find((grant) => grantCovers(grant, asked, now())) ?? null
  }

  #byGrant(asked: AskedStatement, grant: Grant): Approved | null {
    return clear({ kind: 'grant', grant, now: this.#desk.now() }, asked)
  }
}

import {
  type Admission,
  Approved,
  approvalRequest,
  type AskedStatement,
  approvalCoolingDown,
  approvalPending,
  approvalRefused,
  approvalTimedOut,
  approvalUnavailable,
  approvalVoided,
  type AuditedParameter,
  type Authority,
  clear,
  encodeApprovalAsked,
  encodeApprovalEnded,
  type Gate,
  grantCovers,
  type GateSession,
  type Judgement,
  type Refusal,
  tooManyApprovals,
} from '@gatehouse/core'
import type { Approval, ApprovalRequest, AskOutcome, Grant, LeaveReason } from '@gatehouse/coordination'
import type { ApprovalDesk, HeldRequest } from './approval-desk.ts'
import { SessionHistory } from './session-history.ts'

/** What the session says and does while it holds. */
export interface HoldOwner {
  /** The statement is held: the client may be told where people decide. */
  held(id: string, url: string | null, seconds: number): void
  /** The statement is held no more: it is to be tried again. */
  resume(): void
}

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
   * Records a judged text, as `Gate.admit` does, once nobody has to be asked about it any more. Null: people are asked, and
   * `resume` is called when that is over.
   */
  admit(
    gate: Pick<Gate<object>, 'admit' | 'decline'>,
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Admission | null {
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

/** Why a hold ended, in words for whoever sent the statement. */
const ENDED: Readonly<Record<LeaveReason, string>> = {
  timeout: 'nobody decided in time',
  disconnect: 'its session has ended',
  killed: 'its session was ended',
  expired: 'the right of its session has expired',
  policy_changed: 'the rules have changed while it was held',
  cancelled: 'it was cancelled while it was held',
  gateway_lost: 'the gateway that held it is gone',
}

/** What the trail calls the end of a hold. */
const STATES: Partial<Record<Refusal['code'], 'refused' | 'timeout'>> = {
  APPROVAL_REFUSED: 'refused',
  APPROVAL_TIMEOUT: 'timeout',
}

/** One statement from the question to the answer. */
class HeldStatement implements HeldRequest {
  readonly authority: Authority
  /** What is to become of it; null: not decided. */
  answer: Approved | Refusal | null = null
  id: string | null = null
  readonly #desk: ApprovalDesk
  readonly #session: string
  readonly #encoded: GateSession['encoded']
  readonly #startedAt: number
  readonly #asked: AskedStatement
  readonly #request: ApprovalRequest
  readonly #owner: HoldOwner
  #timer: NodeJS.Timeout | null = null
  /** Set when nothing may run any more, whatever the store says. */
  #stopped: LeaveReason | null = null
  #abandoned = false
  #looking = false
  #lookAgain = false

  constructor(
    desk: ApprovalDesk,
    session: GateSession,
    asked: AskedStatement,
    request: ApprovalRequest,
    authority: Authority,
    owner: HoldOwner,
  ) {
    this.#desk = desk
    this.#session = session.id
    this.#encoded = session.encoded
    this.#startedAt = desk.now()
    this.#asked = asked
    this.#request = request
    this.authority = authority
    this.#owner = owner
  }

  /** Never rejects. `grant`: one of counted uses that covers it; null: none. */
  async ask(grant: Grant | null): Promise<void> {
    const { need } = this.#asked
    try {
      if (grant !== null && (await this.#desk.grants.use(grant.id))) {
        const approved = clear({ kind: 'grant', grant, now: this.#desk.now() }, this.#asked)
        if (approved !== null) return this.#answer(approved)
      }
      const { approvals, gateway, limits } = this.#desk
      const holdSeconds = need.holdTimeoutSeconds
      const waiter = holdSeconds === 0 ? null : { session: this.#session, gateway, holdSeconds }
      this.#asking(await approvals.ask(this.#request, waiter, limits), holdSeconds)
    } catch (error) {
      this.#desk.log.error({ session: this.#session, error }, 'nobody could be asked to approve a statement')
      this.#answer(approvalUnavailable(need, 'nobody can be asked now'))
    }
  }

  changed(): void {
    void this.#look()
  }

  /** It may not run any more, and whoever sent it is told why. */
  stop(why: LeaveReason): void {
    if (this.answer !== null) return
    this.#stopped = why
    this.#leave(why)
    this.#answer(approvalVoided(this.#asked.need, this.id, ENDED[why]))
  }

  /** It may not run any more, and there is nobody to be told. */
  abandon(why: LeaveReason): void {
    this.#abandoned = true
    this.#stopped = why
    if (this.answer === null) {
      this.#leave(why)
      this.#recordEnded(null, why)
    }
    this.#over()
  }

  #asking(outcome: AskOutcome, holdSeconds: number): void {
    const { need } = this.#asked
    switch (outcome.kind) {
      case 'asked': {
        this.id = outcome.id
        this.#recordAsked(outcome.id, outcome.joined)
        // It ended while the question was on its way.
        if (this.#stopped !== null) return this.#leave(this.#stopped)
        if (holdSeconds === 0) return this.#answer(approvalPending(need, outcome.id))
        this.#desk.watch(outcome.id, this)
        this.#timer = setTimeout(() => void this.#timeOut(), holdSeconds * 1000)
        this.#owner.held(outcome.id, this.#desk.urlOf(outcome.id), holdSeconds)
        // Somebody may have decided before this was watching.
        return this.changed()
      }
      case 'approved':
        this.id = outcome.id
        return this.#answer(this.#cleared(outcome.id, this.#request.key))
      case 'cooling_down':
        return this.#answer(approvalCoolingDown(need, outcome.id, outcome.retryAfterSeconds, outcome.reason))
      case 'too_many':
        return this.#answer(tooManyApprovals(need, outcome.limit))
      case 'too_large':
        return this.#answer(
          approvalUnavailable(need, `it is larger than the ${outcome.limitBytes} bytes that people can be shown`),
        )
      default:
        throw outcome satisfies never
    }
  }

  #recordAsked(approval: string, joined: boolean): void {
    const { text, parameters, facts, need } = this.#asked
    const { estimatedRows } = this.#request
    this.#desk.record(
      encodeApprovalAsked(this.#encoded, text, parameters, facts, { approval, joined, need, estimatedRows }),
    )
  }

  #recordEnded(answer: Approved | Refusal | null, why: LeaveReason | null): void {
    if (this.id === null) return
    const state =
      answer instanceof Approved ? 'approved' : answer === null ? 'voided' : (STATES[answer.code] ?? 'voided')
    const micros = (this.#desk.now() - this.#startedAt) * 1000
    this.#desk.record(encodeApprovalEnded(this.#encoded, this.id, state, why, micros))
  }

  /** Takes the run if there is one. One look at a time: a second must not find that the first has taken it. */
  async #look(): Promise<void> {
    this.#lookAgain = true
    if (this.#looking || this.id === null) return
    this.#looking = true
    try {
      while (this.#lookAgain && this.answer === null && this.#stopped === null) {
        this.#lookAgain = false
        const claimed = await this.#desk.approvals.claim(this.id, this.#session)
        if (claimed.kind === 'run') this.#answer(this.#cleared(this.id, claimed.approval.request.key))
        else if (claimed.kind === 'not_yours') this.#answer(this.#refusal(claimed.approval))
        else if (claimed.kind === 'unknown')
          this.#answer(approvalVoided(this.#asked.need, this.id, 'the request is not known any more'))
      }
    } catch (error) {
      // It stays held: another change, or the end of its time, will tell.
      this.#desk.log.warn(
        { session: this.#session, approval: this.id, error },
        'a held statement could not be looked at',
      )
    } finally {
      this.#looking = false
    }
  }

  async #timeOut(): Promise<void> {
    const { id } = this
    if (id === null || this.answer !== null || this.#stopped !== null) return
    const { need } = this.#asked
    try {
      const left = await this.#desk.approvals.leave(id, this.#session, 'timeout')
      if (left.kind === 'approved') return this.changed()
      if (left.kind === 'ended') return this.#answer(this.#refusal(left.approval))
    } catch (error) {
      this.#desk.log.warn({ session: this.#session, approval: id, error }, 'the end of a hold could not be told')
    }
    this.#answer(approvalTimedOut(need, id))
  }

  /** Tells the store that it is out, whatever the store may have decided. */
  #leave(why: LeaveReason): void {
    const { id } = this
    if (id === null) return
    void this.#desk.approvals.leave(id, this.#session, why).catch((error: unknown) => {
      this.#desk.log.warn({ session: this.#session, approval: id, error }, 'the end of a hold could not be told')
    })
  }

  #cleared(id: string, key: string): Approved | Refusal {
    const approved = clear({ kind: 'approval', id, key }, this.#asked)
    return approved ?? approvalVoided(this.#asked.need, id, 'what was approved is not this statement')
  }

  #refusal({ id, state, endReason }: Approval): Refusal {
    const { need } = this.#asked
    switch (state) {
      case 'refused':
        return approvalRefused(need, id, endReason)
      case 'expired':
        return approvalTimedOut(need, id)
      case 'voided':
      case 'approved':
      case 'pending':
        return approvalVoided(need, id, 'this session does not wait for it any more')
      default:
        throw state satisfies never
    }
  }

  #answer(answer: Approved | Refusal): void {
    // INVARIANT: the first answer stands, and none is given to a session that is over.
    if (this.answer !== null || this.#abandoned) return
    this.answer = answer
    this.#recordEnded(answer, this.#stopped)
    this.#over()
    this.#owner.resume()
  }

  #over(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.id !== null) this.#desk.forget(this.id, this)
  }
}

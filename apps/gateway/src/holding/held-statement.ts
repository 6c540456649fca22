import {
  approvalCoolingDown,
  approvalPending,
  approvalRefused,
  approvalTimedOut,
  approvalUnavailable,
  approvalVoided,
  Approved,
  type AskedStatement,
  type Authority,
  clear,
  encodeApprovalAsked,
  encodeApprovalEnded,
  type GateSession,
  type RecordableStatement,
  type Refusal,
  type SessionSettings,
  tooManyApprovals,
} from '@gatehouse/core'
import type { Approval, ApprovalRequest, AskOutcome, Grant, LeaveReason } from '@gatehouse/coordination'
import type { ApprovalDesk, HeldRequest } from './approval-desk.ts'

/** A statement as the planner is asked about it. */
export type EstimatedStatement = Pick<AskedStatement, 'text' | 'parameters' | 'parameterTypes' | 'settings'>

/** What the session says and does while it holds. */
export interface HoldOwner {
  /** The statement is held: the client may be told where people decide. */
  held(id: string, url: string | null, seconds: number): void
  /** It goes on being held: a client that waits for so long may want to see that somebody is there. */
  stillHeld(): void
  /** The statement is held no more: it is to be tried again. `approved`: what its names mean is to be looked up anew before. */
  resume(approved: boolean): void
  /** What the session is set to; null: it could not say. Nothing else of the session is under way. Never rejects. */
  settings(): Promise<SessionSettings | null>
  /** How many rows the planner expects a statement to touch; null: it cannot be told. Never rejects. */
  estimate(statement: EstimatedStatement): Promise<number | null>
  /** True while a transaction is open, whose locks others wait for. */
  inTransaction(): boolean
}

/** How often the client is shown that somebody is there. */
const HEARTBEAT_MILLISECONDS = 15_000

/** Why a hold ended, in words for whoever sent the statement. */
export const ENDED: Readonly<Record<LeaveReason, string>> = {
  timeout: 'nobody decided in time',
  disconnect: 'its session has ended',
  killed: 'its session was ended',
  expired: 'the right of its session has expired',
  policy_changed: 'the rules have changed while it was held',
  cancelled: 'it was cancelled before it ran',
  gateway_lost: 'the gateway that held it is gone',
}

/** What the trail calls the end of a hold. */
const STATES: Partial<Record<Refusal['code'], 'refused' | 'timeout'>> = {
  APPROVAL_REFUSED: 'refused',
  APPROVAL_TIMEOUT: 'timeout',
}

/** One statement from the question to the answer. */
export class HeldStatement implements HeldRequest {
  readonly authority: Authority
  /** What is to become of it; null: not decided. */
  answer: Approved | Refusal | null = null
  id: string | null = null
  readonly #desk: ApprovalDesk
  readonly #session: string
  readonly #encoded: GateSession['encoded']
  /** Of the monotonic clock, in milliseconds. */
  readonly #startedAt: number
  readonly #asked: AskedStatement
  readonly #recordable: RecordableStatement
  readonly #request: ApprovalRequest
  readonly #owner: HoldOwner
  #timer: NodeJS.Timeout | null = null
  #heartbeat: NodeJS.Timeout | null = null
  /** Set when nothing may run any more, whatever the store says. */
  #stopped: LeaveReason | null = null
  #abandoned = false
  /** What people said, as far as this session has heard. */
  #decisions: Approval['decisions'] = []
  #looking = false
  #lookAgain = false

  constructor(
    desk: ApprovalDesk,
    session: GateSession,
    asked: AskedStatement,
    recordable: RecordableStatement,
    request: ApprovalRequest,
    authority: Authority,
    owner: HoldOwner,
  ) {
    this.#desk = desk
    this.#session = session.id
    this.#encoded = session.encoded
    this.#startedAt = performance.now()
    this.#asked = asked
    this.#recordable = recordable
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
      const holdSeconds = this.#holdSeconds()
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

  /** It may not run any more, not with a yes that it has already, and whoever sent it is told why. */
  stop(why: LeaveReason): void {
    const voided = approvalVoided(this.#asked.need, this.id, ENDED[why])
    // Before it runs it is looked at once more: that finds this.
    if (this.answer instanceof Approved) this.answer = voided
    if (this.answer !== null) return
    this.#stopped = why
    this.#leave(why)
    this.#answer(voided)
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
        this.#timer = setTimeout(() => void this.#timeOut(holdSeconds), holdSeconds * 1000)
        this.#heartbeat = setInterval(() => this.#owner.stillHeld(), HEARTBEAT_MILLISECONDS)
        this.#owner.held(outcome.id, this.#desk.urlOf(outcome.id), holdSeconds)
        // Somebody may have decided before this was watching.
        return this.changed()
      }
      case 'approved':
        this.id = outcome.approval.id
        this.#decisions = outcome.approval.decisions
        return this.#answer(this.#cleared(this.id, this.#request.key))
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

  /** In a transaction others may wait for its locks: not for as long. */
  #holdSeconds(): number {
    const { holdTimeoutSeconds } = this.#asked.need
    const most = this.#owner.inTransaction() ? this.#desk.holdInTransactionSeconds : Infinity
    return Math.min(holdTimeoutSeconds, most)
  }

  #recordAsked(approval: string, joined: boolean): void {
    const { facts, need, unmasked } = this.#asked
    const { estimatedRows } = this.#request
    this.#desk.record(
      encodeApprovalAsked(this.#encoded, this.#recordable, facts, { approval, joined, need, estimatedRows, unmasked }),
    )
  }

  #recordEnded(answer: Approved | Refusal | null, why: LeaveReason | null): void {
    if (this.id === null) return
    const state =
      answer instanceof Approved ? 'approved' : answer === null ? 'voided' : (STATES[answer.code] ?? 'voided')
    const heldMicroseconds = (performance.now() - this.#startedAt) * 1000
    this.#desk.ended(state, heldMicroseconds / 1000)
    const ended = { approval: this.id, state, why, heldMicroseconds, decisions: this.#decisions } as const
    this.#desk.record(encodeApprovalEnded(this.#encoded, ended))
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
        if ('approval' in claimed) this.#decisions = claimed.approval.decisions
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

  async #timeOut(holdTimeoutSeconds: number): Promise<void> {
    const { id } = this
    if (id === null || this.answer !== null || this.#stopped !== null) return
    const { need } = this.#asked
    try {
      const left = await this.#desk.approvals.leave(id, this.#session, 'timeout')
      if ('approval' in left) this.#decisions = left.approval.decisions
      if (left.kind === 'approved') return this.changed()
      if (left.kind === 'ended') return this.#answer(this.#refusal(left.approval))
    } catch (error) {
      this.#desk.log.warn({ session: this.#session, approval: id, error }, 'the end of a hold could not be told')
    }
    this.#answer(approvalTimedOut({ ...need, holdTimeoutSeconds }, id))
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
    // INVARIANT: the first answer stands (a yes until `stop`), and none is given to a session that is over.
    if (this.answer !== null || this.#abandoned) return
    this.answer = answer
    this.#recordEnded(answer, this.#stopped)
    this.#over()
    this.#owner.resume(answer instanceof Approved)
  }

  #over(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#heartbeat !== null) clearInterval(this.#heartbeat)
    this.#timer = null
    this.#heartbeat = null
    if (this.id !== null) this.#desk.forget(this.id, this)
  }
}

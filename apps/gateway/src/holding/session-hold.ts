import {
  type Admission,
  Approved,
  approvalRequest,
  type AskedStatement,
  approvalUnavailable,
  approvalVoided,
  type AuditedParameter,
  type Authority,
  clear,
  type Gate,
  grantCovers,
  type GateSession,
  type Judgement,
  type Refusal,
  requestKey,
  type SessionSettings,
  type StatementMoments,
} from '@gatehouse/core'
import type { Grant, LeaveReason } from '@gatehouse/coordination'
import type { ApprovalDesk } from './approval-desk.ts'
import { ENDED, HeldStatement, type HoldOwner } from './held-statement.ts'
import { SessionHistory } from './session-history.ts'

/** What came of asking: `waits`: nothing yet, `resume` is called then; null: nobody needs to be asked. */
type Clearance = Approved | Refusal | 'waits' | null

interface Estimate {
  /** `requestKey` of what it is for. */
  readonly key: string
  rows: number | null
  known: boolean
}

/** More wait to be asked about without an estimate. */
const ESTIMATED_AT_ONCE = 8

/** What the session said it is set to; `settings` null: it could not say. */
interface Told {
  settings: SessionSettings | null
  known: boolean
}

const ESTIMATED: ReadonlySet<string> = new Set(['update', 'delete'])

/**
 * Only what the planner can be asked without running anything, and without telling anything: one change of rows, without
 * functions of users, that meets no mask. What is asked for in clear is asked for whatever the number, which people alone see.
 */
function canBeEstimated({ facts, authority, unmasked }: Judgement): boolean {
  const [statement, ...more] = facts?.statements ?? []
  if (statement === undefined || more.length > 0) return false
  const inClear = unmasked.length > 0
  if (!inClear && !ESTIMATED.has(statement.action)) return false
  const { functions, beneath, complete, temporary } = statement
  const used = [...functions, ...beneath.functions]
  return (
    complete &&
    temporary === undefined &&
    used.every(({ trust }) => trust === 'harmless') &&
    (inClear || !authority.meetsMasks(statement))
  )
}

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
  /** What the session is set to, as of the statement that waits; null: it was not asked. */
  #told: Told | null = null
  /** What the planner was asked about the statement that waits. */
  #estimate: Estimate | null = null
  /** When the statement that waits was read and began to wait; null: none waits, or nobody traces it. */
  #moments: StatementMoments | null = null
  /** The statement that waits may not be asked about, and not run; null: it may. */
  #stopped: LeaveReason | null = null

  constructor(desk: ApprovalDesk, session: GateSession, owner: HoldOwner) {
    this.#desk = desk
    this.#session = session
    this.#owner = owner
  }

  /** Something is held, and not decided. */
  get waiting(): boolean {
    return this.#held !== null && this.#held.answer === null
  }

  /** The session is about to be asked what it is set to: whatever is under way has to be over before. */
  asksSettings(judgement: Judgement): boolean {
    return this.#held === null && this.#told === null && judgement.approval !== null
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
    gate: Pick<Gate<object>, 'admit' | 'decline' | 'estimated' | 'limitsKnown' | 'recordable' | 'watch'>,
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

  /** What is held, or was approved and does not run yet, ends without running. False: nothing is held. */
  stop(why: LeaveReason): boolean {
    if (this.#held !== null) {
      this.#held.stop(why)
      return true
    }
    // What it is to be asked about with is being looked up.
    if (this.#told !== null || this.#estimate !== null) this.#stopped = why
    return this.#stopped !== null
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
    gate: Pick<Gate<object>, 'admit' | 'decline' | 'estimated' | 'recordable' | 'watch'>,
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Admission | null {
    // Almost all statements need nobody.
    if (this.#held === null && judgement.approval === null) {
      this.#forget()
      return gate.admit(judgement, text, parameters)
    }
    this.#moments ??= gate.watch.held()
    const settled = this.#withSettings(judgement) ? this.#withEstimate(gate, judgement, text, parameters, types) : null
    if (settled === null) return null
    const stopped = this.#stopped
    const clearance =
      stopped !== null && judgement.approval !== null
        ? approvalVoided(judgement.approval, null, ENDED[stopped])
        : this.#settle(gate, settled, text, parameters, types)
    if (clearance === 'waits') return null
    gate.watch.heldUntilNow(this.#moments)
    this.#forget()
    if (clearance === null || clearance instanceof Approved) return gate.admit(settled, text, parameters, clearance)
    return gate.admit(gate.decline(clearance, judgement.facts), text, parameters)
  }

  /** No statement waits any more. */
  #forget(): void {
    this.#estimate = null
    this.#told = null
    this.#stopped = null
    this.#moments = null
  }

  /** True when it is known what the session is set to, or need not be; false: the session is asked. */
  #withSettings({ approval }: Judgement): boolean {
    if (this.#told !== null) return this.#told.known
    if (this.#held !== null || approval === null) return true
    const told: Told = { settings: null, known: false }
    this.#told = told
    void this.#owner.settings().then((settings) => {
      told.settings = settings
      told.known = true
      this.#owner.resume(false)
    })
    return false
  }

  /** The judgement in the light of how many rows are expected. Null: the planner is asked. */
  #withEstimate(
    gate: Pick<Gate<object>, 'estimated'>,
    judgement: Judgement,
    text: string,
    parameters: readonly AuditedParameter[] | null,
    types: AskedStatement['parameterTypes'],
  ): Judgement | null {
    const { approval: need, facts, unmasked } = judgement
    if (need === null || facts === null) return judgement
    const settings = this.#told?.settings ?? {}
    const key = requestKey(this.#asked({ text, parameters, parameterTypes: types, settings, facts, unmasked, need }))
    if (this.#estimate?.key !== key) {
      const estimate: Estimate = { key, rows: null, known: !canBeEstimated(judgement) }
      estimate.known ||= this.#told?.settings === null || this.#desk.estimating >= ESTIMATED_AT_ONCE
      this.#estimate = estimate
      if (!estimate.known) {
        this.#desk.estimating++
        const statement = { text: judgement.forwardText ?? text, parameters, parameterTypes: types, settings }
        void this.#owner.estimate(statement).then((rows) => {
          this.#desk.estimating--
          estimate.rows = rows
          estimate.known = true
          this.#owner.resume(false)
        })
      }
    }
    const { known, rows } = this.#estimate
    return known ? gate.estimated(judgement, rows) : null
  }

  /**
   * What lets a judged statement run, or forbids it. Asks people where there is need; for a request that is tried again it has
   * what became of that. `types`: what the client says of its parameters' types.
   */
  #settle(
    gate: Pick<Gate<object>, 'recordable'>,
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
    const { approval: need, facts, refusal, unmasked } = judgement
    if (need === null || facts === null || refusal !== null) return null
    const settings = this.#told?.settings ?? null
    if (settings === null) return approvalUnavailable(need, 'the session could not say what it is set to')
    const asked = this.#asked({ text, parameters, parameterTypes: types, settings, facts, unmasked, need })
    const granted = this.#granted(asked)
    if (granted !== null && granted.uses === null) return this.#byGrant(asked, granted)
    const request = approvalRequest(asked, judgement.authority, this.#estimate?.rows ?? null)
    if (typeof request === 'string') return approvalUnavailable(need, request)
    const full = { ...request, history: this.#history.entries() }
    const recordable = gate.recordable(judgement, text, parameters)
    const statement = new HeldStatement(
      this.#desk,
      this.#session,
      asked,
      recordable,
      full,
      judgement.authority,
      this.#owner,
    )
    this.#held = statement
    void statement.ask(granted)
    return 'waits'
  }

  /** A statement as people are asked about it, by this session. */
  #asked(
    statement: Omit<AskedStatement, 'principal' | 'target' | 'engine'>,
  ): AskedStatement & Pick<GateSession, 'principal'> {
    const { principal, target, engine } = this.#session
    return { principal, target, engine, ...statement }
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

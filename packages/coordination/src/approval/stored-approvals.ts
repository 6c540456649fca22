import { createHash } from 'node:crypto'
import { type DocumentRoom, type Transaction, transact } from '../documents.ts'
import { type Identity, identityKey } from '../identity.ts'
import { OneAtATime } from '../one-at-a-time.ts'
import { newReadableId } from '../readable-id.ts'
import type { Approval, ApprovalRequest, ApprovalState, LeaveReason, Waiter } from './approval.ts'
import type {
  ApprovalEvent,
  ApprovalFilter,
  Approvals,
  AskLimits,
  AskOutcome,
  ClaimOutcome,
  DecideOutcome,
  LeaveOutcome,
  NewDecision,
  NewWaiter,
} from './approvals.ts'
import {
  claim,
  decide,
  join,
  leave,
  newApproval,
  nextChange,
  settle,
  type Step,
  useTicket,
  waiting,
} from './transitions.ts'

/** How long a request is kept after its end. */
export const KEPT_AFTER_END_MILLISECONDS: number = 24 * 3600 * 1000
/** Most bytes of one request as JSON. */
export const MOST_REQUEST_BYTES: number = 1024 * 1024
/** Most sessions that wait for one request. */
export const MOST_WAITERS = 1000
/** How many questions of one principal are remembered, for joining, tickets and cool-down. */
const MOST_REMEMBERED = 1000
const MOST_LISTED = 500
/** Requests looked at in one go. */
const PAGE = 50

/** The last questions of one principal, oldest first: where the same question is looked for. */
interface AskerDocument {
  readonly asked: readonly Asked[]
}

interface Asked {
  readonly key: string
  readonly id: string
  readonly at: number
}

/** Indexes of the room: every request by when it was asked, the pending ones too, and those by when time changes them. */
const RECENT = 'recent'
const OPEN = 'open'
const DUE = 'due'

/** Approvals as documents of a room. */
export class StoredApprovals implements Approvals {
  readonly #room: DocumentRoom
  readonly #turns = new OneAtATime()

  constructor(room: DocumentRoom) {
    this.#room = room
  }

  async ask(request: ApprovalRequest, waiter: NewWaiter | null, limits: AskLimits): Promise<AskOutcome> {
    if (Buffer.byteLength(JSON.stringify(request)) > MOST_REQUEST_BYTES)
      return { kind: 'too_large', limitBytes: MOST_REQUEST_BYTES }
    const asker = askerKey(request.principal)
    return this.#turns.run(asker, () =>
      transact(this.#room, (transaction) => this.#ask(transaction, asker, request, waiter, limits)),
    )
  }

  decide(id: string, decision: NewDecision, options?: { readonly expectWaiters?: number }): Promise<DecideOutcome> {
    return this.#step<DecideOutcome>(id, { kind: 'unknown' }, (approval, now) =>
      decide(approval, decision, options?.expectWaiters, now),
    )
  }

  claim(id: string, session: string): Promise<ClaimOutcome> {
    return this.#step<ClaimOutcome>(id, { kind: 'unknown' }, (approval, now) => claim(approval, session, now))
  }

  leave(id: string, session: string, why: LeaveReason): Promise<LeaveOutcome> {
    return this.#step<LeaveOutcome>(id, { kind: 'unknown' }, (approval, now) => leave(approval, session, why, now))
  }

  async get(id: string): Promise<Approval | null> {
    return (await this.#load([id]))[0] ?? null
  }

  async list(filter: ApprovalFilter = {}): Promise<readonly Approval[]> {
    const limit = Math.min(filter.limit ?? 100, MOST_LISTED)
    const index = filter.state === 'pending' ? OPEN : RECENT
    const found: Approval[] = []
    let after = filter.after ?? null
    while (found.length < limit) {
      const ids = await this.#room.members(index, PAGE, after)
      for (const approval of await this.#load(ids)) {
        if (approval !== null && fits(approval, filter) && found.length < limit) found.push(approval)
      }
      after = ids.at(-1) ?? null
      if (ids.length < PAGE) break
    }
    return found
  }

  watch(listener: (event: ApprovalEvent) => void): () => void {
    return this.#room.watch((event) => {
      if (event.kind === 'resync') listener({ kind: 'resync' })
      else listener({ kind: 'changed', id: event.note.id, state: event.note.word as ApprovalState })
    })
  }

  /** Writes what time has done since: those whose hold or grace is over, at most `most` of them. */
  async settleDue(most: number): Promise<void> {
    const { now } = await this.#room.load([])
    for (const id of await this.#room.membersUpTo(DUE, now, most)) {
      await this.#step(id, undefined, (approval, now) => ({ approval: settle(approval, now), outcome: undefined }))
    }
  }

  /** Ends the waiting of every session of a gateway that is lost. */
  async leaveLost(isLost: (waiter: Waiter) => boolean): Promise<void> {
    let after: string | null = null
    for (;;) {
      const ids = await this.#room.members(OPEN, PAGE, after)
      for (const approval of await this.#load(ids)) {
        for (const waiter of approval === null ? [] : waiting(approval).filter(isLost))
          if (approval !== null) await this.leave(approval.id, waiter.session, 'gateway_lost')
      }
      after = ids.at(-1) ?? null
      if (ids.length < PAGE) return
    }
  }

  async #load(ids: readonly string[]): Promise<readonly (Approval | null)[]> {
    if (ids.length === 0) return []
    const { now, values } = await this.#room.load(ids.map(approvalKey))
    return values.map((text) => (text === null ? null : settle(JSON.parse(text) as Approval, now)))
  }

  #step<Outcome>(
    id: string,
    unknown: Outcome,
    step: (approval: Approval, now: number) => Step<Outcome>,
  ): Promise<Outcome> {
    return this.#turns.run(id, () =>
      transact(this.#room, async (transaction) => {
        const [before] = (await transaction.read([approvalKey(id)])) as [Approval | null]
        if (before === null) return unknown
        const { approval, outcome } = step(before, transaction.now)
        if (approval !== before) write(transaction, approval)
        // An index may name what has gone on since: it is put right.
        else if (approval.state !== 'pending') unrank(transaction, approval)
        return outcome
      }),
    )
  }

  async #ask(
    transaction: Transaction,
    asker: string,
    request: ApprovalRequest,
    waiter: NewWaiter | null,
    limits: AskLimits,
  ): Promise<AskOutcome> {
    const [document] = (await transaction.read([asker])) as [AskerDocument | null]
    const asked = document?.asked ?? []
    const same = asked.filter((one) => one.key === request.key).map((one) => one.id)
    if (same.length > 0) {
      const earlier = (await transaction.read(same.map(approvalKey))) as (Approval | null)[]
      const answered = answer(transaction, earlier, waiter, limits)
      if (answered !== null) return answered
    }
    const now = transaction.now
    const open = await this.#room.ranked(
      OPEN,
      asked.map((one) => one.id),
    )
    if (open.filter(Boolean).length >= limits.pendingPerPrincipal)
      return { kind: 'too_many', limit: limits.pendingPerPrincipal }
    const approval = newApproval(newReadableId(), request, waiter, now)
    const kept = asked.filter((one, at) => open[at] === true || one.at > now - KEPT_AFTER_END_MILLISECONDS)
    const closed = kept.filter((one) => open[asked.indexOf(one)] !== true)
    const dropped = new Set(closed.slice(0, Math.max(0, kept.length + 1 - MOST_REMEMBERED)))
    const remembered = [...kept.filter((one) => !dropped.has(one)), { key: request.key, id: approval.id, at: now }]
    transaction.write(asker, { asked: remembered }, now + 4 * KEPT_AFTER_END_MILLISECONDS)
    write(transaction, approval)
    return { kind: 'asked', id: approval.id, joined: false }
  }
}

/** What the same question's earlier requests (oldest first) answer; null: it has to be put anew. */
function answer(
  transaction: Transaction,
  earlier: readonly (Approval | null)[],
  waiter: NewWaiter | null,
  limits: AskLimits,
): AskOutcome | null {
  const now = transaction.now
  const known = earlier.flatMap((one) => (one === null ? [] : [settle(one, now)])).toReversed()
  for (const approval of known) {
    const used = useTicket(approval, now)
    if (used === null) continue
    write(transaction, used)
    return { kind: 'approved', approval: used }
  }
  for (const approval of known) {
    // Whoever said yes already saw fewer sessions wait than would run: that question is not joined any more.
    if (approval.state !== 'pending' || approval.decisions.length > 0) continue
    if (waiting(approval).length >= MOST_WAITERS) return { kind: 'too_many', limit: MOST_WAITERS }
    write(transaction, join(approval, waiter, now))
    return { kind: 'asked', id: approval.id, joined: true }
  }
  for (const { id, state, endedAt, endReason } of known) {
    const until = (endedAt ?? 0) + limits.coolDownSeconds * 1000
    if (state !== 'refused' || until <= now) continue
    return { kind: 'cooling_down', id, retryAfterSeconds: Math.ceil((until - now) / 1000), reason: endReason }
  }
  return null
}

function write(transaction: Transaction, approval: Approval): void {
  const { id, createdAt, state } = approval
  const due = nextChange(approval)
  const end = approval.endedAt ?? Math.max(approval.openUntil ?? 0, ...approval.waiters.map((waiter) => waiter.until))
  transaction.write(approvalKey(id), approval, end + KEPT_AFTER_END_MILLISECONDS)
  transaction.rank(RECENT, id, createdAt, transaction.now - 4 * KEPT_AFTER_END_MILLISECONDS)
  transaction.rank(OPEN, id, state === 'pending' ? createdAt : null)
  transaction.rank(DUE, id, due)
  transaction.tell({ id, word: state })
}

function unrank(transaction: Transaction, approval: Approval): void {
  transaction.rank(OPEN, approval.id, null)
  transaction.rank(DUE, approval.id, null)
}

function fits({ state, request }: Approval, filter: ApprovalFilter): boolean {
  return (
    (filter.state === undefined || filter.state === state) &&
    (filter.target === undefined || filter.target === request.target) &&
    (filter.subject === undefined || filter.subject === request.principal.subject)
  )
}

function approvalKey(id: string): string {
  return `request:${id}`
}

/** Of bounded length, whatever the names are. */
function askerKey(principal: Identity): string {
  return `asker:${createHash('sha256').update(identityKey(principal)).digest('base64url')}`
}

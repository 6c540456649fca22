import type { Approvals, AskLimits, Coordination, Grants } from '@gatehouse/coordination'
import type { AuditTrail } from '@gatehouse/core'
import type { Logger } from 'pino'
import type { HoldEnd } from '../monitoring/session-tally.ts'
import type { Turn } from '../turn.ts'

/** A statement that is held, as far as the desk knows it. */
export interface HeldRequest {
  /** Something has happened to its request: look at it. */
  changed(): void
}

/** What may change while the gateway runs. */
export interface DeskSettings extends AskLimits {
  /** A statement in an open transaction is held for no longer than this. */
  readonly holdInTransactionSeconds: number
  /** Where people decide: the admin service's address; null: not known. */
  readonly adminUrl: string | null
}

export interface ApprovalDeskOptions extends DeskSettings {
  readonly coordination: Pick<Coordination, 'approvals' | 'grants'>
  /** This gateway's place among the others (`GatewayLease.id`). */
  readonly gateway: string
  readonly trail: Pick<AuditTrail, 'append' | 'owe'>
  readonly turn: Pick<Turn, 'schedule'>
  readonly log: Logger
  /** Told how each hold ended. */
  readonly ended: (end: HoldEnd, milliseconds: number) => void
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Where the sessions of one gateway have people asked, and hear what they say. */
export class ApprovalDesk {
  readonly approvals: Approvals
  readonly grants: Grants
  readonly gateway: string
  /** How many statements are being estimated: more than a few at once would be a load of their own. */
  estimating = 0
  readonly log: Logger
  readonly now: () => number
  readonly ended: (end: HoldEnd, milliseconds: number) => void
  #settings: DeskSettings
  readonly #trail: Pick<AuditTrail, 'append' | 'owe'>
  readonly #turn: Pick<Turn, 'schedule'>
  /** What is held for each request: several sessions may wait for one. */
  readonly #held = new Map<string, Set<HeldRequest>>()
  readonly #stop: () => void

  constructor(options: ApprovalDeskOptions) {
    const { coordination, gateway, log, now } = options
    this.approvals = coordination.approvals
    this.grants = coordination.grants
    this.gateway = gateway
    this.log = log
    this.now = now
    this.ended = options.ended
    this.#settings = options
    this.#trail = options.trail
    this.#turn = options.turn
    this.#stop = this.approvals.watch((event) => {
      if (event.kind === 'changed') this.#tell(event.id)
      else for (const id of this.#held.keys()) this.#tell(id)
    })
  }

  get limits(): AskLimits {
    const { pendingPerPrincipal, coolDownSeconds } = this.#settings
    return { pendingPerPrincipal, coolDownSeconds }
  }

  get holdInTransactionSeconds(): number {
    return this.#settings.holdInTransactionSeconds
  }

  /** From now on it goes by these, for what is held from now on. */
  change(settings: DeskSettings): void {
    this.#settings = settings
  }

  /** From now on the held statement is told of every change of its request. */
  watch(id: string, held: HeldRequest): void {
    const all = this.#held.get(id)
    if (all === undefined) this.#held.set(id, new Set([held]))
    else all.add(held)
  }

  forget(id: string, held: HeldRequest): void {
    const all = this.#held.get(id)
    all?.delete(held)
    if (all?.size === 0) this.#held.delete(id)
  }

  /** How many statements are held now. */
  get held(): number {
    let held = 0
    for (const all of this.#held.values()) held += all.size
    return held
  }

  /** Records what became of a request. Never throws: it is kept until the trail can be written. */
  record(members: string): void {
    this.#trail.owe(members)
    this.#turn.schedule()
  }

  /** Where people see a request; null: not known. */
  urlOf(id: string): string | null {
    const { adminUrl } = this.#settings
    return adminUrl === null ? null : `${adminUrl}/approvals/${id}`
  }

  close(): void {
    this.#stop()
  }

  #tell(id: string): void {
    for (const held of this.#held.get(id) ?? []) held.changed()
  }
}

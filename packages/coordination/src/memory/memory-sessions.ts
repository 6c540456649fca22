import { type Identity, identityKey } from '../identity.ts'
import { newReadableId } from '../readable-id.ts'
import { filterSessions } from '../session-filter.ts'
import type {
  CancelKeyOwner,
  EnterOutcome,
  Gateway,
  GatewayLease,
  SessionFilter,
  SessionPatch,
  SessionRecord,
  Sessions,
} from '../sessions.ts'
import type { Timing } from '../timing.ts'
import type { MemoryGateway, MemoryHub } from './memory-hub.ts'

/** Sessions in the memory of one process. */
export class MemorySessions implements Sessions {
  readonly #hub: MemoryHub
  readonly #timing: Timing
  #own: { readonly gateway: MemoryGateway; readonly timer: NodeJS.Timeout } | null = null

  constructor(hub: MemoryHub, timing: Timing) {
    this.#hub = hub
    this.#timing = timing
  }

  enlist(name: string): Promise<GatewayLease> {
    if (this.#own !== null) throw new Error('this process is a gateway already')
    const startedAt = this.#hub.now()
    const lostAt = this.#hub.steady() + this.#timing.lostAfter
    const gateway = { id: `${name}~${newReadableId()}`, name, startedAt, sessions: new Map(), lostAt }
    this.#hub.gateways.set(gateway.id, gateway)
    const timer = setInterval(() => {
      gateway.lostAt = this.#hub.steady() + this.#timing.lostAfter
      // As after any silence that was too long: it is back with its sessions.
      this.#hub.gateways.set(gateway.id, gateway)
    }, this.#timing.heartbeat)
    timer.unref()
    this.#own = { gateway, timer }
    return Promise.resolve(new MemoryLease(this.#hub, gateway))
  }

  gateways(): Promise<readonly Gateway[]> {
    return Promise.resolve(this.#hub.alive().map(({ id, name, startedAt }) => ({ id, name, startedAt })))
  }

  list(filter: SessionFilter = {}): Promise<readonly SessionRecord[]> {
    return Promise.resolve(filterSessions(allSessions(this.#hub), filter))
  }

  get(id: string): Promise<SessionRecord | null> {
    for (const { sessions } of this.#hub.alive()) {
      const found = sessions.get(id)
      if (found !== undefined) return Promise.resolve(found)
    }
    return Promise.resolve(null)
  }

  count(principal: Identity): Promise<number> {
    return Promise.resolve(countOf(this.#hub, principal))
  }

  remove(ids: readonly string[]): Promise<void> {
    for (const { sessions } of this.#hub.alive()) for (const id of ids) sessions.delete(id)
    return Promise.resolve()
  }

  findByCancelKey(processId: number): Promise<CancelKeyOwner | null> {
    for (const { id: session, gateway, principal, cancelKey } of allSessions(this.#hub)) {
      if (cancelKey.processId !== processId) continue
      const { issuer, subject, actor } = principal
      const { secretHash } = cancelKey
      return Promise.resolve({ gateway, session, secretHash, principal: { issuer, subject, actor } })
    }
    return Promise.resolve(null)
  }

  /** `abruptly`: the others notice by the missing heartbeat. */
  close(abruptly: boolean): void {
    if (this.#own === null) return
    clearInterval(this.#own.timer)
    if (!abruptly) this.#hub.gateways.delete(this.#own.gateway.id)
    this.#own = null
  }
}

class MemoryLease implements GatewayLease {
  readonly #hub: MemoryHub
  readonly #gateway: MemoryGateway
  readonly id: string

  constructor(hub: MemoryHub, gateway: MemoryGateway) {
    this.#hub = hub
    this.#gateway = gateway
    this.id = gateway.id
  }

  enter(record: SessionRecord, limits: { readonly sessionsPerPrincipal: number }): Promise<EnterOutcome> {
    if (countOf(this.#hub, record.principal) >= limits.sessionsPerPrincipal)
      return Promise.resolve({ kind: 'too_many', limit: limits.sessionsPerPrincipal })
    for (const { cancelKey } of allSessions(this.#hub))
      if (cancelKey.processId === record.cancelKey.processId) return Promise.resolve({ kind: 'process_id_taken' })
    this.#gateway.sessions.set(record.id, { ...record, gateway: this.id })
    return Promise.resolve({ kind: 'entered' })
  }

  update(patches: readonly SessionPatch[]): Promise<void> {
    for (const patch of patches) {
      const record = this.#gateway.sessions.get(patch.id)
      if (record !== undefined) this.#gateway.sessions.set(patch.id, { ...record, ...patch })
    }
    return Promise.resolve()
  }

  leave(session: string): Promise<void> {
    this.#gateway.sessions.delete(session)
    return Promise.resolve()
  }
}

function* allSessions(hub: MemoryHub): Iterable<SessionRecord> {
  for (const { sessions } of hub.alive()) yield* sessions.values()
}

function countOf(hub: MemoryHub, principal: Identity): number {
  const key = identityKey(principal)
  let count = 0
  for (const record of allSessions(hub)) if (identityKey(record.principal) === key) count++
  return count
}

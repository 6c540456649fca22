import { createHash } from 'node:crypto'
import { CoordinationLost } from '../coordination-lost.ts'
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
import type { RedisConnection, ScriptDefinition } from './redis-connection.ts'
import { ALIVE, BEAT, COUNT, ENTER, FAREWELL, FIND, LEAVE, RECORDS, UPDATE } from './session-scripts.ts'

/** Runs a session script with the keys that all of them have. */
type Run = (script: ScriptDefinition, ...args: readonly (string | number)[]) => Promise<unknown>

/** Sessions in Redis: all keys are in one hash slot. */
export class RedisSessions implements Sessions {
  readonly #run: Run
  readonly #timing: Timing
  #lease: RedisLease | null = null

  constructor(redis: RedisConnection, timing: Timing) {
    const base = `{${redis.prefix}:sessions}`
    this.#run = (script, ...args) => redis.run(script, [base, `${base}:descriptions`], args)
    this.#timing = timing
  }

  async enlist(name: string): Promise<GatewayLease> {
    if (this.#lease !== null) throw new Error('this process is a gateway already')
    const lease = new RedisLease(this.#run, name, this.#timing)
    this.#lease = lease
    await lease.beat()
    return lease
  }

  async gateways(): Promise<readonly Gateway[]> {
    const answer = (await this.#run(ALIVE)) as string[]
    const found: Gateway[] = []
    for (let at = 0; at < answer.length; at += 2) found.push(JSON.parse(answer[at + 1] ?? '{}') as Gateway)
    return found
  }

  async list(filter: SessionFilter = {}): Promise<readonly SessionRecord[]> {
    const gateways = filter.gateway === undefined ? (await this.gateways()).map(({ id }) => id) : [filter.gateway]
    const records: SessionRecord[] = []
    for (const gateway of gateways)
      for (const text of (await this.#run(RECORDS, gateway)) as string[])
        records.push(JSON.parse(text) as SessionRecord)
    return filterSessions(records, filter)
  }

  async get(id: string): Promise<SessionRecord | null> {
    const found = (await this.#run(FIND, 'records', id)) as string | null
    return found === null ? null : (JSON.parse(found) as SessionRecord)
  }

  async count(principal: Identity): Promise<number> {
    return (await this.#run(COUNT, principalHash(principal))) as number
  }

  async remove(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const record = await this.get(id)
      if (record === null) continue
      const { gateway, principal, cancelKey } = record
      await this.#run(LEAVE, gateway, id, cancelKey.processId, principalHash(principal))
    }
  }

  async findByCancelKey(processId: number): Promise<CancelKeyOwner | null> {
    const found = (await this.#run(FIND, 'processes', processId)) as string | null
    return found === null ? null : (JSON.parse(found) as CancelKeyOwner)
  }

  /** The server can be reached again: everything is put back that it may have forgotten. */
  reconnected(): void {
    this.#lease?.beat().catch(() => undefined)
  }

  /** `abruptly`: the others notice by the missing heartbeat. */
  async close(abruptly: boolean): Promise<void> {
    const lease = this.#lease
    this.#lease = null
    lease?.stop()
    if (lease !== null && !abruptly) await this.#run(FAREWELL, lease.id).catch(() => undefined)
  }
}

class RedisLease implements GatewayLease {
  readonly id: string
  readonly #run: Run
  readonly #gateway: Gateway
  readonly #timing: Timing
  readonly #timer: NodeJS.Timeout
  /** What the others should see, to be put back when Redis has lost it. */
  readonly #records = new Map<string, SessionRecord>()

  constructor(run: Run, name: string, timing: Timing) {
    this.#run = run
    this.id = `${name}~${newReadableId()}`
    this.#gateway = { id: this.id, name, startedAt: Date.now() }
    this.#timing = timing
    this.#timer = setInterval(() => {
      // Lost: the next beat after it is reached again puts everything back.
      this.beat().catch(() => undefined)
    }, timing.heartbeat)
    this.#timer.unref()
  }

  async beat(): Promise<void> {
    const was = await this.#run(BEAT, this.id, JSON.stringify(this.#gateway), this.#timing.lostAfter)
    if (was === 1) return
    for (const record of this.#records.values()) await this.#enter(record, '')
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async enter(record: SessionRecord, limits: { readonly sessionsPerPrincipal: number }): Promise<EnterOutcome> {
    const own = { ...record, gateway: this.id }
    let outcome = await this.#enter(own, limits.sessionsPerPrincipal)
    if (outcome === 'lost') {
      await this.beat()
      outcome = await this.#enter(own, limits.sessionsPerPrincipal)
    }
    switch (outcome) {
      case 'entered':
        this.#records.set(record.id, own)
        return { kind: 'entered' }
      case 'too_many':
        return { kind: 'too_many', limit: limits.sessionsPerPrincipal }
      case 'process_id_taken':
        return { kind: 'process_id_taken' }
      default:
        throw new CoordinationLost('this gateway has no place among the others')
    }
  }

  async update(patches: readonly SessionPatch[]): Promise<void> {
    const changed: string[] = []
    for (const patch of patches) {
      const record = this.#records.get(patch.id)
      if (record === undefined) continue
      const next = { ...record, ...patch }
      this.#records.set(patch.id, next)
      changed.push(patch.id, JSON.stringify(next))
    }
    if (changed.length > 0) await this.#run(UPDATE, this.id, ...changed)
  }

  async leave(session: string): Promise<void> {
    const record = this.#records.get(session)
    if (record === undefined) return
    this.#records.delete(session)
    await this.#run(LEAVE, this.id, session, record.cancelKey.processId, principalHash(record.principal))
  }

  async #enter(record: SessionRecord, most: number | ''): Promise<unknown> {
    const { id: session, gateway, principal, cancelKey } = record
    const { issuer, subject, actor } = principal
    const owner: CancelKeyOwner = {
      gateway,
      session,
      secretHash: cancelKey.secretHash,
      principal: { issuer, subject, actor },
    }
    const args = [
      session,
      JSON.stringify(record),
      cancelKey.processId,
      JSON.stringify(owner),
      principalHash(principal),
      most,
    ]
    return this.#run(ENTER, this.id, ...args)
  }
}

/** Of bounded length, whatever the names are. */
function principalHash(principal: Identity): string {
  return createHash('sha256').update(identityKey(principal)).digest('base64url')
}

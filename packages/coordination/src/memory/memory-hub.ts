import type { Receiver } from '../messages.ts'
import type { Gateway, SessionRecord } from '../sessions.ts'
import { MemoryCounters } from './memory-counters.ts'
import { MemoryRoom } from './memory-room.ts'

/** A gateway's place in the hub. */
export interface MemoryGateway extends Gateway {
  readonly sessions: Map<string, SessionRecord>
  /** When it is lost if its heart does not beat before. */
  lostAt: number
}

/** What coordinations in the memory of one process share, as those of many share a Redis. */
export class MemoryHub {
  readonly now: () => number
  /** The same, but that nobody sets it while the process runs: by it hearts beat and windows of counters end. */
  readonly steady: () => number
  readonly approvals: MemoryRoom
  readonly revocations: MemoryRoom
  readonly grants: MemoryRoom
  readonly credentials: MemoryRoom
  readonly deliveries: MemoryRoom
  readonly legalHolds: MemoryRoom
  readonly counters: MemoryCounters
  readonly gateways: Map<string, MemoryGateway> = new Map()
  readonly receivers: Map<string, Receiver> = new Map()

  /** `now`: milliseconds since the epoch, of a clock that is steady too; default: the system's clocks. */
  constructor(now?: () => number) {
    this.now = now ?? (() => Date.now())
    this.steady = now ?? (() => performance.timeOrigin + performance.now())
    this.approvals = new MemoryRoom(this.now)
    this.revocations = new MemoryRoom(this.now)
    this.grants = new MemoryRoom(this.now)
    this.credentials = new MemoryRoom(this.now)
    this.deliveries = new MemoryRoom(this.now)
    this.legalHolds = new MemoryRoom(this.now)
    this.counters = new MemoryCounters(this.steady)
  }

  /** The gateways that are alive; those that are not are forgotten with their sessions. */
  alive(): readonly MemoryGateway[] {
    const now = this.steady()
    for (const [id, gateway] of this.gateways) if (gateway.lostAt <= now) this.gateways.delete(id)
    return [...this.gateways.values()]
  }
}

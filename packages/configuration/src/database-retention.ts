import type { HeldNames, TrailWriter } from '@gatehouse/audit-trail'
import type { TrailDatabase } from '@gatehouse/audit-trail/postgres'
import { encodeDatabaseRetention } from '@gatehouse/core'

const DAY_MILLISECONDS = 86_400_000
const FIRST_MILLISECONDS = 5_000
const EVERY_MILLISECONDS = 6 * 3_600_000

/** What removes records from a database works with. */
export interface DatabaseRetentionPorts {
  readonly database: TrailDatabase
  /** Records of all gateways that are older go, but for those that are held. */
  readonly days: number
  readonly held: () => Promise<HeldNames>
  /** Records that it is done, before it is. */
  readonly trail: Pick<TrailWriter, 'append' | 'commit'>
  /** Told what went: days as a whole, and rows of others. */
  readonly told: (removed: { readonly days: number; readonly rows: number }) => void
  /** Told when a turn could not be made; the next one may. */
  readonly failed: (error: unknown) => void
}

/** Removes what is older than is kept from the database that trails are shipped to. */
export class DatabaseRetention {
  readonly #ports: DatabaseRetentionPorts
  readonly #timers: readonly NodeJS.Timeout[]
  #running: Promise<void> = Promise.resolve()

  constructor(ports: DatabaseRetentionPorts) {
    this.#ports = ports
    const turn = (): void => void this.turn().catch(ports.failed)
    this.#timers = [setTimeout(turn, FIRST_MILLISECONDS).unref(), setInterval(turn, EVERY_MILLISECONDS).unref()]
  }

  /** Removes what may be removed now. Rejects when it cannot be known, recorded or done. */
  turn(): Promise<void> {
    const next = this.#running.then(() => this.#turn())
    this.#running = next.catch(() => undefined)
    return next
  }

  /** Takes no more turns, and waits for the one that is under way. Never rejects. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    await this.#running
  }

  async #turn(): Promise<void> {
    const { database, days, held: nowHeld, trail, told } = this.#ports
    const held = await nowHeld()
    const before = new Date(Date.now() - days * DAY_MILLISECONDS)
    trail.append(encodeDatabaseRetention(before.toISOString(), `records are kept for ${days} days in the database`))
    trail.commit()
    // Only who removes anything there loads what speaks to it.
    const { removeRecords } = await import('@gatehouse/audit-trail/postgres')
    told(await removeRecords(database, { before, held }))
  }
}

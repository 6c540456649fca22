import type { Service } from '@gatehouse/test/harness/service-process.ts'

/** A replica that was taken away. `until` null: it is not back yet. */
export interface Disturbance {
  readonly kind: 'killed' | 'rolled'
  /** Its place in the fleet, from 0. */
  readonly gateway: number
  /** Milliseconds since the epoch. */
  readonly from: number
  until: number | null
}

/** A killed replica is away for so long. */
const AWAY_MILLISECONDS = 3000

/** Kills and rolls replicas in turn, all but the first, which stays as it is to be watched. */
export class Disturbances {
  readonly all: Disturbance[] = []
  readonly #gateways: readonly Service[]
  readonly #every: number
  #timer: NodeJS.Timeout | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(gateways: readonly Service[], everyMilliseconds: number) {
    this.#gateways = gateways
    this.#every = everyMilliseconds
    this.#timer = setInterval(() => {
      this.#running = this.#running.then(() => this.#next())
    }, this.#every)
  }

  /** No more of it. Resolves when every replica is back. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await this.#running
  }

  async #next(): Promise<void> {
    const turn = this.all.length
    const kind = turn % 2 === 0 ? 'killed' : 'rolled'
    const gateway = 1 + (((turn >> 1) + (turn & 1)) % (this.#gateways.length - 1))
    const service = this.#gateways[gateway]
    if (service === undefined) return
    const disturbance: Disturbance = { kind, gateway, from: Date.now(), until: null }
    this.all.push(disturbance)
    if (kind === 'killed') {
      await service.kill()
      await new Promise((resolve) => setTimeout(resolve, AWAY_MILLISECONDS))
    } else await service.tellToEnd()
    await service.start()
    disturbance.until = Date.now()
  }
}

import type { GatewayConfig } from './config/index.ts'
import { Generation, type LastingPorts } from './generation.ts'

/** The generation in force, and those before it that sessions are still of. */
export class Generations {
  readonly #all = new Set<Generation>()
  #current: Generation

  private constructor(first: Generation) {
    this.#current = first
    this.#all.add(first)
  }

  /** Rejects with an error that says what is wrong; nothing is left open then. */
  static async open(config: GatewayConfig, ports: LastingPorts): Promise<Generations> {
    return new Generations(await Generation.open(config, ports))
  }

  /** What serves connections from now on. */
  get current(): Generation {
    return this.#current
  }

  /** Another one is in force from now on; the one before is closed behind its last connection. */
  replace(next: Generation): void {
    const before = this.#current
    this.#current = next
    for (const earlier of this.#all) next.endRevokedOf(earlier)
    this.#all.add(next)
    void before.retire().then(async () => {
      await before.close()
      this.#all.delete(before)
    })
  }

  /** Asks again about rights whose turn it is, of sessions of all of them. */
  checkRights(now: number): void {
    for (const generation of this.#all) generation.checkRights(now)
  }

  async close(): Promise<void> {
    for (const generation of this.#all) await generation.close()
  }
}

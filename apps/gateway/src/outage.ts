import type { Coordination } from '@gatehouse/coordination'
import type { Logger } from 'pino'
import type { SessionRegistry } from './session-registry.ts'

/** Ends every session when what gateways share has not been reached for too long. Until then they go on under what was known last. */
export class Outage {
  #timer: NodeJS.Timeout | null = null
  readonly #stop: () => void

  constructor(coordination: Coordination, graceSeconds: number, sessions: SessionRegistry, log: Logger) {
    this.#stop = coordination.onStateChange((state) => {
      if (this.#timer !== null) clearTimeout(this.#timer)
      this.#timer = null
      if (state.kind === 'connected') return log.info('what gateways share is reached again')
      log.error({ graceSeconds }, 'what gateways share cannot be reached: no session begins')
      this.#timer = setTimeout(() => {
        log.error({ sessions: sessions.size }, 'what gateways share was not reached in time: sessions end')
        sessions.endAll('coordination_lost')
      }, graceSeconds * 1000)
    })
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#stop()
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { DELIVERY_MILLISECONDS, type Message, type Messages, type Receiver } from '../messages.ts'
import type { MemoryHub } from './memory-hub.ts'

/** Messages between coordinations of one process. */
export class MemoryMessages implements Messages {
  readonly #hub: MemoryHub

  constructor(hub: MemoryHub) {
    this.#hub = hub
  }

  async send(gateway: string, message: Message): Promise<boolean> {
    const receiver = this.#hub.receivers.get(gateway)
    if (receiver === undefined) return false
    const tooLate = new AbortController()
    const late = sleep(DELIVERY_MILLISECONDS, false, { signal: tooLate.signal }).catch(() => false)
    try {
      return await Promise.race([receiver(message), late])
    } finally {
      tooLate.abort()
    }
  }

  receive(gateway: string, receiver: Receiver): () => void {
    this.#hub.receivers.set(gateway, receiver)
    return () => {
      if (this.#hub.receivers.get(gateway) === receiver) this.#hub.receivers.delete(gateway)
    }
  }
}

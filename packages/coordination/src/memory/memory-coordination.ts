import { Caretaker } from '../caretaker.ts'
import type { Coordination, CoordinationState } from '../coordination.ts'
import { furnish } from '../rooms.ts'
import { TIMING, type Timing } from '../timing.ts'
import { MemoryHub } from './memory-hub.ts'
import { MemoryMessages } from './memory-messages.ts'
import { MemorySessions } from './memory-sessions.ts'

const CONNECTED: CoordinationState = { kind: 'connected' }

/** Coordination in the memory of this process: of one gateway alone, or of all that are given the same hub. Never lost. */
export async function openMemoryCoordination(
  hub: MemoryHub = new MemoryHub(),
  timing: Timing = TIMING,
): Promise<Coordination> {
  const { stop, ...furnished } = await furnish(hub, hub.now)
  const sessions = new MemorySessions(hub, timing)
  const caretaker = new Caretaker(
    furnished.approvals,
    sessions,
    () => CONNECTED,
    timing,
    () => Promise.resolve(true),
  )
  return {
    ...furnished,
    sessions,
    messages: new MemoryMessages(hub),
    counters: hub.counters,
    state: CONNECTED,
    traffic: { operations: 0, failures: 0, seconds: 0 },
    onStateChange: () => () => undefined,
    close: (how) => {
      stop()
      caretaker.stop()
      sessions.close(how?.abruptly ?? false)
      return Promise.resolve()
    },
  }
}

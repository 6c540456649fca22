/**
 * What clients send to stop a statement: `KILL QUERY 5`, and `KILL 5` or `KILL CONNECTION 5` to end its session too. The
 * executable comment is how the command-line clients write it. Anything else is a statement like any other.
 */
const KILL = /^\s*KILL\s+(?:(QUERY|CONNECTION)\s+|\/\*!\d{5,6}\s+(QUERY)\s*\*\/\s*)?(\d{1,10})\s*;?\s*$/i

/** Longest text that is looked at. */
const KILL_BYTES = 64

export interface KillRequest {
  /** The connection's id. */
  readonly threadId: number
  /** The session is to end as well. */
  readonly connection: boolean
}

/** Stops a statement, or ends its session; tells when that was said. */
export type Killer = (done: () => void) => void

/** Reads a text that is a KILL in plain form; null for every other. */
export function readKill(text: Buffer): KillRequest | null {
  const first = text[0] ?? 0
  // Most texts are told apart by their first byte.
  if (text.length > KILL_BYTES || (first !== 0x4b && first !== 0x6b && first > 0x20)) return null
  const [, how, comment, threadId = ''] = KILL.exec(text.toString('latin1')) ?? []
  if (threadId === '') return null
  return { threadId: Number(threadId), connection: (how ?? comment ?? 'CONNECTION').toUpperCase() === 'CONNECTION' }
}

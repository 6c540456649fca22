import { type CutSession, findCutSessions, type TrailWriter } from '@gatehouse/audit-trail'
import type { Coordination } from '@gatehouse/coordination'
import { encodeApprovalEnded, encodeSessionEnd, encodeSessionPart } from '@gatehouse/core'
import type { Logger } from 'pino'
import type { SessionTally } from './monitoring/session-tally.ts'
import type { Turn } from './turn.ts'
import { messageOf } from './upstream-dial.ts'

/** What is needed to account for the sessions of a process that is no more. */
export interface CutSessionPorts {
  readonly directory: string
  readonly trail: Pick<TrailWriter, 'unended' | 'owe'>
  readonly turn: Pick<Turn, 'schedule'>
  readonly coordination: Pick<Coordination, 'sessions' | 'approvals'>
  readonly tally: Pick<SessionTally, 'sessionCut'>
  readonly log: Logger
}

/** So many are recorded in one turn of the event loop. */
const AT_ONCE = 200

/**
 * Accounts for the sessions that a crash of the process which wrote this trail before has cut off: each is recorded as ended, with the statements
 * whose outcome nobody knows, and the other gateways see it no more. Meanwhile sessions are served. What could not be done is logged, and
 * done by the next start. The function that comes back stops it.
 */
export function accountForCutSessions(ports: CutSessionPorts): () => void {
  const stop = new AbortController()
  void account(ports, stop.signal)
  return () => stop.abort()
}

async function account(ports: CutSessionPorts, signal: AbortSignal): Promise<void> {
  const { directory, trail, turn, log } = ports
  if (trail.unended.left === null) return
  let cut: readonly CutSession[]
  try {
    cut = await findCutSessions(directory, trail.unended.left)
    for (let at = 0; at < cut.length && !signal.aborted; at += AT_ONCE) {
      for (const one of cut.slice(at, at + AT_ONCE)) record(one, ports)
      turn.schedule()
      await new Promise(setImmediate)
    }
  } catch (error) {
    if (!signal.aborted)
      log.error({ error: messageOf(error) }, 'which sessions a crash has cut off could not be read in the trail')
    return
  }
  if (signal.aborted) return
  trail.unended.accountedFor()
  if (cut.length === 0) return
  const unknown = cut.reduce((sum, one) => sum + one.unknown.length, 0)
  log.error({ sessions: cut.length, unknown }, 'sessions were cut off by a crash of the process before this one')
  await forget(cut, ports)
}

function record({ session, statements, unknown, waiting, milliseconds }: CutSession, ports: CutSessionPorts): void {
  const { trail, tally } = ports
  const part = encodeSessionPart(session)
  // Nobody ran what was held: an approval that was used is recorded as ended before its statement is.
  for (const approval of waiting)
    trail.owe(
      encodeApprovalEnded(part, { approval, state: 'voided', why: 'crashed', heldMicroseconds: 0, decisions: [] }),
    )
  trail.owe(encodeSessionEnd(part, 'crashed', milliseconds * 1000, statements, unknown))
  tally.sessionCut(session.engine)
}

/** By their ids, which the trail vouches for: a gateway of the same name elsewhere keeps its own. */
async function forget(cut: readonly CutSession[], { coordination, log }: CutSessionPorts): Promise<void> {
  try {
    await coordination.sessions.remove(cut.map(({ session }) => session.id))
    for (const { session, waiting } of cut)
      for (const approval of waiting) await coordination.approvals.leave(approval, session.id, 'gateway_lost')
  } catch (error) {
    // They are shown until the heartbeat of the process that had them is missed.
    log.warn(
      { error: messageOf(error) },
      'the end of sessions that a crash has cut off could not be told to the others',
    )
  }
}

import type { SessionFilter, SessionRecord } from './sessions.ts'

/** The sessions a filter asks for, newest first. */
export function filterSessions(records: Iterable<SessionRecord>, filter: SessionFilter): readonly SessionRecord[] {
  const { target, subject, actor, gateway, limit = 1000 } = filter
  const found: SessionRecord[] = []
  for (const record of records) {
    if (target !== undefined && record.target !== target) continue
    if (subject !== undefined && record.principal.subject !== subject) continue
    if (actor !== undefined && record.principal.actor !== actor) continue
    if (gateway !== undefined && record.gateway !== gateway) continue
    found.push(record)
  }
  return found.sort((one, other) => other.startedAt - one.startedAt || (one.id < other.id ? -1 : 1)).slice(0, limit)
}

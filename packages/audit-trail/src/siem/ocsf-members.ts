import type { AuditedSession, AuditRecord } from '@gatehouse/core'
import { isIP } from 'node:net'

/** Parts of events. A member that is undefined is not sent. */

/** What the schema wants and a record does not say. */
const UNKNOWN = 'unknown'

type Principal = AuditedSession['principal']
type Members = Readonly<Record<string, unknown>>

/** A member that is an object, as readers outside see it; empty: there is none. */
export function memberOf(record: object, name: string): Members {
  const member = (record as Members)[name]
  return typeof member === 'object' && member !== null ? (member as Members) : {}
}

/** A text; `unknown`: there is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : UNKNOWN
}

/** Microseconds as whole milliseconds; undefined: it cannot be told. */
export function milliseconds(microseconds: unknown): number | undefined {
  return typeof microseconds === 'number' ? Math.round(microseconds / 1000) : undefined
}

/** A principal as a user: whoever it is for. */
export function userOf(principal: Partial<Principal> | undefined): Members {
  const subject = textOf(principal?.subject)
  const groups = principal?.groups ?? []
  return { name: subject, uid: subject, groups: groups.length === 0 ? undefined : groups.map((name) => ({ name })) }
}

/** Who did it, by whose word, and in which session. */
export function actorOf(record: AuditRecord, principal: Partial<Principal> | undefined = record.principal): Members {
  const session = record.session === undefined ? undefined : sessionOf(record)
  if (principal === undefined) return session === undefined ? { app_name: UNKNOWN } : { session }
  const { actor, issuer } = principal
  return {
    user: userOf(principal),
    app_name: actor ?? undefined,
    idp: issuer === undefined ? undefined : { uid: issuer },
    session,
  }
}

/** The session, by its id. */
export function sessionOf(record: AuditRecord): Members {
  return { uid: textOf(record.session), issuer: record.principal?.issuer }
}

/** Where a client is: by its address, or by what stands in its place. */
export function endpointOf(address: unknown): Members {
  const text = textOf(address)
  return isIP(text) === 0 ? { name: text } : { ip: text }
}

/** What a record holds besides what every event has and what was given another place; `hash` is what it is found by. */
export function unmapped(record: AuditRecord, ...placed: readonly string[]): Members {
  const elsewhere = new Set(['seq', 'time', 'prev', 'kind', ...placed])
  return Object.fromEntries(Object.entries(record).filter(([name]) => !elsewhere.has(name)))
}

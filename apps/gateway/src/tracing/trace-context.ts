import type { AuditedParameter, GateSession } from '@gatehouse/core'

/** Where a trace is joined: what a `traceparent` says (W3C Trace Context, version 00). */
export interface TraceParent {
  /** 32 hexadecimal digits, not all of them 0. */
  readonly traceId: string
  /** 16 hexadecimal digits, not all of them 0. */
  readonly spanId: string
  readonly sampled: boolean
}

const TRACEPARENT = /(?<![0-9a-f-])00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?![0-9a-f-])/
/** `traceparent='00-…'` in a comment, as sqlcommenter writes it. */
const IN_COMMENT = /\/\*(?:(?!\*\/)[\s\S]){0,4096}?\btraceparent='([^']{55})'/
/** A comment at the beginning or the end of a text is found here: no more of it is looked at. */
const LOOKED_AT = 4096

/** The first `traceparent` in a text; null: there is none. */
export function traceParentIn(text: string): TraceParent | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 }
}

/** That of a comment in a statement. */
export function traceParentOfText(text: string): TraceParent | null {
  if (!text.includes('traceparent=')) return null
  const parts = text.length <= 2 * LOOKED_AT ? [text] : [text.slice(-LOOKED_AT), text.slice(0, LOOKED_AT)]
  for (const part of parts) {
    const found = IN_COMMENT.exec(part)?.[1]
    if (found !== undefined) return traceParentIn(found)
  }
  return null
}

/** That of a query attribute `traceparent` (MySQL). */
export function traceParentOfAttributes(
  { engine }: GateSession,
  parameters: readonly AuditedParameter[] | null,
): TraceParent | null {
  if (engine !== 'mysql' || parameters === null) return null
  for (const parameter of parameters)
    if (typeof parameter === 'string' && parameter.startsWith('traceparent=')) return traceParentIn(parameter)
  return null
}

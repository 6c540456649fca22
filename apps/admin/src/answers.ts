/** What is stored, as the API shows it: moments as ISO 8601 texts, nothing that opens a door. */
import type {
  Approval,
  Credential,
  Delivery,
  Grant,
  LegalHold,
  Revocation,
  SessionRecord,
} from '@gatehouse/coordination'

/** `Value` with every moment as text. */
export type Shown = Readonly<Record<string, unknown>>

export function shownApproval({
  createdAt,
  request,
  decisions,
  waiters,
  openUntil,
  endedAt,
  ticket,
  ...rest
}: Approval): Shown {
  return {
    ...rest,
    createdAt: moment(createdAt),
    request: { ...request, history: request.history.map(({ at, ...entry }) => ({ at: moment(at), ...entry })) },
    decisions: decisions.map(({ at, ...decision }) => ({ ...decision, at: moment(at) })),
    waiters: waiters.map(({ since, until, ...waiter }) => ({ ...waiter, since: moment(since), until: moment(until) })),
    openUntil: moment(openUntil),
    endedAt: moment(endedAt),
    ticket: ticket === null ? null : { until: moment(ticket.until), usedAt: moment(ticket.usedAt) },
  }
}

/** Member by member: a session's cancel key, and whatever comes to be stored beside it, is not for showing. */
export function shownSession(session: SessionRecord): Shown {
  const {
    id,
    gateway,
    principal,
    target,
    engine,
    credential,
    clientAddress,
    applicationName,
    state,
    approval,
    statements,
  } = session
  const { startedAt, since } = session
  return {
    id,
    gateway,
    principal,
    target,
    engine,
    credential,
    clientAddress,
    applicationName,
    startedAt: moment(startedAt),
    state,
    since: moment(since),
    approval,
    statements,
  }
}

/** `at`: while pending, when it is tried next. */
export function shownDelivery({ at, ...rest }: Delivery): Shown {
  return { ...rest, at: moment(at) }
}

export function shownGrant({ at, until, ...rest }: Grant): Shown {
  return { ...rest, at: moment(at), until: moment(until) }
}

export function shownRevocation({ at, until, ...rest }: Revocation): Shown {
  return { ...rest, at: moment(at), until: moment(until) }
}

/** Member by member: neither verifiers nor claims are for showing. */
export function shownCredential({ name, principal, target, address, uses, used, at, until }: Credential): Shown {
  const { issuer, subject, actor } = principal
  const identity = { issuer, subject, actor }
  return { name, principal: identity, target, address, uses, used, at: moment(at), until: moment(until) }
}

/** `until`: when one that was lifted is forgotten. */
export function shownLegalHold({ at, until, lifted, ...rest }: LegalHold): Shown {
  return {
    ...rest,
    at: moment(at),
    until: moment(until),
    lifted: lifted === null ? null : { ...lifted, at: moment(lifted.at) },
  }
}

function moment(milliseconds: number): string
function moment(milliseconds: number | null): string | null
function moment(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}

import {
  encodeLoginRefused,
  withoutSecrets,
  encodeSessionPart,
  type EngineName,
  Gate,
  type GateSession,
  type Principal,
  type Secret,
  type StatementReader,
  TrailUnavailable,
} from '@gatehouse/core'
import type { ListenerConfig } from './config/index.ts'
import type { Connection } from './connection.ts'
import type { EnginePorts } from './engine.ts'
import type { CredentialOptions, Proved } from './credential-login.ts'
import { type Farewell, farewell } from './farewell.ts'
import type { TokenRefusalCode, TokenVerifier } from '@gatehouse/identity'
import type { LoginBackOff } from './login-back-off.ts'
import { coordinationLost, LoginInterrupted, LoginRefused, refused } from './login-refused.ts'
import type { ListenerTls } from './listener-tls.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { CancelKey } from './session.ts'
import { UpstreamUnavailable } from './upstream-dial.ts'

/** What a login of any engine goes by. */
export interface LoginOptions extends CredentialOptions {
  /** Null: the listener has no TLS. */
  readonly tls: ListenerTls | null
  readonly allowClearTextPassword: boolean
  readonly verifier: TokenVerifier
  readonly backOff: LoginBackOff
}

/** What the logins of a listener go by, from what its engine works with. */
export function loginOptions(
  ports: EnginePorts & { readonly listener: ListenerConfig; readonly tls: ListenerTls | null },
  targets: Iterable<string>,
): LoginOptions {
  const { listener, tls, verifier, credentials, unknownNamesSeed, backOff, clock } = ports
  return {
    tls,
    allowClearTextPassword: listener.allowClearTextPasswordOnLoopback,
    verifier,
    credentials,
    unknownNamesSeed,
    backOff,
    targets: new Set(targets),
    now: () => clock.now(),
  }
}

/**
 * A token travels encrypted, or over loopback where that was configured. The proof of a session credential shows no secret, so
 * a listener without TLS, which is on loopback, takes it. `hint`: how a driver asks for
 * TLS. Throws `LoginRefused`.
 */
export function insistOnTls(
  connection: Connection,
  options: LoginOptions,
  hint: string,
  what: 'token' | 'proof' | 'secret' = 'token',
): void {
  if (connection.encrypted || options.allowClearTextPassword) return
  if (what === 'proof' && options.tls === null) return
  const message = `a ${what === 'token' ? 'token' : 'session credential'} may only be sent over TLS`
  throw refused('login refused', 'TLS_REQUIRED', message, hint)
}

/** Who the client is, by the token it presents. Throws `LoginRefused`. */
export async function verifiedPrincipal(token: Secret<string>, options: LoginOptions): Promise<Principal> {
  const verdict = await options.verifier.verify(token, options.now())
  if (verdict.kind === 'principal') return verdict.principal
  throw new LoginRefused(
    farewell(
      'token refused',
      verdict.code === 'TOKEN_EXPIRED' ? 'TOKEN_EXPIRED' : 'TOKEN_REFUSED',
      verdict.message,
      'The password is an OIDC token for this gateway.',
    ),
    `${verdict.code}: ${verdict.detail}`,
    { guess: !HONEST.has(verdict.code) },
  )
}

/** Refusals of tokens that say nothing of who sends them: it once was right, or nobody could look. */
const HONEST: ReadonlySet<TokenRefusalCode> = new Set([
  'TOKEN_EXPIRED',
  'NOT_YET_VALID',
  'ISSUER_UNREACHABLE',
  'VERIFICATION_FAILED',
])

/**
 * The target's name stands behind a plus in the user name, or is the database name. Null: there is no such target. Which
 * targets exist is told only to who is logged in (`unknownTarget`).
 */
export function chooseTarget(user: string, database: string, targets: ReadonlySet<string>): string | null {
  const plus = user.lastIndexOf('+')
  if (plus >= 0 && targets.has(user.slice(plus + 1))) return user.slice(plus + 1)
  return targets.has(database) ? database : null
}

export function unknownTarget({ targets }: LoginOptions): LoginRefused {
  const names = [...targets].join(', ')
  return refused(
    'unknown target',
    'UNKNOWN_TARGET',
    'there is no such target',
    `Put a target in the database name: ${names}.`,
  )
}

/** Begins a session in one of the principal's places; the place is free again when it does not begin. Throws `LoginRefused`. */
export async function inPlace(
  sessions: SessionRegistry,
  principal: Principal,
  most: number,
  begin: () => Promise<void>,
): Promise<void> {
  if (!sessions.enter(principal, most)) {
    throw refused(
      'too many sessions',
      'TOO_MANY_CONNECTIONS',
      `you already have ${most} sessions`,
      'Close some of them first.',
    )
  }
  try {
    await begin()
  } catch (error) {
    sessions.leave(principal)
    throw error
  }
}

/**
 * Shows a session that is about to begin to the other gateways. Throws `LoginRefused` when they are not to be reached, when its
 * right was revoked, or when the principal has too many on all of them.
 */
export async function show(
  { id, principal, target, engine, credential }: GateSession,
  client: Connection,
  applicationName: string | null,
  key: CancelKey,
  { shared, listener }: EnginePorts & { readonly listener: ListenerConfig },
): Promise<void> {
  const clientAddress = client.remoteAddress
  const session = { id, principal, target, engine, credential, clientAddress, applicationName }
  const entered = await shared.enter(session, key, listener.maxConnectionsPerPrincipal)
  switch (entered.kind) {
    case 'entered':
      return
    case 'revoked':
      throw refused(
        'denied',
        'ACCESS_REVOKED',
        `your access was revoked: ${entered.reason}`,
        'Ask the operator of the gateway for access.',
      )
    case 'too_many':
      throw refused(
        'too many sessions',
        'TOO_MANY_CONNECTIONS',
        `you already have ${entered.limit} sessions`,
        'Close some of them first.',
      )
    case 'process_id_taken':
      throw refused('gateway fault', 'INTERNAL', 'the gateway could not begin a session', 'Connect again.')
    case 'lost':
      throw coordinationLost('the session could not be shown to them')
    default:
      throw entered satisfies never
  }
}

/** The gate of a new session. Throws `LoginRefused` where policy gives the principal nothing on the target. */
export function openGate<Names extends object>(
  engine: EngineName,
  { principal, target, credential }: Proved,
  application: string | null,
  rolePinned: boolean,
  ports: EnginePorts & { readonly reader: StatementReader<Names> },
): { readonly gate: Gate<Names>; readonly session: GateSession } {
  const identity = { id: ports.sessions.newId(), principal, target, engine }
  const pinned = rolePinned ? ({ rolePinned } as const) : {}
  const called = application === null ? {} : { application }
  const session = { ...identity, credential, ...called, ...pinned, encoded: encodeSessionPart(identity) }
  const gate = new Gate<Names>(session, ports)
  if (gate.authority.allowsAnything) return { gate, session }
  throw refused(
    'denied',
    'NOTHING_ALLOWED',
    `no policy rule allows you anything on target ${target}`,
    'Ask the operator of the gateway which target is yours.',
  )
}

/**
 * Tells the log and the trail why there is no session, and returns what the client is to be told; null: it has left.
 * `protocolFault`: what the peer did to the protocol, where that is why.
 */
export function loginFailed(
  client: Connection,
  user: string | null,
  error: unknown,
  protocolFault: { readonly code: string; readonly message: string } | null,
  engine: EngineName,
  { log, trail, turn, tally, tls, clock }: EnginePorts & { readonly tls: ListenerTls | null },
): Farewell | null {
  if (error instanceof LoginInterrupted && client.closed) return null
  const { said, detail } = explain(error, protocolFault)
  const credential = error instanceof LoginRefused ? error.credential : null
  const address = client.remoteAddress
  tally.loginRefused(engine, credential === null ? null : 'credential', said.code)
  // A client may send its token where the name belongs.
  const label = user === null ? null : withoutSecrets(user)
  log.warn(
    {
      engine,
      connection: client.id,
      address,
      user: label,
      credential,
      code: said.code,
      detail: withoutSecrets(detail),
    },
    'login refused',
  )
  const certificate = tls?.shownBy(client, clock.now()) ?? null
  const who = { user, target: null, address, engine, credential, certificate }
  trail.owe(encodeLoginRefused({ code: said.code, reason: detail, ...who }))
  turn.schedule()
  return said
}

function explain(
  error: unknown,
  protocolFault: { readonly code: string; readonly message: string } | null,
): { readonly said: Farewell; readonly detail: string } {
  if (error instanceof LoginRefused) return { said: error.farewell, detail: error.detail }
  if (error instanceof UpstreamUnavailable) {
    const hint = 'Try again later; an operator can see why in the gateway’s log.'
    return {
      said: farewell('upstream', 'UPSTREAM_UNAVAILABLE', error.message, hint),
      detail: `${error.message}: ${error.detail}`,
    }
  }
  if (protocolFault !== null) {
    const { code, message } = protocolFault
    const hint = 'The client and the gateway do not speak the same protocol.'
    return { said: farewell('protocol', 'PROTOCOL', message, hint), detail: `${code}: ${message}` }
  }
  if (error instanceof LoginInterrupted) {
    const hint = 'Connect again and answer at once.'
    return { said: farewell('protocol', 'LOGIN_TIMEOUT', error.message, hint), detail: error.message }
  }
  if (error instanceof TrailUnavailable) {
    const message = 'the audit trail cannot be written, so no session can begin'
    const hint = 'Try again later; an operator has to mend the audit trail first.'
    return { said: farewell('gateway fault', 'TRAIL_UNAVAILABLE', message, hint), detail: error.message }
  }
  return {
    said: farewell(
      'gateway fault',
      'INTERNAL',
      'the gateway could not begin a session',
      'Try again; if it goes on, tell the operator.',
    ),
    detail: error instanceof Error ? (error.stack ?? error.message) : String(error),
  }
}

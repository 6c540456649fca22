import type { Gate, GateClock, GateSession, MaskingKeys, Principal } from '@gatehouse/core'
import { MessageWriter, type ProtocolError } from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { Logger } from 'pino'
import { type Connection, Pause } from '../connection.ts'
import { farewellOf } from '../farewell.ts'
import type { ApprovalDesk } from '../holding/approval-desk.ts'
import { SessionHold } from '../holding/session-hold.ts'
import { type EndReason, leaveReasonOf, type Session, type SessionActivity } from '../session.ts'
import type { SessionRegistry } from '../session-registry.ts'
import type { SharedSessions } from '../shared-sessions.ts'
import type { Target } from '../target.ts'
import { TokenExpiry } from '../token-expiry.ts'
import type { Turn } from '../turn.ts'
import type { CatalogSource } from './catalog-source.ts'
import { encodeExpiryWarning, encodeFarewell, encodeHeldNotice, STILL_HELD } from './refusal.ts'
import { PostgresRequests } from './requests.ts'
import { estimateRows } from './row-estimate.ts'
import { PostgresResponses } from './responses.ts'
import { SessionNames, STATUS_IDLE } from './session-names.ts'
import { cancelUpstream, type Upstream } from './upstream.ts'
import { cancelInTurn } from '../upstream-cancels.ts'

export interface PostgresSessionOptions {
  readonly session: GateSession
  readonly targetConfig: Target
  /** The role of the database it runs under; null: the user's own. */
  readonly role: string | null
  readonly catalog: CatalogSource
  readonly client: Connection
  readonly upstream: Upstream
  readonly gate: Gate<NameEnvironment>
  readonly searchPath: readonly string[]
  readonly turn: Turn
  readonly sessions: SessionRegistry
  readonly desk: ApprovalDesk
  readonly shared: SharedSessions
  readonly maskingKeys: MaskingKeys
  readonly maxMessageBytes: number
  readonly log: Logger
  /** So long before the token expires the client is told; 0: it is not. */
  readonly expiryWarningSeconds: number
  readonly clock: GateClock
  readonly ended: (reason: string, statements: number, milliseconds: number) => void
  readonly alarm: (code: string, message: string) => void
}

/** One logged-in session: two pumps between client and upstream, and the ways it can end. */
export class PostgresSession implements Session {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly credential: string | null
  readonly clientAddress: string
  readonly #options: PostgresSessionOptions
  readonly #requests: PostgresRequests
  readonly #names: SessionNames
  readonly #responses: PostgresResponses
  readonly #hold: SessionHold
  readonly #startedAt: number
  readonly #expiry: TokenExpiry
  #over = false

  constructor(options: PostgresSessionOptions) {
    const { id, principal, target } = options.session
    this.id = id
    this.principal = principal
    this.target = target
    this.credential = options.session.credential
    this.clientAddress = options.client.remoteAddress
    this.#options = options
    this.#startedAt = options.clock.monotonic()
    const { client, gate, turn, maxMessageBytes, maskingKeys, clock } = options
    this.#expiry = new TokenExpiry(principal, {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      warningSeconds: options.expiryWarningSeconds,
      soon: (seconds) => {
        options.log.info({ session: this.id, seconds }, 'the token of a session is about to expire')
        this.#responses.output.tell(encodeExpiryWarning(seconds))
      },
      expired: () => this.end('token_expired'),
    })
    const upstream = options.upstream.connection
    const { role } = options
    const lost = (): void => this.#upstreamOver('role', 'a function that this session ran has changed its role')
    const names = new SessionNames(options.catalog, options.searchPath, role === null ? null : { role, lost })
    this.#names = names
    this.#responses = new PostgresResponses({
      client,
      gate,
      names,
      maskingKeys,
      // The server may send larger messages than a client may: one row can hold a whole document.
      maxMessageBytes: 0x3fff_ffff,
      cancelRunning: () => this.#cancelRunning(),
      over: (why) => this.#upstreamOver(why.kind, why.detail),
    })
    const hold = new SessionHold(options.desk, options.session, {
      held: (approval, url, seconds) => {
        this.#responses.output.tell(encodeHeldNotice(approval, url, seconds))
        options.shared.publish()
      },
      stillHeld: () => this.#responses.output.tell(STILL_HELD),
      resume: (approved) => this.#resume(approved),
      settings: () => this.#requests.settings(),
      estimate: (statement) => {
        const { searchPath, environment } = names
        return estimateRows(
          target,
          options.targetConfig,
          options.role,
          statement,
          searchPath,
          environment.catalog,
          turn,
        )
      },
      inTransaction: () => names.transactionStatus !== STATUS_IDLE,
    })
    this.#hold = hold
    this.#requests = new PostgresRequests(
      {
        client,
        upstream,
        turn,
        gate,
        names,
        hold,
        maxMessageBytes,
        over: (fault) => this.#clientOver(fault),
      },
      this.#responses.skipped,
    )
    this.#responses.answering(this.#requests)
    client.counterpart = upstream
    upstream.counterpart = client
  }

  /** Begins to relay; from here on the session lives until one side ends it. */
  start(): void {
    this.#expiry.watch()
    this.#options.client.onCertificateLost = (reason) => this.end('revoked', reason)
    this.#options.upstream.lease.onEnd((reason) => this.end('credential_ended', reason))
    this.#options.upstream.connection.receive(this.#responses)
    this.#options.client.receive(this.#requests.flow)
  }

  /** What was approved must mean what was shown: names are looked up anew before it is read again. */
  #resume(approved: boolean): void {
    if (approved) void this.#names.refresh().then(this.#requests.flow.resume)
    else this.#requests.flow.resume()
  }

  cancel(): Promise<void> {
    return this.#hold.stop('cancelled') ? Promise.resolve() : this.#cancelUpstream()
  }

  #cancelUpstream(): Promise<void> {
    const { targetConfig, upstream, turn } = this.#options
    return cancelInTurn(targetConfig, () => cancelUpstream(this.target, targetConfig, upstream.key, turn))
  }

  activity(): SessionActivity {
    const { waiting, approval } = this.#hold
    const running = this.#requests.queue.length > 0 ? 'running' : 'idle'
    return {
      state: waiting ? 'held' : running,
      approval: waiting ? approval : null,
      statements: this.#requests.admitted,
    }
  }

  checkTime(now: number): void {
    this.#hold.checkRules(this.#options.gate.authority)
    this.#responses.checkTime(now)
    this.#expiry.check()
  }

  /** Nothing more of the client is forwarded until the upstream was told: the cancel must not hit its next statement. */
  #cancelRunning(): void {
    const { client } = this.#options
    client.pause(Pause.Cancelling)
    void this.#cancelUpstream().finally(() => client.resume(Pause.Cancelling))
  }

  end(reason: EndReason, detail = ''): void {
    if (this.#over) return
    this.#responses.output.lastWord(encodeFarewell(farewellOf(reason, detail)))
    this.#finish(reason)
  }

  #clientOver(fault: ProtocolError | null): void {
    if (this.#over) return
    if (fault === null) return this.#finish('client_closed')
    this.#options.log.warn(
      { session: this.id, code: fault.code, detail: fault.message },
      'the client broke the protocol',
    )
    this.end('protocol_violation', fault.message)
  }

  #upstreamOver(kind: 'closed' | 'protocol' | 'mismatch' | 'setting' | 'role', detail: string): void {
    if (this.#over) return
    const { log, alarm } = this.#options
    switch (kind) {
      case 'closed':
        if (this.#requests.saidGoodbye) return this.#finish('client_closed')
        // The server's own FATAL message, if there was one, has been passed on.
        return this.end('upstream_closed', detail)
      case 'protocol':
        log.error({ session: this.id, detail }, 'the database broke the protocol')
        return this.end('upstream_closed', detail)
      case 'mismatch':
        log.error({ session: this.id, detail }, 'a result was not what was read in the statement')
        alarm('RESULT_MISMATCH', detail)
        // Most likely definitions were changed elsewhere: whoever comes next finds them read anew.
        this.#options.catalog.markStale()
        return this.end('result_mismatch', detail)
      case 'setting':
        log.error({ session: this.id, detail }, 'a pinned setting was changed')
        alarm('SETTING_CHANGED', detail)
        return this.end('setting_changed', detail)
      case 'role':
        log.error({ session: this.id, detail }, 'the role of a session in the database was changed')
        alarm('ROLE_CHANGED', detail)
        return this.end('role_changed')
      default:
        throw kind satisfies never
    }
  }

  /** Ends both sides, once: what still runs upstream is cancelled, and the trail learns what became of everything. */
  #finish(reason: EndReason | 'client_closed'): void {
    this.#over = true
    this.#expiry.forget()
    this.#hold.end(leaveReasonOf(reason))
    const { client, upstream, sessions, turn, clock, ended } = this.#options
    const running = this.#requests.queue.length > 0
    const statements = this.#requests.admitted
    this.#requests.flow.end()
    this.#responses.end()
    this.#names.leave()
    sessions.remove(this)
    sessions.leave(this.principal)
    ended(reason, statements, clock.monotonic() - this.#startedAt)
    turn.schedule()
    client.endRecording()
    client.end()
    if (running) void this.#cancelUpstream()
    // One turn later: where many sessions end at once, all clients are told before the database is busy with ending its processes.
    setImmediate(() => {
      upstream.connection.stage(TERMINATE, 0, TERMINATE.length)
      upstream.connection.end()
    })
  }
}

const TERMINATE = new MessageWriter().begin(0x58 /* X */).end().take()

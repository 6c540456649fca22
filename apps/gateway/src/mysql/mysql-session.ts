import type { Gate, GateClock, GateSession, MaskingKeys, Principal, SessionSettings } from '@gatehouse/core'
import { Capability, type ChangeUser, LARGEST_PAYLOAD, type ProtocolError, ServerStatus } from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
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
import { messageOf } from '../upstream-dial.ts'
import type { CatalogSource } from './catalog-source.ts'
import type { Killer, KillRequest } from './own-kill.ts'
import { OwnWork } from './own-work.ts'
import { encodeFarewell } from './refusal.ts'
import { MysqlRequests } from './requests.ts'
import { estimateRows } from './row-estimate.ts'
import { MysqlResponses } from './responses.ts'
import { SessionNames } from './session-names.ts'
import { cancelInTurn } from '../upstream-cancels.ts'
import { killQuery, leaveUpstream, type Upstream } from './upstream.ts'

export interface MysqlSessionOptions {
  readonly session: GateSession
  /** The connection's id as the client sees it. */
  readonly threadId: number
  readonly targetConfig: Target
  /** The role of the database it runs under; null: the user's own. */
  readonly role: string | null
  readonly catalog: CatalogSource
  readonly client: Connection
  /** What is agreed with the client. */
  readonly clientCapabilities: number
  readonly upstream: Upstream
  readonly gate: Gate<MysqlNames>
  readonly turn: Turn
  readonly sessions: SessionRegistry
  readonly desk: ApprovalDesk
  readonly shared: SharedSessions
  readonly maskingKeys: MaskingKeys
  readonly maxMessageBytes: number
  readonly log: Logger
  /** So long before the token expires the log says so; 0: it does not. */
  readonly expiryWarningSeconds: number
  readonly clock: GateClock
  readonly ended: (reason: string, statements: number, milliseconds: number) => void
  readonly alarm: (code: string, message: string) => void
  /** The client logs in anew: this session is over, its connection goes on. */
  readonly changeUser: (message: ChangeUser, nextSequenceId: number, early: Buffer) => void
}

/** One logged-in session: two pumps between client and upstream, and the ways it can end. */
export class MysqlSession implements Session {
  readonly id: string
  readonly principal: Principal
  readonly target: string
  readonly credential: string | null
  readonly clientAddress: string
  readonly #options: MysqlSessionOptions
  readonly #requests: MysqlRequests
  readonly #names: SessionNames
  readonly #responses: MysqlResponses
  readonly #hold: SessionHold
  readonly #work: OwnWork
  readonly #startedAt: number
  readonly #expiry: TokenExpiry
  #over = false

  constructor(options: MysqlSessionOptions) {
    const { id, principal, target } = options.session
    this.id = id
    this.principal = principal
    this.target = target
    this.credential = options.session.credential
    this.clientAddress = options.client.remoteAddress
    this.#options = options
    this.#startedAt = options.clock.monotonic()
    const { client, gate, turn, maxMessageBytes, maskingKeys, clock, clientCapabilities } = options
    this.#expiry = new TokenExpiry(principal, {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      warningSeconds: options.expiryWarningSeconds,
      // The protocol has no way to tell the client before it asks.
      soon: (seconds) => options.log.info({ session: this.id, seconds }, 'the token of a session is about to expire'),
      expired: () => this.end('token_expired'),
    })
    const { connection: upstream, capabilities, version, settings } = options.upstream
    const names = new SessionNames(options.catalog, version, settings)
    this.#names = names
    this.#responses = new MysqlResponses({
      client,
      gate,
      maskingKeys,
      agreed: { capabilities, mariadbCapabilities: 0 },
      clientTracksSession: (clientCapabilities & Capability.SESSION_TRACK) !== 0,
      // The server may send larger packets than a client may: one row can hold a whole document.
      maxMessageBytes: LARGEST_PAYLOAD,
      cancelRunning: () => this.#cancelRunning(),
      stateChanged: (changes) => names.stateChanged(changes),
      over: (why) => this.#upstreamOver(why.kind, why.detail),
    })
    this.#responses.statusFlags = ServerStatus.AUTOCOMMIT
    this.#work = new OwnWork(
      target,
      options.upstream,
      options.targetConfig.connectTimeoutSeconds * 1000,
      names,
      options.role,
    )
    // The protocol has no way to say something before the response: the approval is named in the error, if there is one.
    this.#hold = new SessionHold(options.desk, options.session, {
      held: () => options.shared.publish(),
      // Nor can anything be said in the middle.
      stillHeld: () => undefined,
      resume: (approved) => this.#resume(approved),
      settings: () => this.#settings(),
      estimate: ({ text, settings }) => {
        const bound = this.#requests.asking
        const schema = bound === null ? names.schema : bound.names.schema
        return estimateRows(target, options.targetConfig, text, bound?.values ?? [], {
          schema,
          settings,
          role: options.role,
        })
      },
      inTransaction: () => (this.#responses.statusFlags & ServerStatus.IN_TRANS) !== 0,
    })
    this.#requests = new MysqlRequests({
      client,
      upstream,
      turn,
      gate,
      names,
      hold: this.#hold,
      responses: this.#responses,
      clientCapabilities,
      capabilities,
      maxMessageBytes,
      schemaOf: (name) => this.#schemaOf(name),
      killer: (request) => this.#killer(request),
      killerElsewhere: (request) => this.#killerElsewhere(request),
      work: () => this.#ownWork(),
      wasReset: () => {
        this.#work.settle = true
        names.forget()
      },
      changeUser: (message, nextSequenceId, early) => this.#changeUser(message, nextSequenceId, early),
      over: (fault) => this.#clientOver(fault),
    })
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

  /** True for the connection's id as the client was greeted with, and as the server has it. */
  hasThreadId(threadId: number): boolean {
    return threadId === this.#options.threadId || threadId === this.#options.upstream.threadId
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
    return cancelInTurn(targetConfig, () => killQuery(this.target, targetConfig, upstream, turn))
  }

  activity(): SessionActivity {
    const { waiting, approval } = this.#hold
    const running = this.#responses.idle ? 'idle' : 'running'
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
    const sequenceId = this.#responses.idle ? 1 : this.#responses.nextSequenceId
    this.#responses.lastWord(encodeFarewell(farewellOf(reason, detail), sequenceId))
    this.#finish(reason)
    this.#options.client.end()
  }

  /** A client that asks for the target by its name means the target's own schema, unless there is one of that name. */
  #schemaOf(name: string): string | null {
    const { targetConfig, catalog } = this.#options
    return name === this.target && catalog.catalog.schema(name) === undefined ? targetConfig.database : null
  }

  #killer({ threadId, connection }: KillRequest): Killer | null {
    for (const session of this.#options.sessions.ownedBy(this.principal)) {
      if (!(session instanceof MysqlSession) || session.target !== this.target || !session.hasThreadId(threadId))
        continue
      return (done) => {
        void session.cancel().finally(() => {
          if (connection) session.end('killed')
          if (session !== this || !connection) done()
        })
      }
    }
    return null
  }

  async #killerElsewhere({ threadId, connection }: KillRequest): Promise<Killer | null> {
    const { shared } = this.#options
    const owner = await shared.ownerElsewhere(threadId, this.principal)
    if (owner === null) return null
    const { session } = owner
    const by = this.principal.subject
    const reason = 'KILL from another session of your own'
    return (done) =>
      void shared
        .tell(owner, connection ? { kind: 'end_session', session, reason, by } : { kind: 'cancel', session })
        .then(done)
  }

  #ownWork(): Promise<void> | null {
    const work = this.#work.begin(this.#requests.toReset)
    return work === null
      ? null
      : work
          .then(() => {
            if (!this.#over) this.#options.upstream.connection.receive(this.#responses)
          })
          .catch((error: unknown) => this.#upstreamOver('closed', messageOf(error)))
  }

  async #settings(): Promise<SessionSettings | null> {
    try {
      const settings = await this.#work.askSettings()
      if (!this.#over) this.#options.upstream.connection.receive(this.#responses)
      return settings
    } catch (error) {
      this.#upstreamOver('closed', messageOf(error))
      return null
    }
  }

  #changeUser(message: ChangeUser, nextSequenceId: number, early: Buffer): void {
    if (this.#over) return
    this.#options.client.hold()
    this.#finish('change_user')
    this.#options.changeUser(message, nextSequenceId, early)
  }

  #clientOver(fault: ProtocolError | null): void {
    if (this.#over) return
    if (fault === null) {
      this.#finish('client_closed')
      return this.#options.client.end()
    }
    this.#options.log.warn(
      { session: this.id, code: fault.code, detail: fault.message },
      'the client broke the protocol',
    )
    this.end('protocol_violation', fault.message)
  }

  #upstreamOver(kind: 'closed' | 'protocol' | 'mismatch' | 'setting', detail: string): void {
    if (this.#over) return
    const { log, alarm } = this.#options
    switch (kind) {
      case 'closed':
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
      default:
        throw kind satisfies never
    }
  }

  /** Ends the upstream side, once: what still runs there is cancelled, and the trail learns what became of everything. */
  #finish(reason: EndReason | 'client_closed' | 'change_user'): void {
    this.#over = true
    this.#expiry.forget()
    this.#hold.end(leaveReasonOf(reason))
    const { client, upstream, sessions, turn, clock, ended } = this.#options
    const running = !this.#responses.idle
    const statements = this.#requests.admitted
    this.#requests.flow.end()
    this.#responses.end()
    this.#names.leave()
    sessions.remove(this)
    sessions.leave(this.principal)
    ended(reason, statements, clock.monotonic() - this.#startedAt)
    turn.schedule()
    client.counterpart = null
    client.onCertificateLost = null
    client.endRecording()
    leaveUpstream(upstream, running ? this.#cancelUpstream() : null)
  }
}

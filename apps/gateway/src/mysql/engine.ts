import {
  encodeAlarm,
  encodeSessionEnd,
  encodeSessionStart,
  type Gate,
  type GateSession,
  type Principal,
  type StatementReader,
} from '@gatehouse/core'
import {
  Capability,
  type ChangeUser,
  CONNECTION_PHASE_LIMIT,
  encodeOk,
  ProtocolError,
  ServerStatus,
} from '@gatehouse/mysql-wire'
import type { MysqlNames } from '@gatehouse/sql-analysis'
import type { MysqlListenerConfig } from '../config/index.ts'
import type { Connection } from '../connection.ts'
import type { EnginePorts } from '../engine.ts'
import {
  inPlace,
  loginFailed,
  type LoginOptions,
  loginOptions,
  openGate,
  show,
  unknownTarget,
} from '../login-policy.ts'
import { LoginInterrupted } from '../login-refused.ts'
import type { ListenerTls } from '../listener-tls.ts'
import { recordInto } from '../recording.ts'
import type { CancelKey } from '../session.ts'
import type { Target } from '../target.ts'
import { greetingOf } from './greeting.ts'
import type { Identification } from './identification.ts'
import { authenticateClient, type Greeted, greetClient, type LoggedIn } from './login.ts'
import { LoginPackets } from './login-packets.ts'
import type { CatalogSource } from './catalog-source.ts'
import { MysqlSession } from './mysql-session.ts'
import { encodeFarewell } from './refusal.ts'
import { sessionRoleOf } from '../session-role.ts'
import { openUpstream } from './upstream.ts'

/** A target with the gateway's own look at its catalog. */
export interface MysqlTarget {
  readonly config: Target
  readonly catalog: CatalogSource
}

/** What the engine works with; one for all sessions of a listener. */
export interface MysqlEnginePorts extends EnginePorts {
  readonly listener: MysqlListenerConfig
  readonly tls: ListenerTls | null
  readonly targets: ReadonlyMap<string, MysqlTarget>
  readonly reader: StatementReader<MysqlNames>
}

/** A connection that may become a session, or another one: what was agreed on with its client stays. */
type Client = Pick<Greeted, 'capabilities' | 'scramble'> & { readonly connection: Connection; readonly key: CancelKey }

/** Speaks MySQL with one client connection, from its first byte to its last. */
export class MysqlEngine {
  readonly #ports: MysqlEnginePorts
  readonly #login: LoginOptions

  constructor(ports: MysqlEnginePorts) {
    this.#ports = ports
    this.#login = loginOptions(ports, ports.targets.keys())
  }

  /** @see Engine.serve */
  async serve(connection: Connection, deadline: AbortSignal): Promise<void> {
    const { listener, tls, targets, sessions } = this.#ports
    const key = sessions.newCancelKey(32)
    const servers = [...targets.values()].map(({ catalog }) => catalog.server)
    const greeting = greetingOf(listener.advertisedVersion, servers, tls !== null, key.processId)
    try {
      const greeted = await greetClient(connection, greeting, this.#login, deadline)
      if (greeted === null) return connection.destroy()
      const { capabilities, scramble, packets, response } = greeted
      await this.#logIn({ connection, key, capabilities, scramble }, packets, response)
    } catch (error) {
      this.#refuseLogin(connection, null, 2, error)
    }
  }

  /** COM_CHANGE_USER: the session it came in is over; who it is is proved anew, and another session begins. */
  async #changeUser(client: Client, message: ChangeUser, nextSequenceId: number, early: Buffer): Promise<void> {
    const packets = new LoginPackets(client.connection, CONNECTION_PHASE_LIMIT, true, nextSequenceId)
    const late = (): void => packets.interrupt('the client did not finish the login in time')
    const timer = setTimeout(late, this.#ports.listener.handshakeTimeoutSeconds * 1000)
    try {
      if (early.length > 0) throw new ProtocolError('UNEXPECTED_PACKET', 'packets came before the login was answered')
      await this.#logIn(client, packets, message)
    } catch (error) {
      this.#refuseLogin(client.connection, null, 2, error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** From what the client says of itself to the running session. */
  async #logIn(client: Client, packets: LoginPackets, said: Identification): Promise<void> {
    try {
      const loggedIn = await authenticateClient({ packets, ...client, said }, this.#login, this.#onlyTarget)
      packets.detach()
      const target = this.#ports.targets.get(loggedIn.target)
      if (target === undefined) throw unknownTarget(this.#login)
      const { sessions, listener } = this.#ports
      await inPlace(sessions, loggedIn.principal, listener.maxConnectionsPerPrincipal, () =>
        this.#begin(client, packets, loggedIn, target),
      )
    } catch (error) {
      this.#refuseLogin(client.connection, said.username, packets.nextSequenceId, error)
    }
  }

  async #begin(client: Client, packets: LoginPackets, loggedIn: LoggedIn, target: MysqlTarget): Promise<void> {
    const { connection, capabilities } = client
    const { principal, attributes } = loggedIn
    const { trail, turn } = this.#ports
    const role = sessionRoleOf(principal, loggedIn.target, target.config.sessionRole)
    const applicationName = attributes.get('program_name') ?? null
    const { gate, session } = openGate<MysqlNames>('mysql', loggedIn, applicationName, role !== null, this.#ports)
    await target.catalog.ready()
    const wishes = {
      capabilities,
      role,
      collation: loggedIn.collation,
      schema: loggedIn.schema ?? target.config.database,
      attributes: new Map([
        ['program_name', `gatehouse:${principal.subject}`.slice(0, 200)],
        ['gatehouse_session', session.id],
      ]),
    }
    const upstream = await openUpstream(loggedIn.target, target.config, wishes, session.id, turn)
    try {
      if (connection.closed) throw new LoginInterrupted('the client left during login')
      await show(session, connection, applicationName, client.key, this.#ports)
      const tracks = (capabilities & Capability.SESSION_TRACK) !== 0
      const recording = this.#ports.recording.begin(
        session,
        tracks ? upstream.capabilities : upstream.capabilities & ~Capability.SESSION_TRACK,
      )
      trail.append(
        encodeSessionStart(session.encoded, connection.remoteAddress, applicationName, session.credential, loggedIn.by),
      )
      const running = new MysqlSession({
        ...this.#sessionOptions(client, session, gate),
        targetConfig: target.config,
        role,
        catalog: target.catalog,
        upstream,
      })
      this.#ports.sessions.add(running, client.key)
      this.#ports.tally.sessionBegan('mysql', loggedIn.by)
      this.#ports.log.debug(
        { session: session.id, engine: 'mysql', connection: connection.id, target: loggedIn.target },
        'a session begins',
      )
      packets.stage((writer) =>
        encodeOk(
          {
            kind: 'OK',
            affectedRows: 0n,
            lastInsertId: 0n,
            statusFlags: ServerStatus.AUTOCOMMIT,
            warnings: 0,
            info: '',
            stateChanges: [],
          },
          capabilities,
          writer,
        ),
      )
      recordInto(connection, recording, running)
      running.start()
    } catch (error) {
      if (this.#ports.sessions.byId(session.id) === undefined) this.#ports.shared.leave(session.id)
      upstream.connection.destroy()
      throw error
    }
  }

  #sessionOptions(client: Client, session: GateSession, gate: Gate<MysqlNames>) {
    const { encoded } = session
    const { trail, turn, tally, sessions, desk, shared, maskingKeys, log, clock, listener, expiryWarningSeconds } =
      this.#ports
    return {
      session,
      threadId: client.key.processId,
      client: client.connection,
      clientCapabilities: client.capabilities,
      gate,
      turn,
      sessions,
      desk,
      shared,
      maskingKeys,
      log,
      clock,
      expiryWarningSeconds,
      maxMessageBytes: listener.maxMessageBytes,
      ended: (reason: string, statements: number, milliseconds: number) => {
        tally.sessionEnded('mysql', reason)
        log.debug(
          { session: session.id, engine: 'mysql', connection: client.connection.id, reason, statements },
          'a session has ended',
        )
        trail.owe(encodeSessionEnd(encoded, reason, milliseconds * 1000, statements))
      },
      alarm: (code: string, message: string) => trail.owe(encodeAlarm(encoded, code, message)),
      changeUser: (message: ChangeUser, nextSequenceId: number, early: Buffer) =>
        void this.#changeUser(client, message, nextSequenceId, early),
    }
  }

  /** The one target that policy gives a principal anything on; null: none, or several. */
  readonly #onlyTarget = (principal: Principal): string | null => {
    const { targets, policy } = this.#ports
    const allowed = [...targets.keys()].filter(
      (target) => policy.current.authorityFor(principal, target, 'mysql').allowsAnything,
    )
    return allowed.length === 1 ? (allowed[0] ?? null) : null
  }

  /** Tells the client, the log and the trail why there is no session. */
  #refuseLogin(client: Connection, user: string | null, sequenceId: number, error: unknown): void {
    const fault = error instanceof ProtocolError ? error : null
    const said = loginFailed(client, user, error, fault, 'mysql', this.#ports)
    if (said === null) return
    client.write(encodeFarewell(said, sequenceId))
    client.end()
  }
}

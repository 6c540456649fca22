import { type Gate, encodeAlarm, encodeSessionEnd, encodeSessionStart, type StatementReader } from '@gatehouse/core'
import {
  encodeAuthentication,
  encodeBackendKeyData,
  encodeReadyForQuery,
  FRONTEND_LIMITS,
  MessageWriter,
  ProtocolError,
} from '@gatehouse/postgres-wire'
import type { NameEnvironment } from '@gatehouse/sql-analysis'
import type { ListenerConfig } from '../config/index.ts'
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
import { LoginInterrupted, refused } from '../login-refused.ts'
import type { ListenerTls } from '../listener-tls.ts'
import { recordInto } from '../recording.ts'
import type { Target } from '../target.ts'
import type { CatalogSource } from './catalog-source.ts'
import { authenticateClient, type LoggedIn, openClient } from './login.ts'
import { LoginFrames } from './login-frames.ts'
import { OwnQueries } from './own-queries.ts'
import { PostgresSession } from './postgres-session.ts'
import { encodeFarewell } from './refusal.ts'
import { readSchemas, SCHEMAS_QUERY } from './schemas-query.ts'
import { settingsFacts } from './startup-settings.ts'
import { sessionRoleOf } from '../session-role.ts'
import { openUpstream, type Upstream } from './upstream.ts'

/** A target with the gateway's own look at its catalog. */
export interface PostgresTarget {
  readonly config: Target
  readonly catalog: CatalogSource
}

/** What the engine works with; one for all sessions of a listener. */
export interface PostgresEnginePorts extends EnginePorts {
  readonly listener: ListenerConfig
  readonly tls: ListenerTls | null
  readonly targets: ReadonlyMap<string, PostgresTarget>
  readonly reader: StatementReader<NameEnvironment>
}

/** Only what may come during login: the client's answers to authentication requests. */
const LOGIN_LIMITS = FRONTEND_LIMITS(64 * 1024).map((limit, tag) => (tag === 0x70 /* p */ ? limit : 0))

/** Speaks PostgreSQL with one client connection, from its first byte to its last. */
export class PostgresEngine {
  readonly #ports: PostgresEnginePorts
  readonly #login: LoginOptions

  constructor(ports: PostgresEnginePorts) {
    this.#ports = ports
    this.#login = loginOptions(ports, ports.targets.keys())
  }

  /** @see Engine.serve */
  async serve(client: Connection, deadline: AbortSignal): Promise<void> {
    let user: string | null = null
    try {
      const opening = await openClient(client, this.#login, deadline)
      if (opening.kind === 'cancel') await this.#cancel(opening.processId, opening.secretKey)
      if (opening.kind !== 'session') return client.destroy()
      user = opening.startup.parameters.get('user') ?? null
      const frames = new LoginFrames(client, LOGIN_LIMITS)
      deadline.addEventListener('abort', () => frames.interrupt('the client did not finish the login in time'), {
        once: true,
      })
      const loggedIn = await authenticateClient(frames, opening.startup, this.#login)
      frames.detach()
      await this.#open(client, loggedIn)
    } catch (error) {
      this.#refuseLogin(client, user, error)
    }
  }

  async #open(client: Connection, loggedIn: LoggedIn): Promise<void> {
    const { sessions, targets, listener } = this.#ports
    const target = targets.get(loggedIn.target)
    if (target === undefined) throw unknownTarget(this.#login)
    await inPlace(sessions, loggedIn.principal, listener.maxConnectionsPerPrincipal, () =>
      this.#begin(client, loggedIn, target),
    )
  }

  /** From the verified principal to the running session. */
  async #begin(client: Connection, loggedIn: LoggedIn, target: PostgresTarget): Promise<void> {
    const { sessions, turn, trail, clock, tally, log } = this.#ports
    const { principal } = loggedIn
    const role = sessionRoleOf(principal, loggedIn.target, target.config.sessionRole)
    const { gate, session: opened } = openGate<NameEnvironment>(
      'postgres',
      loggedIn,
      loggedIn.settings.applicationName,
      role !== null,
      this.#ports,
    )
    const { id, encoded } = opened
    this.#mayBegin(gate, loggedIn)

    await target.catalog.ready()
    const settings = new Map([
      ['client_encoding', 'UTF8'],
      // What RESET ALL goes back to.
      ['standard_conforming_strings', 'on'],
      ['application_name', applicationName(principal.subject, id)],
      ...loggedIn.settings.settings,
      // In the start-up message, so that RESET ROLE comes back to it. The name is taken as it is: there is nothing to quote.
      ...(role === null ? [] : ([['role', role]] as const)),
    ])
    const upstream = await openUpstream(loggedIn.target, target.config, settings, id, turn)
    try {
      const searchPath = await this.#searchPath(loggedIn.target, target.config, upstream, role)
      if (client.closed) throw new LoginInterrupted('the client left during login')
      const key = sessions.newCancelKey(loggedIn.cancelKeyBytes)
      await show(opened, client, loggedIn.settings.applicationName, key, this.#ports)
      const recording = this.#ports.recording.begin(opened)
      trail.append(
        encodeSessionStart(
          encoded,
          client.remoteAddress,
          loggedIn.settings.applicationName,
          loggedIn.credential,
          loggedIn.by,
        ),
      )
      const session = new PostgresSession({
        session: opened,
        targetConfig: target.config,
        role,
        catalog: target.catalog,
        client,
        upstream,
        gate,
        searchPath,
        turn,
        sessions,
        desk: this.#ports.desk,
        shared: this.#ports.shared,
        maskingKeys: this.#ports.maskingKeys,
        log,
        expiryWarningSeconds: this.#ports.expiryWarningSeconds,
        maxMessageBytes: this.#ports.listener.maxMessageBytes,
        ended: (reason, statements, milliseconds) => {
          tally.sessionEnded('postgres', reason)
          log.debug(
            { session: id, engine: 'postgres', connection: client.id, reason, statements },
            'a session has ended',
          )
          trail.owe(encodeSessionEnd(encoded, reason, milliseconds * 1000, statements))
        },
        alarm: (code, message) => trail.owe(encodeAlarm(encoded, code, message)),
        clock,
      })
      sessions.add(session, key)
      tally.sessionBegan('postgres', loggedIn.by)
      log.debug({ session: id, engine: 'postgres', connection: client.id, target: loggedIn.target }, 'a session begins')
      const greeting = encodeGreeting(upstream.parameters, key)
      client.stage(greeting, 0, greeting.length)
      // Not before: the greeting holds the key to cancel with.
      recordInto(client, recording, session)
      session.start()
    } catch (error) {
      if (sessions.byId(id) === undefined) this.#ports.shared.leave(id)
      upstream.connection.destroy()
      throw error
    }
  }

  /** Policy must permit the settings that the start-up message asks for. */
  #mayBegin(gate: Gate<NameEnvironment>, { settings }: LoggedIn): void {
    if (settings.settings.size === 0) return
    const refusal = gate.refusalOf(gate.judgeFacts(settingsFacts(settings.settings)))
    if (refusal === null) return
    throw refused(
      'denied',
      refusal.code,
      `a setting in the start-up message is refused: ${refusal.message} (rule ${refusal.rule}, ${refusal.object})`,
      refusal.hint,
    )
  }

  async #searchPath(name: string, config: Target, upstream: Upstream, role: string | null): Promise<readonly string[]> {
    const strings = upstream.settings.get('standard_conforming_strings')
    if (strings !== undefined && strings !== 'on') {
      throw refused(
        'upstream',
        'UPSTREAM_SETTING',
        'the database has standard_conforming_strings off, under which statements cannot be read safely',
        'Ask the operator to turn it on for the gateway’s database user.',
      )
    }
    const queries = new OwnQueries(name, upstream, config.connectTimeoutSeconds * 1000)
    const [[current] = []] = role === null ? [[role]] : await queries.rows('SELECT current_user')
    if (current !== role) throw new Error('the database did not take the role of the session')
    const path = readSchemas((await queries.rows(SCHEMAS_QUERY))[0]?.[0] ?? '')
    queries.release()
    if (path === null) throw new Error('the database did not say which schemas the session sees')
    return path
  }

  /** As with the server, the connection closes when the cancel has been delivered: the client waits for that. */
  async #cancel(processId: number, secretKey: Buffer): Promise<void> {
    await this.#ports.shared.cancelByKey(processId, secretKey)
  }

  /** Tells the client, the log and the trail why there is no session. */
  #refuseLogin(client: Connection, user: string | null, error: unknown): void {
    const fault = error instanceof ProtocolError ? error : null
    const said = loginFailed(client, user, error, fault, 'postgres', this.#ports)
    if (said === null) return
    client.write(encodeFarewell(said))
    client.end()
  }
}

/** What a DBA sees in pg_stat_activity: 63 bytes at most (NAMEDATALEN - 1), the session id never cut. */
function applicationName(subject: string, id: string): string {
  const plain = subject.replaceAll(/[^\x20-\x7e]/g, '?')
  return `gatehouse:${plain.slice(0, 63 - 'gatehouse:'.length - 1 - id.length)} ${id}`
}

function encodeGreeting(parameters: Buffer, key: { processId: number; secretKey: Buffer }): Buffer {
  const writer = new MessageWriter()
  encodeAuthentication({ kind: 'AuthenticationOk' }, writer)
  writer.bytes(parameters)
  encodeBackendKeyData({ kind: 'BackendKeyData', ...key }, writer)
  encodeReadyForQuery({ kind: 'ReadyForQuery', status: 'I' }, writer)
  return writer.take()
}

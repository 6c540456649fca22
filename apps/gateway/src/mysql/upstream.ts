import { randomBytes } from 'node:crypto'
import {
  AuthenticationPlugin,
  type AuthenticationPluginName,
  Capability,
  CLIENT_RANDOM_BYTES,
  ClientAuthentication,
  CONNECTION_PHASE_LIMIT,
  type ConnectionAttributes,
  decodeAuthenticationPacket,
  decodeHandshake,
  encodeBareCommand,
  encodeHandshakeResponse,
  encodeSSLRequest,
  type ErrPacket,
  type HandshakeV10,
  LARGEST_PAYLOAD,
  PacketWriter,
  PayloadReader,
} from '@gatehouse/mysql-wire'
import type { CredentialLease } from '@gatehouse/upstream-credentials'
import type { Connection } from '../connection.ts'
import { everySessionRole } from '../session-role.ts'
import { type Target, wantsTls } from '../target.ts'
import type { Turn } from '../turn.ts'
import { withLease } from '../upstream-credential.ts'
import { connectTarget, messageOf, noTlsOffered, secureTarget, UpstreamUnavailable } from '../upstream-dial.ts'
import { askedOfUpstream } from './capabilities.ts'
import { pinnedCollation } from './character-sets.ts'
import { LoginPackets } from './login-packets.ts'
import { OwnQueries } from './own-queries.ts'
import { readServerVersion, type ServerVersion } from './server-version.ts'
import { quoteName, settleSession, type SessionSettings } from './session-settings.ts'

/** What a session at the server is to be like. */
export interface Wishes {
  /** What the client agreed on; 0 for a session of the gateway's own. */
  readonly capabilities: number
  /** The client's collation; 0: any. */
  readonly collation: number
  /** The role it runs under; null: its user's own rights, or on a target with roles all that its sessions may run under. */
  readonly role: string | null
  /** The schema to begin in. */
  readonly schema: string
  /** What a DBA sees in performance_schema.session_connect_attrs. */
  readonly attributes: ConnectionAttributes
}

/** A logged-in session at the upstream. */
export interface Upstream {
  readonly connection: Connection
  /** The server's own id of the connection, for KILL. */
  readonly threadId: number
  readonly version: ServerVersion
  /** The same as the server says it. */
  readonly serverVersion: string
  /** What the server offers. */
  readonly offered: number
  /** What both sides agreed on. */
  readonly capabilities: number
  readonly settings: SessionSettings
  /** What it was logged in with: given back when the connection is closed. */
  readonly lease: CredentialLease
}

/** What a session of the gateway's own asks for. `purpose` is shown to the database's operators. */
export function ownWishes(target: Target, purpose: string): Wishes {
  const attributes = new Map([['program_name', `gatehouse:${purpose}`]])
  return { capabilities: Capability.DEPRECATE_EOF, collation: 0, role: null, schema: target.database, attributes }
}

/**
 * Connects to a target, logs in with a credential leased for it, and makes the session one whose texts can be read. `session`: its id; of
 * a connection of the gateway's own, what it is for. The lease is given back when the connection is closed. Throws `UpstreamUnavailable`.
 */
export async function openUpstream(
  name: string,
  target: Target,
  wishes: Wishes,
  session: string,
  turn: Turn,
): Promise<Upstream> {
  return withLease(name, target, session, (lease) =>
    logIn(name, target, lease, wishes, turn).finally(() => {
      // Only the user of a dedicated lease can stop what it runs: `killQuery` logs in once more.
      if (!lease.dedicated) lease.password?.overwrite()
    }),
  )
}

async function logIn(
  name: string,
  target: Target,
  lease: CredentialLease,
  wishes: Wishes,
  turn: Turn,
): Promise<Upstream> {
  const timeout = target.connectTimeoutSeconds * 1000
  const connection = await connectTarget(name, target, `${target.host}/mysqld.sock`, turn)
  let packets = new LoginPackets(connection, CONNECTION_PHASE_LIMIT, true)
  const timer = setTimeout(() => packets.interrupt('the database did not finish the login in time'), timeout)
  try {
    const handshake = await greeting(name, packets)
    const version = readServerVersion(handshake.serverVersion)
    if (version === null) throw new Error('its version is none')
    const capabilities = askedOfUpstream(wishes.capabilities, handshake.capabilities)
    if (capabilities === null) throw new Error('it lacks a capability that the client, or the gateway, relies on')
    const collation = pinnedCollation(wishes.collation, version)
    // Under TLS the server goes by the flags of the SSLRequest alone.
    // A user whose rights are those of its roles may not begin in a schema: it is chosen under the role.
    const later = target.sessionRole !== null && wishes.schema !== ''
    const schema = wishes.schema === '' || later ? 0 : Capability.CONNECT_WITH_DB
    const flags = (capabilities | schema | (wantsTls(target) ? Capability.SSL : 0)) >>> 0
    const head = {
      capabilities: flags,
      maxPacketSize: LARGEST_PAYLOAD,
      characterSet: collation,
      mariadbCapabilities: 0,
    }
    if (wantsTls(target)) {
      if ((handshake.capabilities & Capability.SSL) === 0) throw noTlsOffered(name, 'its handshake has no CLIENT_SSL')
      packets.write((writer) => encodeSSLRequest({ kind: 'SSLRequest', ...head }, writer))
      if (packets.detach().length > 0) throw new Error('it sent more before the TLS handshake')
      await secureTarget(name, target, connection, [])
      packets = new LoginPackets(connection, CONNECTION_PHASE_LIMIT, true, packets.nextSequenceId)
    }
    await authenticate(name, target, lease, packets, handshake, head, { ...wishes, schema: later ? '' : wishes.schema })
    packets.detach()
    const queries = new OwnQueries(name, { connection, capabilities }, timeout)
    const role = wishes.role === null ? ownRole(target, version) : quoteName(wishes.role)
    const settings = await settleSession(name, queries, role, later ? wishes.schema : null)
    queries.release()
    const { threadId, serverVersion, capabilities: offered } = handshake
    return { connection, threadId, version, serverVersion, offered, capabilities, settings, lease }
  } catch (error) {
    connection.destroy()
    if (error instanceof UpstreamUnavailable) throw error
    throw new UpstreamUnavailable(name, 'the database did not complete the login', messageOf(error))
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Stops what another session of the gateway's account is running, with its own lease where that is of a user that no other has. Never throws: what is running goes on until its
 * connection closes; the caller closes it.
 */
export async function killQuery(
  name: string,
  target: Target,
  { threadId, lease }: Pick<Upstream, 'threadId' | 'lease'>,
  turn: Turn,
): Promise<void> {
  try {
    const wishes = ownWishes(target, 'cancel')
    const upstream = lease.dedicated
      ? await logIn(name, target, lease, wishes, turn)
      : await openUpstream(name, target, wishes, 'cancel', turn)
    const queries = new OwnQueries(name, upstream, 5000)
    try {
      await queries.rows(`KILL QUERY ${threadId}`)
      upstream.connection.write(QUIT)
    } finally {
      upstream.connection.end()
    }
  } catch {
    // see above
  }
}

/** What the gateway's own sessions see a catalog by: MariaDB has one role at a time. As after SET ROLE; null: the user's own rights. */
function ownRole({ sessionRole }: Target, { flavour }: ServerVersion): string | null {
  if (sessionRole === null) return null
  if (flavour === 'mysql') return 'ALL'
  const [first] = everySessionRole(sessionRole)
  return first === undefined ? null : quoteName(first)
}

/** Says goodbye and closes. `cancelled`: what it runs is being stopped; null: it runs nothing. */
export function leaveUpstream({ connection, lease }: Upstream, cancelled: Promise<void> | null): void {
  const leave = (): void => {
    connection.stage(QUIT, 0, QUIT.length)
    connection.end()
  }
  // One turn later: where many sessions end at once, all clients are told before the database is busy with ending theirs.
  if (cancelled === null || !lease.dedicated) return void setImmediate(leave)
  // Only the user of this lease can stop what it runs, and with the connection the lease ends.
  connection.hold()
  void cancelled.finally(leave)
}

async function greeting(name: string, packets: LoginPackets): Promise<HandshakeV10> {
  const packet = decodeHandshake(new PayloadReader(await packets.next()))
  if (packet.kind === 'ERR') throw refusedBy(name, packet)
  return packet
}

interface Head {
  readonly capabilities: number
  readonly maxPacketSize: number
  readonly characterSet: number
  readonly mariadbCapabilities: number
}

async function authenticate(
  name: string,
  target: Target,
  lease: CredentialLease,
  packets: LoginPackets,
  handshake: HandshakeV10,
  head: Head,
  { schema, attributes }: Wishes,
): Promise<void> {
  const { connection } = packets
  const password = lease.password === null ? Buffer.alloc(0) : lease.password.expose()
  const authentication = new ClientAuthentication({
    password,
    secure: connection.encrypted,
    trustSentPublicKey: !wantsTls(target),
    plugins: plugins(target),
    random: randomBytes(CLIENT_RANDOM_BYTES),
  })
  const begun = authentication.begin(handshake.authPluginName, handshake.authPluginData)
  packets.write((writer) =>
    encodeHandshakeResponse(
      {
        kind: 'HandshakeResponse41',
        ...head,
        username: lease.user,
        authResponse: begun.authResponse,
        database: schema,
        authPluginName: begun.pluginName,
        attributes,
        zstdCompressionLevel: 0,
      },
      writer,
    ),
  )
  for (;;) {
    const packet = decodeAuthenticationPacket(new PayloadReader(await packets.next()), head.capabilities)
    if (packet.kind === 'OK') return
    if (packet.kind === 'ERR') throw refusedBy(name, packet)
    const answer = authentication.next(packet)
    if (answer !== undefined) packets.write((writer) => writer.begin().bytes(answer).end())
  }
}

/** A clear password goes only to a server that was verified. */
function plugins({ tls: { mode } }: Target): readonly AuthenticationPluginName[] {
  const { CACHING_SHA2, NATIVE, SHA256, ED25519, PARSEC, CLEAR } = AuthenticationPlugin
  const always = [CACHING_SHA2, NATIVE, SHA256, ED25519, PARSEC]
  return mode === 'verify-full' || mode === 'verify-ca' || mode === 'pinned' ? [...always, CLEAR] : always
}

function refusedBy(name: string, { errorCode, sqlState, errorMessage }: ErrPacket): UpstreamUnavailable {
  const what = `the database refused the gateway (error ${errorCode})`
  return new UpstreamUnavailable(name, what, errorMessage, sqlState)
}

const QUIT: Buffer = bareCommand('QUIT')

function bareCommand(command: 'QUIT'): Buffer {
  const writer = new PacketWriter()
  encodeBareCommand(command, writer)
  return writer.take()
}

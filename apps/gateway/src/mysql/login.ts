import { randomBytes } from 'node:crypto'
import { type Principal, Secret } from '@gatehouse/core'
import {
  AuthenticationPlugin,
  Capability,
  CONNECTION_PHASE_LIMIT,
  type ConnectionAttributes,
  decodeHandshakeResponse,
  encodeAuthenticationPacket,
  encodeHandshake,
  type HandshakeResponse41,
  makeScramble,
  PayloadReader,
  ProtocolError,
  SCRAMBLE_RANDOM_BYTES,
  ServerAuthentication,
  type ServerAuthenticationRefusal,
  ServerStatus,
} from '@gatehouse/mysql-wire'
import { credentialNameIn } from '@gatehouse/session-credentials'
import { certifiedPrincipal, restOnCertificate } from '../certificate-login.ts'
import { secureClient } from '../client-tls.ts'
import type { Connection } from '../connection.ts'
import { CredentialLogin, type Proved } from '../credential-login.ts'
import { chooseTarget, insistOnTls, type LoginOptions, unknownTarget, verifiedPrincipal } from '../login-policy.ts'
import { LoginInterrupted, type LoginRefused, refused } from '../login-refused.ts'
import { messageOf } from '../upstream-dial.ts'
import { hidingCharacterSet } from './character-sets.ts'
import { type Exchange, proveCredential } from './credential-proof.ts'
import { passwordUnderKey, wantsKey, wantsSwitch } from './key-exchange.ts'
import { LoginPackets } from './login-packets.ts'

/** How a client is greeted. */
export interface Greeting {
  /** `server_version` as the client sees it. */
  readonly serverVersion: string
  /** `Capability` flags that it is offered. */
  readonly capabilities: number
  /** The connection's id, as the client sees it. */
  readonly threadId: number
}

/** A client that has answered the greeting. */
export interface Greeted {
  readonly packets: LoginPackets
  /** What both sides agreed on. */
  readonly capabilities: number
  /** The scramble of the greeting: COM_CHANGE_USER goes by it as well. */
  readonly scramble: Buffer
  readonly response: HandshakeResponse41
}

/** A client that proved who it is, and what it asked for. */
export interface LoggedIn extends Proved {
  /** The schema to begin in; null: the target's own. */
  readonly schema: string | null
  /** The client's collation; 0: none was named. */
  readonly collation: number
  readonly attributes: ConnectionAttributes
}

/** A target that a principal may log in to without naming it: the only one it has any right on. Null: there is none, or several. */
export type OnlyTarget = (principal: Principal) => string | null

/** Greets a client and reads its answer; TLS begins on the way where it is asked for. Null: it left before it said anything. */
export async function greetClient(
  connection: Connection,
  greeting: Greeting,
  options: LoginOptions,
  deadline: AbortSignal,
): Promise<Greeted | null> {
  const scramble = makeScramble(randomBytes(SCRAMBLE_RANDOM_BYTES))
  let packets = new LoginPackets(connection, CONNECTION_PHASE_LIMIT, true)
  interruptAt(deadline, packets)
  packets.write((writer) =>
    encodeHandshake(
      {
        kind: 'HandshakeV10',
        ...greeting,
        authPluginData: scramble,
        mariadbCapabilities: 0,
        characterSet: 255,
        statusFlags: ServerStatus.AUTOCOMMIT,
        authPluginName: AuthenticationPlugin.CACHING_SHA2,
      },
      writer,
    ),
  )
  const first = await firstPayload(packets, connection)
  if (first === null) return null
  let response = decodeHandshakeResponse(new PayloadReader(first))
  if (response.kind === 'SSLRequest') {
    if (options.tls === null) throw new ProtocolError('UNEXPECTED_PACKET', 'TLS where there is none')
    // The client does not wait for an answer: what came behind its request is the beginning of the TLS handshake.
    await secure(connection, options.tls, packets.detach(), [], deadline)
    packets = new LoginPackets(connection, CONNECTION_PHASE_LIMIT, true, packets.nextSequenceId)
    interruptAt(deadline, packets)
    response = decodeHandshakeResponse(new PayloadReader(await packets.next()))
    if (response.kind === 'SSLRequest') throw new ProtocolError('UNEXPECTED_PACKET', 'a request for TLS under TLS')
  }
  const capabilities = (response.capabilities & greeting.capabilities) >>> 0
  return { packets, capabilities, scramble, response }
}

/** Who the client is, by what it presents, and what it asks for. Throws `LoginRefused`. */
export async function authenticateClient(
  exchange: Exchange,
  options: LoginOptions,
  onlyTarget: OnlyTarget,
): Promise<LoggedIn> {
  const { connection } = exchange.packets
  const { username, database, characterSet: collation, attributes } = exchange.said
  const hiding = hidingCharacterSet(collation)
  if (hiding !== null) {
    const message = `the character set ${hiding} is not carried: in it a character can hide a backslash or a quote`
    throw refused('feature refused', 'STARTUP_SETTING', message, 'Connect with the character set utf8mb4.')
  }
  const credential = credentialNameIn(username)
  const tlsHint = 'Connect with --ssl-mode=REQUIRED (or VERIFY_IDENTITY).'
  insistOnTls(connection, options, tlsHint, credential === null ? 'token' : 'proof')
  const certified = certifiedPrincipal(connection, username, options)
  const attempt = { address: connection.remoteAddress, credential }
  const proved = await options.backOff.guard(attempt, () =>
    credential === null
      ? provedByToken(exchange, certified, options, onlyTarget)
      : provedByCredential(exchange, credential, options),
  )
  restOnCertificate(connection, proved, options)
  const schema = database === '' || database === proved.target ? null : database
  return { ...proved, schema, collation, attributes }
}

/** By its certificate logs in who has no password: this protocol asks for one in any case. */
async function provedByToken(
  exchange: Exchange,
  certified: Principal | null,
  options: LoginOptions,
  onlyTarget: OnlyTarget,
): Promise<Proved> {
  const { username, database } = exchange.said
  const token = await askToken(exchange, options)
  const principal = token === null ? certified : await verifiedPrincipal(token, options)
  if (principal === null) throw cannotLogIn('no-password')
  nothingAhead(exchange)
  const named = chooseTarget(username, database, options.targets)
  const target = named ?? (database === '' ? onlyTarget(principal) : null)
  if (target === null) throw database === '' ? targetWanted(options) : unknownTarget(options)
  return { principal, target, credential: null, by: token === null ? 'certificate' : 'token' }
}

async function provedByCredential(exchange: Exchange, name: string, options: LoginOptions): Promise<Proved> {
  const { username, database } = exchange.said
  const plus = username.indexOf('+')
  // What is no target is a schema of the credential's own.
  const target = plus >= 0 ? username.slice(plus + 1) : options.targets.has(database) ? database : null
  const address = exchange.packets.connection.remoteAddress
  const login = await CredentialLogin.begin(name, { target, address }, options)
  const proved = await proveCredential(exchange, login, options)
  nothingAhead(exchange)
  return proved
}

function nothingAhead({ packets }: Exchange): void {
  if (packets.ahead) throw new ProtocolError('UNEXPECTED_PACKET', 'packets came before the login was answered')
}

/** Leads the client to the plugin that delivers the token, whichever it begins with. Null: it has none. */
async function askToken(
  { packets, capabilities, scramble, said }: Exchange,
  options: LoginOptions,
): Promise<Secret<string> | null> {
  const { encrypted } = packets.connection
  const { authResponse } = said
  // A change of user may leave the response empty and wait to be asked (MariaDB's driver for Node), which at the start means no password.
  const asks = said.kind === 'COM_CHANGE_USER' && authResponse.length === 0
  const authPluginName = asks ? '' : said.authPluginName
  const pluginAuth = (capabilities & Capability.PLUGIN_AUTH) !== 0
  if (!encrypted && pluginAuth && authPluginName !== AuthenticationPlugin.CLEAR && wantsKey(said)) {
    const password = await passwordUnderKey(packets, scramble, said)
    return password.length === 0 ? null : new Secret(password.toString('utf8'))
  }
  const authentication = new ServerAuthentication({
    scramble,
    clearPassword: encrypted || options.allowClearTextPassword,
    secure: encrypted,
    pluginAuth,
  })
  let step =
    encrypted && pluginAuth && wantsSwitch(said)
      ? authentication.start(AuthenticationPlugin.CLEAR, Buffer.alloc(0))
      : authentication.start(authPluginName, authResponse)
  for (;;) {
    switch (step.kind) {
      case 'send': {
        const { packet } = step
        packets.write((writer) => encodeAuthenticationPacket(packet, writer))
        step = authentication.next(await packets.next())
        break
      }
      case 'password':
        return new Secret(step.password.toString('utf8'))
      case 'refused':
        if (step.reason === 'no-password') return null
        throw cannotLogIn(step.reason)
      case 'accepted':
        throw new ProtocolError('BAD_PROOF', 'a proof of a password that nobody has')
      default:
        throw step satisfies never
    }
  }
}

function cannotLogIn(reason: ServerAuthenticationRefusal): LoginRefused {
  switch (reason) {
    case 'no-password':
      return refused('login refused', 'TOKEN_WANTED', 'a token is required', 'Give the OIDC token as the password.')
    case 'needs-tls':
      return refused(
        'login refused',
        'TLS_REQUIRED',
        'a token may only be sent over TLS',
        'Connect with --ssl-mode=REQUIRED (or VERIFY_IDENTITY).',
      )
    case 'no-plugin':
    case 'wrong-password':
      return refused(
        'login refused',
        'TOKEN_WANTED',
        'this client cannot send the password itself, and a token is one',
        'Use a driver that has the authentication plugin caching_sha2_password or mysql_clear_password.',
      )
    default:
      return reason satisfies never
  }
}

function targetWanted({ targets }: LoginOptions): LoginRefused {
  return refused(
    'unknown target',
    'UNKNOWN_TARGET',
    'no target was named, and you have rights on none or on several',
    `Put a target in the database name, or behind a plus in the user name: ${[...targets].join(', ')}.`,
  )
}

/** The first packet of a client; null when it left before: a health check. */
async function firstPayload(packets: LoginPackets, connection: Connection): Promise<Buffer | null> {
  try {
    return await packets.next()
  } catch (error) {
    if (error instanceof LoginInterrupted && connection.closed) return null
    throw error
  }
}

function interruptAt(deadline: AbortSignal, packets: LoginPackets): void {
  const late = (): void => packets.interrupt('the client did not finish the login in time')
  if (deadline.aborted) late()
  else deadline.addEventListener('abort', late, { once: true })
}

/** The TLS handshake; a client that fails it broke the protocol. */
async function secure(...parameters: Parameters<typeof secureClient>): Promise<void> {
  try {
    await secureClient(...parameters)
  } catch (error) {
    if (error instanceof LoginInterrupted) throw error
    throw new ProtocolError('BAD_VALUE', `the TLS handshake failed: ${messageOf(error)}`)
  }
}

import { Secret, type Principal } from '@gatehouse/core'
import {
  decodeOAuthBearer,
  decodePassword,
  decodeSASLInitialResponse,
  decodeStartupPacket,
  encodeAuthentication,
  encodeNegotiateProtocolVersion,
  encodeOAuthChallenge,
  isOAuthAcknowledgement,
  MessageWriter,
  OAUTHBEARER,
  ProtocolError,
  StartupReader,
  type StartupMessage,
} from '@gatehouse/postgres-wire'
import type { TokenVerifier } from '@gatehouse/identity'
import { credentialNameIn } from '@gatehouse/session-credentials'
import { certifiedPrincipal, restOnCertificate } from '../certificate-login.ts'
import { secureClient } from '../client-tls.ts'
import type { Connection } from '../connection.ts'
import { CredentialLogin, type Proved } from '../credential-login.ts'
import { chooseTarget, insistOnTls, type LoginOptions, unknownTarget, verifiedPrincipal } from '../login-policy.ts'
import { LoginInterrupted, LoginRefused, refused } from '../login-refused.ts'
import { messageOf } from '../upstream-dial.ts'
import { proveCredential } from './credential-proof.ts'
import type { LoginFrames } from './login-frames.ts'
import { readStartupSettings, type StartupSettings } from './startup-settings.ts'

/** What a client opened the connection for. */
export type Opening =
  | { readonly kind: 'session'; readonly startup: StartupMessage }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secretKey: Buffer }
  /** It left, or was answered and is gone: a health check, a refused request. */
  | { readonly kind: 'over'; readonly reason: string }

/** A client that proved who it is, and what it asked for. */
export interface LoggedIn extends Proved {
  readonly settings: StartupSettings
  /** Bytes of the cancel key that the client's protocol version can take. */
  readonly cancelKeyBytes: number
}

/** Reads start-up packets until a session or a cancel is asked for; TLS begins on the way where it is asked for. */
export async function openClient(
  connection: Connection,
  options: LoginOptions,
  deadline: AbortSignal,
): Promise<Opening> {
  for (let encryptionAsked = 0; encryptionAsked < 3;) {
    const read = await readStartup(connection, deadline)
    if (read === null) return { kind: 'over', reason: 'the client left before it said anything' }
    if (read.kind === 'tls') {
      if (connection.encrypted || options.tls === null) return { kind: 'over', reason: 'TLS where there is none' }
      await secure(connection, options.tls, read.bytes, ['postgresql'], deadline)
      if (connection.tls?.alpnProtocol !== 'postgresql')
        return { kind: 'over', reason: 'direct TLS without ALPN postgresql' }
      encryptionAsked++
      continue
    }
    const { packet } = read
    switch (packet.kind) {
      case 'SSLRequest':
        encryptionAsked++
        // Bytes behind it would be taken for encrypted ones (CVE-2021-23214).
        if (read.more) return { kind: 'over', reason: 'bytes before the TLS handshake' }
        if (options.tls === null || connection.encrypted) connection.write(Buffer.from('N'))
        else {
          connection.write(Buffer.from('S'))
          await secure(connection, options.tls, null, [], deadline)
        }
        continue
      case 'GSSENCRequest':
        encryptionAsked++
        if (read.more) return { kind: 'over', reason: 'bytes before the GSSAPI handshake' }
        connection.write(Buffer.from('N'))
        continue
      case 'CancelRequest':
        return { kind: 'cancel', processId: packet.processId, secretKey: packet.secretKey }
      case 'StartupMessage':
        if (read.more)
          throw refused(
            'protocol',
            'PROTOCOL',
            'messages came before the login was answered',
            'Send nothing before the server asks.',
          )
        return { kind: 'session', startup: packet }
      default:
        throw packet satisfies never
    }
  }
  return { kind: 'over', reason: 'encryption was asked for again and again' }
}

/** Who the client is, by what it presents, and what it asks for. Throws `LoginRefused`. */
export async function authenticateClient(
  frames: LoginFrames,
  startup: StartupMessage,
  options: LoginOptions,
): Promise<LoggedIn> {
  const { connection } = frames
  const cancelKeyBytes = negotiateVersion(connection, startup)
  const settings = readStartupSettings(startup.parameters)
  if (typeof settings === 'string')
    throw refused('feature refused', 'STARTUP_SETTING', settings, 'Leave the setting out of the connection string.')
  const user = startup.parameters.get('user') ?? ''
  const credential = credentialNameIn(user)
  const tlsHint = 'Connect with sslmode=verify-full (or require).'
  insistOnTls(connection, options, tlsHint, credential === null ? 'token' : 'proof')
  const certified = certifiedPrincipal(connection, user, options)
  const attempt = { address: connection.remoteAddress, credential }
  const proved = await options.backOff.guard(attempt, () =>
    credential === null
      ? provedByToken(frames, startup, settings.oauth, certified, options)
      : provedByCredential(frames, startup, credential, options),
  )
  restOnCertificate(connection, proved, options)
  return { ...proved, settings, cancelKeyBytes }
}

async function provedByToken(
  frames: LoginFrames,
  { parameters }: StartupMessage,
  oauth: boolean,
  certified: Principal | null,
  options: LoginOptions,
): Promise<Proved> {
  const user = parameters.get('user') ?? ''
  const target = chooseTarget(user, parameters.get('database') ?? user, options.targets)
  const principal = certified ?? (await principalOfToken(frames, oauth, options))
  if (target === null) throw unknownTarget(options)
  nothingAhead(frames)
  return { principal, target, credential: null, by: certified === null ? 'token' : 'certificate' }
}

async function provedByCredential(
  frames: LoginFrames,
  { parameters }: StartupMessage,
  name: string,
  options: LoginOptions,
): Promise<Proved> {
  const user = parameters.get('user') ?? ''
  const database = parameters.get('database') ?? ''
  const plus = user.indexOf('+')
  // Clients that are told no database name that of the user.
  const target = plus >= 0 ? user.slice(plus + 1) : database === '' || database === user ? null : database
  const login = await CredentialLogin.begin(name, { target, address: frames.connection.remoteAddress }, options)
  const proved = await proveCredential(frames, login)
  nothingAhead(frames)
  return proved
}

function nothingAhead(frames: LoginFrames): void {
  if (!frames.ahead) return
  throw refused(
    'protocol',
    'PROTOCOL',
    'messages came before the login was answered',
    'Send nothing before the server asks.',
  )
}

type StartupRead =
  | { readonly kind: 'packet'; readonly packet: ReturnType<typeof decodeStartupPacket>; readonly more: boolean }
  | { readonly kind: 'tls'; readonly bytes: Buffer }

/** The next start-up packet; null when the client left. */
function readStartup(connection: Connection, deadline: AbortSignal): Promise<StartupRead | null> {
  const reader = new StartupReader()
  return new Promise((resolve, reject) => {
    deadline.addEventListener(
      'abort',
      () => reject(new LoginInterrupted('the client did not finish the login in time')),
      { once: true },
    )
    connection.receive({
      bytes: (chunk, length) => {
        try {
          reader.feed(chunk, 0, length)
          const read = reader.next()
          if (read === 'more') return
          connection.hold()
          const rest = reader.rest()
          if (read === 'tls') resolve({ kind: 'tls', bytes: rest })
          else resolve({ kind: 'packet', packet: decodeStartupPacket(reader.packet), more: rest.length > 0 })
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      },
      closed: () => resolve(null),
    })
  })
}

/** Answers a protocol version or options that the gateway does not have. Returns how long the cancel key may be. */
function negotiateVersion(connection: Connection, startup: StartupMessage): number {
  const unknownOptions = [...startup.parameters.keys()].filter((name) => name.startsWith('_pq_.'))
  const newest = 2
  if (startup.minorVersion > newest || unknownOptions.length > 0) {
    const writer = new MessageWriter()
    const minor = Math.min(startup.minorVersion, newest)
    encodeNegotiateProtocolVersion(
      { kind: 'NegotiateProtocolVersion', newestVersion: (3 << 16) | minor, unknownOptions },
      writer,
    )
    connection.write(writer.take())
  }
  return startup.minorVersion >= newest ? 32 : 4
}

async function principalOfToken(frames: LoginFrames, oauth: boolean, options: LoginOptions): Promise<Principal> {
  const token = oauth ? await askBearer(frames, options.verifier) : await askPassword(frames)
  return verified(frames, token, oauth, options)
}

/** Who the token proves the client to be. One that came by OAUTHBEARER and is not accepted is answered by a challenge first. */
async function verified(
  frames: LoginFrames,
  token: Secret<string>,
  oauth: boolean,
  options: LoginOptions,
): Promise<Principal> {
  try {
    return await verifiedPrincipal(token, options)
  } catch (error) {
    if (oauth && error instanceof LoginRefused) await challenge(frames, options.verifier)
    throw error
  }
}

async function askPassword(frames: LoginFrames): Promise<Secret<string>> {
  const writer = new MessageWriter()
  encodeAuthentication({ kind: 'AuthenticationCleartextPassword' }, writer)
  frames.connection.write(writer.take())
  const frame = await frames.next()
  return new Secret(decodePassword(frame.body))
}

async function askBearer(frames: LoginFrames, verifier: TokenVerifier): Promise<Secret<string>> {
  const writer = new MessageWriter()
  encodeAuthentication({ kind: 'AuthenticationSASL', mechanisms: [OAUTHBEARER] }, writer)
  frames.connection.write(writer.take())
  const { mechanism, data } = decodeSASLInitialResponse((await frames.next()).body)
  if (mechanism !== OAUTHBEARER || data === null) throw new ProtocolError('BAD_VALUE', 'not an OAUTHBEARER response')
  const request = decodeOAuthBearer(data)
  if (request.kind === 'token') return new Secret(request.token)
  await challenge(frames, verifier)
  throw refused('login refused', 'TOKEN_WANTED', 'a bearer token is required', 'The server has said where to get one.')
}

/** Says why, and where to get a token; the client acknowledges it (RFC 7628 section 3.2.3). */
async function challenge(frames: LoginFrames, verifier: TokenVerifier): Promise<void> {
  const data = encodeOAuthChallenge({ status: 'invalid_token', ...verifier.discovery() })
  const writer = new MessageWriter()
  encodeAuthentication({ kind: 'AuthenticationSASLContinue', data }, writer)
  frames.connection.write(writer.take())
  const { body } = await frames.next()
  if (!isOAuthAcknowledgement(body)) throw new ProtocolError('BAD_VALUE', 'not the acknowledgement of a challenge')
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

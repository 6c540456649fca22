import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import {
  BACKEND_LIMITS,
  BodyReader,
  type BackendKeyData,
  decodeAuthentication,
  decodeBackendKeyData,
  decodeReport,
  encodePasswordMessage,
  encodeSASLInitialResponse,
  encodeSASLResponse,
  encodeStartupPacket,
  md5PasswordResponse,
  MessageWriter,
  saltPassword,
  ScramClient,
  type ScramChannelBinding,
} from '@gatehouse/postgres-wire'
import type { CredentialLease } from '@gatehouse/upstream-credentials'
import type { Connection } from '../connection.ts'
import { type Target, wantsTls } from '../target.ts'
import type { Turn } from '../turn.ts'
import { passwordOf, withLease } from '../upstream-credential.ts'
import {
  connectTarget,
  messageOf,
  noTlsOffered,
  secureTarget,
  UpstreamUnavailable,
  withDeadline,
} from '../upstream-dial.ts'
import { LoginFrames } from './login-frames.ts'

/** Before login no message of the upstream may be larger. */
const LOGIN_MESSAGE_BYTES = 1024 * 1024

/** A logged-in session at the upstream. */
export interface Upstream {
  readonly connection: Connection
  /** The ParameterStatus messages it sent, as frames for the client. */
  readonly parameters: Buffer
  readonly settings: ReadonlyMap<string, string>
  readonly key: BackendKeyData
  /** What it was logged in with: given back when the connection is closed. */
  readonly lease: CredentialLease
}

/**
 * Connects to a target and logs in with a credential leased for it. `settings` go into the start-up message. `session`: its id; of a
 * connection of the gateway's own, what it is for. The lease is given back when the connection is closed. Throws `UpstreamUnavailable`.
 */
export async function openUpstream(
  name: string,
  target: Target,
  settings: ReadonlyMap<string, string>,
  session: string,
  turn: Turn,
): Promise<Upstream> {
  return withLease(name, target, session, (lease) =>
    // A cancel needs no password.
    logIn(name, target, lease, settings, turn).finally(() => lease.password?.overwrite()),
  )
}

async function logIn(
  name: string,
  target: Target,
  lease: CredentialLease,
  settings: ReadonlyMap<string, string>,
  turn: Turn,
): Promise<Upstream> {
  const timeout = target.connectTimeoutSeconds * 1000
  const connection = await dial(name, target, turn)
  const frames = new LoginFrames(connection, BACKEND_LIMITS(LOGIN_MESSAGE_BYTES))
  const timer = setTimeout(() => frames.interrupt('the database did not finish the login in time'), timeout)
  try {
    const parameters = new Map([['user', lease.user], ['database', target.database], ...settings])
    connection.write(
      packet((writer) => encodeStartupPacket({ kind: 'StartupMessage', minorVersion: 0, parameters }, writer)),
    )
    await authenticate(name, target, lease, frames)
    return { ...(await awaitReady(name, frames)), lease }
  } catch (error) {
    connection.destroy()
    if (error instanceof UpstreamUnavailable) throw error
    throw new UpstreamUnavailable(name, 'the database did not complete the login', messageOf(error))
  } finally {
    clearTimeout(timer)
  }
}

/** Asks the upstream to cancel what the session with this key is running. Never throws; there is no answer to wait for but the close. */
export async function cancelUpstream(name: string, target: Target, key: BackendKeyData, turn: Turn): Promise<void> {
  let connection: Connection
  try {
    connection = await dial(name, target, turn)
  } catch {
    return // what is running goes on until its connection closes; the caller closes it
  }
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => connection.destroy(), 5000)
    connection.receive({
      bytes: () => undefined,
      closed: () => {
        clearTimeout(timer)
        resolve()
      },
    })
    connection.write(packet((writer) => encodeStartupPacket({ ...key, kind: 'CancelRequest' }, writer)))
  })
  connection.destroy()
}

/** A connection to the target, secured as its configuration says. */
async function dial(name: string, target: Target, turn: Turn): Promise<Connection> {
  const connection = await connectTarget(name, target, `${target.host}/.s.PGSQL.${target.port}`, turn)
  if (!wantsTls(target)) return connection
  try {
    if (!(await offersTls(connection, target.connectTimeoutSeconds * 1000)))
      throw noTlsOffered(name, 'answered N to SSLRequest')
  } catch (error) {
    connection.destroy()
    if (error instanceof UpstreamUnavailable) throw error
    throw new UpstreamUnavailable(name, 'no verified TLS connection to the database could be made', messageOf(error))
  }
  await secureTarget(name, target, connection, ['postgresql'])
  return connection
}

/** Sends SSLRequest. Throws when the answer is not the one byte it has to be: more would have been sent before the handshake. */
function offersTls(connection: Connection, timeout: number): Promise<boolean> {
  return withDeadline(
    new Promise((resolve, reject) => {
      connection.receive({
        bytes: (chunk, length) => {
          if (length !== 1 || (chunk[0] !== 0x53 && chunk[0] !== 0x4e)) reject(new Error('not an answer to SSLRequest'))
          else resolve(chunk[0] === 0x53 /* S */)
        },
        closed: (error) => reject(error ?? new Error('the connection was closed')),
      })
      connection.write(packet((writer) => encodeStartupPacket({ kind: 'SSLRequest' }, writer)))
    }),
    timeout,
  )
}

async function authenticate(name: string, target: Target, lease: CredentialLease, frames: LoginFrames): Promise<void> {
  const inClear = new MessageWriter(lease.password === null ? 0 : lease.password.expose().length + 16)
  try {
    await prove(name, target, lease, frames, inClear)
  } finally {
    inClear.written().fill(0)
  }
}

/** Answers what the database asks for. `inClear` is for a message with the password itself: it is overwritten afterwards. */
async function prove(
  name: string,
  target: Target,
  lease: CredentialLease,
  frames: LoginFrames,
  inClear: MessageWriter,
): Promise<void> {
  const { connection } = frames
  let proved = false
  let scram: ScramClient | null = null
  for (;;) {
    const frame = await frames.next()
    if (frame.tag === 0x45 /* E */) throw refusedBy(name, frame.body)
    if (frame.tag !== 0x52 /* R */) throw new Error('an unexpected message during login')
    const request = decodeAuthentication(new BodyReader(frame.body))
    switch (request.kind) {
      case 'AuthenticationOk':
        if (scram !== null && !proved) throw new Error('the database did not prove that it knows the password')
        return
      case 'AuthenticationCleartextPassword':
        if (!connection.encrypted && wantsTls(target))
          throw new Error('the database asks for a clear-text password without TLS')
        encodePasswordMessage(passwordOf(name, lease), inClear)
        connection.write(inClear.written())
        break
      case 'AuthenticationMD5Password': {
        const response = md5PasswordResponse(lease.user, passwordOf(name, lease), request.salt)
        connection.write(packet((writer) => encodePasswordMessage(response, writer)))
        break
      }
      case 'AuthenticationSASL': {
        const plus = request.mechanisms.includes('SCRAM-SHA-256-PLUS') ? channelBinding(connection) : null
        if (plus === null && !request.mechanisms.includes('SCRAM-SHA-256')) {
          throw new Error(`the database offers only ${request.mechanisms.join(', ')}`)
        }
        const unbound: ScramChannelBinding = { kind: connection.encrypted ? 'not-offered' : 'unsupported' }
        // A server that offers -PLUS must not be told 'not-offered': it would take that for an attack.
        const none: ScramChannelBinding = request.mechanisms.includes('SCRAM-SHA-256-PLUS')
          ? { kind: 'unsupported' }
          : unbound
        scram = new ScramClient(randomBytes(18).toString('base64'), plus ?? none)
        const first = scram.first()
        const mechanism = plus === null ? 'SCRAM-SHA-256' : 'SCRAM-SHA-256-PLUS'
        connection.write(packet((writer) => encodeSASLInitialResponse({ mechanism, data: first }, writer)))
        break
      }
      case 'AuthenticationSASLContinue': {
        if (scram === null) throw new Error('a SCRAM challenge that nobody asked for')
        const challenge = scram.readChallenge(request.data)
        const salted = await saltPassword(passwordOf(name, lease), challenge.salt, challenge.iterations)
        const final = scram.final(salted)
        salted.fill(0)
        connection.write(packet((writer) => encodeSASLResponse(final, writer)))
        break
      }
      case 'AuthenticationSASLFinal':
        if (scram === null) throw new Error('a SCRAM proof that nobody asked for')
        scram.verify(request.data)
        proved = true
        break
      case 'AuthenticationKerberosV5':
      case 'AuthenticationSCMCredential':
      case 'AuthenticationGSS':
      case 'AuthenticationGSSContinue':
      case 'AuthenticationSSPI':
        throw new Error(`the database asks for ${request.kind}, which the gateway does not have`)
      default:
        throw request satisfies never
    }
  }
}

async function awaitReady(name: string, frames: LoginFrames): Promise<Omit<Upstream, 'lease'>> {
  const parameters: Buffer[] = []
  const settings = new Map<string, string>()
  let key: BackendKeyData = { kind: 'BackendKeyData', processId: 0, secretKey: Buffer.alloc(4) }
  for (;;) {
    const frame = await frames.next()
    switch (frame.tag) {
      case 0x53: /* S */ {
        const body = new BodyReader(frame.body)
        settings.set(body.reportText(), body.reportText())
        parameters.push(new MessageWriter().begin(0x53).bytes(frame.body).end().take())
        break
      }
      case 0x4b /* K */:
        key = decodeBackendKeyData(new BodyReader(frame.body))
        break
      case 0x4e /* N */:
        break
      case 0x5a /* Z */:
        return { connection: frames.connection, parameters: Buffer.concat(parameters), settings, key }
      case 0x45 /* E */:
        throw refusedBy(name, frame.body)
      default:
        throw new Error('an unexpected message during login')
    }
  }
}

/** tls-server-end-point (RFC 5929): the certificate's hash, by its own signature's algorithm, SHA-256 for the weak ones. */
function channelBinding(connection: Connection): ScramChannelBinding | null {
  const raw = connection.tls?.getPeerCertificate().raw
  if (raw === undefined) return null
  const algorithm = new X509Certificate(raw).signatureAlgorithm?.toLowerCase() ?? ''
  if (algorithm.includes('ed25519') || algorithm.includes('ed448')) return null
  const hash = /sha(384|512|224)/.exec(algorithm)?.[0] ?? 'sha256'
  return { kind: 'tls-server-end-point', data: createHash(hash).update(raw).digest() }
}

function refusedBy(name: string, body: Buffer): UpstreamUnavailable {
  const { fields } = decodeReport('ErrorResponse', new BodyReader(body))
  const sqlstate = fields.get('C') ?? 'XX000'
  return new UpstreamUnavailable(
    name,
    `the database refused the gateway (SQLSTATE ${sqlstate})`,
    fields.get('M') ?? '',
    sqlstate,
  )
}

function packet(encode: (writer: MessageWriter) => void): Buffer {
  const writer = new MessageWriter()
  encode(writer)
  return writer.take()
}

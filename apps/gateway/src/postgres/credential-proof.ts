import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import {
  type Authentication,
  decodeSASLInitialResponse,
  encodeAuthentication,
  MessageWriter,
  ProtocolError,
  type ScramMechanism,
  ScramServer,
} from '@gatehouse/postgres-wire'
import type { Connection } from '../connection.ts'
import type { CredentialLogin, Proved } from '../credential-login.ts'
import type { LoginFrames } from './login-frames.ts'

/** As many as PostgreSQL's own nonce has. */
const NONCE_BYTES = 18

/** Has the client prove by SCRAM that it has the credential's secret. Throws `LoginRefused` and `ProtocolError`. */
export async function proveCredential(frames: LoginFrames, login: CredentialLogin): Promise<Proved> {
  const endPoint = endPointOf(frames.connection)
  const mechanisms: ScramMechanism[] =
    endPoint === undefined ? ['SCRAM-SHA-256'] : ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']
  say(frames, { kind: 'AuthenticationSASL', mechanisms })
  const { mechanism, data } = decodeSASLInitialResponse((await frames.next()).body)
  const chosen = mechanisms.find((offered) => offered === mechanism)
  if (chosen === undefined || data === null)
    throw new ProtocolError('BAD_VALUE', 'not the beginning of an offered SCRAM mechanism')
  const scram = new ScramServer(login.scram, randomBytes(NONCE_BYTES).toString('base64'), endPoint)
  const challenge = answered(login, () => scram.first(chosen, data))
  say(frames, { kind: 'AuthenticationSASLContinue', data: challenge })
  const { body } = await frames.next()
  const final = answered(login, () => scram.final(body))
  const proved = await login.admit()
  // Not before: it tells that the secret was right.
  say(frames, { kind: 'AuthenticationSASLFinal', data: final })
  return proved
}

/** What the exchange answers; a proof that does not hold is a refusal, whatever is wrong with it. */
function answered(login: CredentialLogin, step: () => Buffer): Buffer {
  try {
    return step()
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'BAD_PROOF') throw login.refusal(error.message)
    throw error
  }
}

/** tls-server-end-point of this side (RFC 5929); undefined where there is no TLS, or the certificate's signature names no hash. */
function endPointOf({ tls }: Connection): Buffer | undefined {
  const certificate = tls?.getCertificate()
  if (certificate === null || certificate === undefined || !('raw' in certificate)) return undefined
  const { raw } = certificate
  const algorithm = new X509Certificate(raw).signatureAlgorithm?.toLowerCase() ?? ''
  if (algorithm.includes('ed25519') || algorithm.includes('ed448') || algorithm.includes('pss')) return undefined
  const hash = /sha(384|512|224)/.exec(algorithm)?.[0] ?? 'sha256'
  return createHash(hash).update(raw).digest()
}

function say({ connection }: LoginFrames, message: Authentication): void {
  const writer = new MessageWriter()
  encodeAuthentication(message, writer)
  connection.write(writer.take())
}

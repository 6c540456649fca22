import type { Connection } from './connection.ts'
import type { ListenerTls } from './listener-tls.ts'
import { LoginInterrupted } from './login-refused.ts'

/**
 * The TLS handshake with a client; the deadline cuts off who does not finish it. `firstBytes`: of it, already read; `protocols`: what
 * ALPN must agree on, where the engine knows any. Throws `LoginInterrupted`, or the TLS library's error.
 */
export async function secureClient(
  connection: Connection,
  listener: ListenerTls,
  firstBytes: Buffer | null,
  protocols: string[],
  deadline: AbortSignal,
): Promise<void> {
  const cutOff = (): void => connection.destroy()
  deadline.addEventListener('abort', cutOff, { once: true })
  try {
    const alpn = protocols.length === 0 ? {} : { ALPNProtocols: protocols }
    // Whether what it shows counts is looked at by `ListenerTls`.
    const requestCert = listener.clientCertificates !== null
    const secureContext = listener.contextFor(connection)
    await connection.secureAsServer({ secureContext, requestCert, rejectUnauthorized: false, ...alpn }, firstBytes)
  } catch (error) {
    if (deadline.aborted) throw new LoginInterrupted('the client did not finish the TLS handshake in time')
    throw error
  } finally {
    deadline.removeEventListener('abort', cutOff)
  }
}

import type { SecureContext } from 'node:tls'
import { principalOfCertificate, ReloadedTls, type TlsLog, type TlsState } from '@gatehouse/certificates'
import type { Principal } from '@gatehouse/core'
import type { ClientCertificatesConfig, ListenerConfig } from './config/index.ts'
import type { Connection } from './connection.ts'

/** TLS of one listener: what it shows, and which certificates of its clients count. */
export class ListenerTls {
  /** Null: clients are not asked for certificates. */
  readonly clientCertificates: ClientCertificatesConfig | null
  readonly #files: ReloadedTls
  readonly #log: TlsLog

  private constructor(files: ReloadedTls, clientCertificates: ClientCertificatesConfig | null, log: TlsLog) {
    this.#files = files
    this.clientCertificates = clientCertificates
    this.#log = log
  }

  /** Null: the listener has no TLS. Throws an Error that says what is wrong with which file. */
  static open(
    engine: string,
    { tls, clientCertificates }: ListenerConfig,
    log: TlsLog,
    now: () => number,
  ): ListenerTls | null {
    if (tls === null) return null
    const { authoritiesFile = null, crlFile = null } = clientCertificates ?? {}
    const files = { ...tls, authoritiesFile, crlFile }
    return new ListenerTls(new ReloadedTls(`listeners.${engine}.tls`, files, log, now).watch(), clientCertificates, log)
  }

  get secureContext(): SecureContext {
    return this.#files.secureContext
  }

  /** Whose certificate the client of this connection showed; null: it showed none that counts, the log says why. */
  principalOf(connection: Connection, now: number): Principal | null {
    const { tls } = connection
    const certificate = tls?.getPeerX509Certificate()
    if (this.clientCertificates === null || tls === null || certificate === undefined) return null
    const fault = tls.isSessionReused() ? 'its session was resumed' : verificationFault(tls)
    const verdict =
      fault === null
        ? principalOfCertificate(certificate, this.clientCertificates, now)
        : ({ kind: 'refused', detail: fault } as const)
    if (verdict.kind === 'principal') return verdict.principal
    const { subject, serialNumber, fingerprint256 } = certificate
    const shown = { subject: subject.replaceAll('\n', ', '), serialNumber, fingerprint256 }
    this.#log.warn(
      { address: connection.remoteAddress, ...shown, fault: verdict.detail },
      'a client certificate does not count',
    )
    return null
  }

  /** How its files are just now. */
  get state(): TlsState {
    return this.#files.state
  }

  /** Reads its files again now. */
  reload(): void {
    this.#files.reload()
  }

  close(): void {
    this.#files.close()
  }
}

/** What OpenSSL found wrong with the chain: its code; null: nothing. */
function verificationFault(tls: object): string | null {
  // Node says it in public only of sockets that its own server accepted (`authorized`), which these are not.
  const handle: unknown = Reflect.get(tls, '_handle')
  const verifyError: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'verifyError') : null
  if (typeof verifyError !== 'function') return 'the chain was not verified'
  const error: unknown = Reflect.apply(verifyError, handle, [])
  if (error === null) return null
  return error instanceof Error && 'code' in error
    ? `${String(error.code)}: ${error.message}`
    : 'the chain was not verified'
}

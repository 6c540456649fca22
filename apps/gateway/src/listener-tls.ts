import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'
import {
  type CertificateVerdict,
  type ChainStanding,
  principalOfCertificate,
  ReloadedTls,
  shownChain,
  type TlsLog,
  type TlsState,
} from '@gatehouse/certificates'
import type { Principal, ShownCertificate } from '@gatehouse/core'
import type { ClientCertificatesConfig, ListenerConfig } from './config/index.ts'
import type { Connection } from './connection.ts'

/** TLS of one listener: what it shows, and which certificates of its clients count. */
export class ListenerTls {
  /** Null: clients are not asked for certificates. */
  readonly clientCertificates: ClientCertificatesConfig | null
  readonly #files: ReloadedTls
  readonly #log: TlsLog
  /** Connections whose right rests on a certificate. */
  readonly #certified = new Set<Connection>()
  /** What the certificates of connections were verified by, in the handshake. */
  readonly #verifiedBy = new WeakMap<Connection, ChainStanding>()

  private constructor(files: ReloadedTls, clientCertificates: ClientCertificatesConfig | null, log: TlsLog) {
    this.#files = files
    this.clientCertificates = clientCertificates
    this.#log = log
    files.watch(({ standing }) => this.#endThose((chain, before) => standing.faultOf(chain, before)))
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
    return new ListenerTls(new ReloadedTls(`listeners.${engine}.tls`, files, log, now), clientCertificates, log)
  }

  /** What the handshake of this connection goes by. */
  contextFor(connection: Connection): SecureContext {
    if (this.clientCertificates !== null) this.#verifiedBy.set(connection, this.#files.standing)
    return this.#files.secureContext
  }

  /** Whose certificate the client of this connection showed; null: it showed none that counts, the log says why. */
  principalOf(connection: Connection, now: number): Principal | null {
    const judged = this.#judge(connection, now)
    if (judged === null) return null
    if (judged.verdict.kind === 'principal') return judged.verdict.principal
    const address = connection.remoteAddress
    this.#log.warn({ address, ...accountOf(judged) }, 'a client certificate does not count')
    return null
  }

  /** What the client of this connection showed, for the record of a login that was refused; null: nothing that is still known. */
  shownBy(connection: Connection, now: number): ShownCertificate | null {
    const judged = this.#judge(connection, now)
    return judged === null ? null : accountOf(judged)
  }

  #judge(connection: Connection, now: number): JudgedCertificate | null {
    const { tls } = connection
    const certificate = tls?.getPeerX509Certificate()
    if (this.clientCertificates === null || tls === null || certificate === undefined) return null
    // The handshake may be older than the files: COM_CHANGE_USER has no other.
    const fault =
      (tls.isSessionReused() ? 'its session was resumed' : verificationFault(tls)) ??
      this.#files.standing.faultOf(shownChain(tls), this.#before(connection))
    return {
      certificate,
      verdict:
        fault === null
          ? principalOfCertificate(certificate, this.clientCertificates, now)
          : { kind: 'refused', detail: fault },
    }
  }

  /**
   * Whether the right of this connection rests on its certificate: then it loses it when the certificate is revoked, or its authority counts no
   * more.
   */
  holdTo(connection: Connection, certified: boolean): void {
    if (!certified) return void this.#certified.delete(connection)
    if (this.#certified.has(connection)) return
    this.#certified.add(connection)
    connection.onceGone(() => this.#certified.delete(connection))
  }

  /** What the lists in use here revoke ends with the connections of a listener before it, too. */
  endRevokedOf(before: ListenerTls): void {
    const { standing } = this.#files
    before.#endThose((chain, verifiedBy) => standing.revokedIn(chain, verifiedBy))
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

  #before(connection: Connection): ChainStanding {
    return this.#verifiedBy.get(connection) ?? this.#files.standing
  }

  #endThose(faultOf: (chain: readonly X509Certificate[], before: ChainStanding) => string | null): void {
    let ended = 0
    for (const connection of this.#certified) {
      const { tls, closed } = connection
      const fault = tls === null || closed ? null : faultOf(shownChain(tls), this.#before(connection))
      if (fault === null) continue
      ended++
      this.#certified.delete(connection)
      connection.loseCertificate(fault)
    }
    if (ended > 0) this.#log.warn({ ended }, 'sessions were ended: their client certificates are good no more')
  }
}

interface JudgedCertificate {
  readonly certificate: X509Certificate
  readonly verdict: CertificateVerdict
}

function accountOf({ certificate, verdict }: JudgedCertificate): ShownCertificate {
  const { subject, serialNumber, fingerprint256 } = certificate
  const fault = verdict.kind === 'refused' ? verdict.detail : null
  return { subject: subject.replaceAll('\n', ', '), serialNumber, fingerprint256, fault }
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

import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { isPinned } from '@gatehouse/certificates'
import type { TargetConfig } from './config/index.ts'
import type { Connection } from './connection.ts'
import type { Target } from './target.ts'

/** How a connection to the target is secured and verified. `protocols`: what is offered by ALPN. */
export function upstreamTlsOptions(target: Target, protocols: string[]): ConnectionOptions {
  const { mode, serverName } = target.tls
  const verified = serverName ?? target.host
  if (target.tlsFiles === null) throw new Error('the target is not reached by TLS')
  return {
    host: verified,
    ...(isIP(verified) === 0 ? { servername: verified } : {}),
    secureContext: target.tlsFiles.secureContext,
    rejectUnauthorized: mode === 'verify-full' || mode === 'verify-ca',
    ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
}

/** Why the certificate that the target showed is none of those pinned; null: it is one, or none is pinned. */
export function pinFault(connection: Connection, { tls: { pinnedSha256 } }: TargetConfig): string | null {
  if (pinnedSha256.length === 0) return null
  const certificate = connection.tls?.getPeerX509Certificate()
  if (certificate === undefined) return 'it showed no certificate, and one is pinned'
  if (isPinned(certificate, pinnedSha256)) return null
  return `its certificate is none of those pinned (SHA-256 ${certificate.fingerprint256})`
}

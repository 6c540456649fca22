import { ReloadedTls, type TlsLog } from '@gatehouse/certificates'
import { type CredentialSource, openReference, openSource, type SourceLog } from '@gatehouse/upstream-credentials'
import type { TargetConfig } from './config/index.ts'

/** A target as the gateway works with it: as it is configured, with the source of its credential open. */
export interface Target extends TargetConfig {
  readonly credentials: CredentialSource
  /** Authorities, lists and the gateway's own certificate; null: it is not reached by TLS. */
  readonly tlsFiles: ReloadedTls | null
  /** How often its source was asked for a credential, with what success. */
  readonly leases: { given: number; failed: number }
}

/**
 * Opens the source of a target's credential, which asks for nothing yet, and reads the files of its TLS. To be closed:
 * `credentials.close()`, `tlsFiles.close()`. Throws an Error that says what is wrong with which file.
 */
export function openTarget(name: string, config: TargetConfig, log: SourceLog & TlsLog): Target {
  const { credential, password } = config
  const tlsFiles = openTls(name, config, log)
  return {
    ...config,
    tlsFiles,
    leases: { given: 0, failed: 0 },
    credentials: credential === null ? openReference(password) : openSource(credential, log),
  }
}

/** True where the target is configured to be reached by TLS: then nothing secret goes to it without. */
export function wantsTls({ tls: { mode } }: TargetConfig): boolean {
  return mode !== 'disable' && mode !== 'clear-text-over-network'
}

function openTls(name: string, config: TargetConfig, log: TlsLog): ReloadedTls | null {
  if (!wantsTls(config)) return null
  const { clientCertificateFile, clientKeyFile, caFile, crlFile, minVersion } = config.tls
  const own = { certificateFile: clientCertificateFile, keyFile: clientKeyFile }
  const files = { ...own, authoritiesFile: caFile, crlFile, minVersion }
  return new ReloadedTls(`targets.${name}.tls`, files, log, () => Date.now())
}

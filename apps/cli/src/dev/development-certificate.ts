import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { makeAuthority, openAuthority, type CertificateAuthority } from './certificates.ts'
import { writePrivately } from './kept-file.ts'

/** Files of a certificate for this machine: what a server shows, and what clients trust. */
export interface DevelopmentCertificate {
  /** The development authority's certificate: `sslrootcert` of a client. */
  readonly caFile: string
  readonly certificateFile: string
  readonly keyFile: string
}

const RENEW_BEFORE = 30 * 86_400_000

/**
 * The certificate for `names` (default localhost, 127.0.0.1, ::1) in the data folder; made the first time, made again by
 * the same authority when it runs out within 30 days or the names changed.
 */
export function developmentCertificate(
  dataDirectory: string,
  names: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): DevelopmentCertificate {
  const caFile = join(dataDirectory, 'development-ca.crt')
  const caKeyFile = join(dataDirectory, 'development-ca.key')
  const certificateFile = join(dataDirectory, 'server.crt')
  const keyFile = join(dataDirectory, 'server.key')
  const authority = keptAuthority(caFile, caKeyFile)
  if (!isGood(certificateFile, keyFile, authority, names)) {
    const made = authority.forServer(names)
    writePrivately(keyFile, made.key)
    writePrivately(certificateFile, made.certificate)
  }
  return { caFile, certificateFile, keyFile }
}

function keptAuthority(caFile: string, caKeyFile: string): CertificateAuthority {
  if (existsSync(caFile) && existsSync(caKeyFile)) {
    const certificate = readFileSync(caFile, 'utf8')
    if (new X509Certificate(certificate).validToDate.getTime() - RENEW_BEFORE > Date.now()) {
      return openAuthority({ certificate, key: readFileSync(caKeyFile, 'utf8') })
    }
  }
  const made = makeAuthority()
  writePrivately(caKeyFile, made.key)
  writePrivately(caFile, made.certificate)
  return made
}

function isGood(
  certificateFile: string,
  keyFile: string,
  authority: CertificateAuthority,
  names: readonly string[],
): boolean {
  if (!existsSync(certificateFile) || !existsSync(keyFile)) return false
  const certificate = new X509Certificate(readFileSync(certificateFile))
  return (
    certificate.validToDate.getTime() - RENEW_BEFORE > Date.now() &&
    certificate.verify(new X509Certificate(authority.certificate).publicKey) &&
    names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined)
  )
}

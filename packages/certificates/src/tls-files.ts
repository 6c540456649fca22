import { readFileSync } from 'node:fs'
import { constants, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions, type SecureVersion } from 'node:tls'
import { ChainStanding } from './standing-chain.ts'
import { authoritiesFault, keyPairFault, revocationListFault, revocationLists } from '@gatehouse/configuration'

/** The files that one side of TLS goes by, and its oldest version. Null: there is none. */
export interface TlsFiles {
  /** What this side shows: a chain in PEM, its own certificate first; with `keyFile`. */
  readonly certificateFile: string | null
  readonly keyFile: string | null
  /** Who vouches for the other side, in PEM; null: the system's. */
  readonly authoritiesFile: string | null
  /** Lists of revoked certificates, in PEM: then every authority of a chain needs one that is in date. */
  readonly crlFile: string | null
  readonly minVersion: SecureVersion
}

/** What was read from the files, ready for use. */
export interface LoadedTls {
  readonly options: SecureContextOptions
  readonly context: SecureContext
  /** What this side shows; null: nothing. */
  readonly certificate: X509Certificate | null
  /** Whether chains that were verified before stand by these files. */
  readonly standing: ChainStanding
}

/**
 * No session is resumed: it would go by a certificate that was looked at before the last reload. PostgreSQL's own server
 * resumes none either. And no client may renegotiate (TLS 1.2).
 */
const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION

/** The names of the files there are. */
export function filesOf({ certificateFile, keyFile, authoritiesFile, crlFile }: TlsFiles): readonly string[] {
  return [certificateFile, keyFile, authoritiesFile, crlFile].filter((file) => file !== null)
}

/** Reads the files. Throws an Error that says what is wrong with which of them; no message holds what is in a file. */
export function loadTls(files: TlsFiles): LoadedTls {
  const { certificateFile, keyFile, authoritiesFile, crlFile, minVersion } = files
  if (certificateFile !== null && keyFile !== null) failOn(certificateFile, keyPairFault(certificateFile, keyFile))
  if (authoritiesFile !== null) failOn(authoritiesFile, authoritiesFault(authoritiesFile))
  if (crlFile !== null) failOn(crlFile, revocationListFault(crlFile))
  const options: SecureContextOptions = {
    minVersion,
    secureOptions: SECURE_OPTIONS,
    ...(certificateFile === null ? {} : { cert: readFileSync(certificateFile) }),
    ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
    ...(authoritiesFile === null ? {} : { ca: readFileSync(authoritiesFile) }),
    // Node reads only the first list of a text.
    ...(crlFile === null ? {} : { crl: [...revocationLists(readFileSync(crlFile, 'utf8'))] }),
  }
  const certificate = certificateFile === null ? null : new X509Certificate(readFileSync(certificateFile))
  const context = createSecureContext(options)
  return { options, context, certificate, standing: standingBy(authoritiesFile, crlFile) }
}

function standingBy(authoritiesFile: string | null, crlFile: string | null): ChainStanding {
  const authorities = authoritiesFile === null ? null : readFileSync(authoritiesFile, 'utf8')
  const lists = crlFile === null ? [] : revocationLists(readFileSync(crlFile, 'utf8'))
  try {
    return new ChainStanding(authorities, lists)
  } catch (cause) {
    throw new Error(`${crlFile}: holds a certificate revocation list that cannot be read`, { cause })
  }
}

function failOn(file: string, fault: string | null): void {
  if (fault !== null) throw new Error(`${file}: ${fault}`)
}

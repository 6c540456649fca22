import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CertificateAuthority, type KeyedCertificate, makeAuthority } from '../servers/certificates.ts'

/** The files of a listener that takes client certificates, and who signs what is in them. */
export interface ListenerFiles {
  /** Signs what the listener shows. */
  readonly servers: CertificateAuthority
  /** Signs the certificates of clients. */
  readonly clients: CertificateAuthority
  /** Settings `tls` and `clientCertificates` of a listener. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string }
  readonly clientCertificates: {
    readonly authoritiesFile: string
    readonly crlFile: string
    readonly issuerName: string
  }
  /** Puts a text into a file of the folder, in one step; gives its path. */
  readonly put: (name: string, text: string) => string
  readonly remove: () => void
}

/** Makes them, with a list on which nobody stands. */
export function listenerFiles(): ListenerFiles {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'))
  const servers = makeAuthority('Gatehouse listener authority')
  const clients = makeAuthority('Gatehouse client authority')
  const put = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
    return file
  }
  const { certificate, key } = listenerCertificate(servers)
  return {
    servers,
    clients,
    put,
    tls: { certificateFile: put('listener.crt', certificate), keyFile: put('listener.key', key) },
    clientCertificates: {
      authoritiesFile: put('clients.crt', clients.certificate),
      crlFile: put('clients.crl', clients.revocationList([])),
      issuerName: 'x509:agents',
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** One for localhost and 127.0.0.1. */
export function listenerCertificate(authority: CertificateAuthority, notAfter?: Date): KeyedCertificate {
  return authority.forServer(['localhost', '127.0.0.1'], notAfter === undefined ? {} : { notAfter })
}

import type { Principal } from '@gatehouse/core'
import type { Connection } from './connection.ts'
import type { Proved } from './credential-login.ts'
import type { LoginOptions } from './login-policy.ts'
import { refused } from './login-refused.ts'

/**
 * The principal of the certificate that a client showed, where the client logs in by it: its user name is the subject, or
 * the word for all. Null: it logs in by something else. Throws `LoginRefused` where the listener wants a certificate that counts of everybody.
 */
export function certifiedPrincipal(connection: Connection, user: string, options: LoginOptions): Principal | null {
  const { tls, targets } = options
  if (tls === null || tls.clientCertificates === null) return null
  const { required, userName } = tls.clientCertificates
  const principal = tls.principalOf(connection, options.now())
  // Until it is known what the login is by: what is revoked meanwhile ends it.
  tls.holdTo(connection, principal !== null)
  if (principal === null) {
    if (!required) return null
    throw refused(
      'login refused',
      'CERTIFICATE_WANTED',
      'a client certificate of an authority that this gateway trusts is required',
      'Connect over TLS with a certificate and its key (sslcert and sslkey, or --ssl-cert and --ssl-key).',
    )
  }
  const plus = user.lastIndexOf('+')
  const label = plus >= 0 && targets.has(user.slice(plus + 1)) ? user.slice(0, plus) : user
  return label === principal.subject || label === userName ? principal : null
}

/** What the login was by is known: the connection loses its right with its certificate, where that is what lets it in. */
export function restOnCertificate(connection: Connection, { by }: Pick<Proved, 'by'>, { tls }: LoginOptions): void {
  tls?.holdTo(connection, by === 'certificate' || tls.clientCertificates?.required === true)
}

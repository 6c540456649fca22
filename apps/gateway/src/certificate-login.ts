import type { Principal } from '@gatehouse/core'
import type { Connection } from './connection.ts'
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

/**
 * On whose behalf a connection was made. `client`: that of whoever has this address (as the system writes it; IPv4 in IPv6 as IPv4) and
 * port. `own`: nobody else's (LOCAL, as for health checks), or an unknown one's (UNKNOWN, UNSPEC, a socket file): the
 * addresses of the connection itself hold.
 */
export type ProxyHeader =
  | { readonly kind: 'client'; readonly address: string; readonly port: number }
  | { readonly kind: 'own' }

/** What the first bytes of a connection are. `absent`: no header of the PROXY protocol, whatever comes. `incomplete`: it may become one. */
export type ProxyHeaderReading =
  | { readonly kind: 'header'; readonly header: ProxyHeader; /** Bytes of it. */ readonly length: number }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'absent' }

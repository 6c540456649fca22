/** The ways to log in to PostgreSQL's side of the gateway, as docs/drivers.md heads its columns. */
export const POSTGRES_WAYS = {
  token: 'token as password',
  scram: 'session credential, `SCRAM-SHA-256`',
  'scram-plus': 'session credential, `SCRAM-SHA-256-PLUS`',
  oauthbearer: '`OAUTHBEARER`',
  certificate: 'client certificate',
  bare: 'nothing said about TLS',
  off: 'TLS turned off',
} as const

/** The same of MySQL's side. */
export const MYSQL_WAYS = {
  token: 'token, `caching_sha2_password`',
  clear: 'token, `mysql_clear_password` chosen',
  openid: 'token, `authentication_openid_connect_client`',
  credential: 'session credential, `caching_sha2_password`',
  native: 'session credential, `mysql_native_password` chosen',
  'change-user': '`COM_CHANGE_USER`, token',
  certificate: 'client certificate',
  bare: 'nothing said about TLS',
  off: 'TLS turned off',
} as const

export type PostgresWay = keyof typeof POSTGRES_WAYS
export type MysqlWay = keyof typeof MYSQL_WAYS

/**
 * What becomes of a driver that comes this way: it is let in, reads masked and is refused the drop; or it is not let in, for a
 * `reason` of its own that docs/drivers.md gives, and says `error`. `before`: with this server alone, with the other it is let in.
 * A way that is not named: the driver has no setting that leads there.
 */
export type Cell =
  | { readonly kind: 'yes' }
  | { readonly kind: 'no'; readonly reason: string; readonly error: RegExp; readonly before: string | null }

export const YES: Cell = { kind: 'yes' }

/** Without TLS, asked for or not: the gateway refuses before there is a token to be seen. */
export const NO_TLS: Cell = {
  kind: 'no',
  reason: 'without TLS: the gateway refuses before the token is sent, and says what to ask for',
  error: /a token may only be sent over TLS.*(sslmode=verify-full|--ssl-mode=REQUIRED)/,
  before: null,
}

export function no(reason: string, error: RegExp, before: string | null = null): Cell {
  return { kind: 'no', reason, error, before }
}

/** What holds with one server: its name, as targets have it. */
export function cellOn(cell: Cell, target: string): Cell {
  return cell.kind === 'no' && cell.before !== null && targetName(cell.before) !== target ? YES : cell
}

/** A server's name as that of a target: `MySQL 9.7` is `mysql97`. */
export function targetName(version: string): string {
  return version.replaceAll(/\W/g, '').toLowerCase()
}

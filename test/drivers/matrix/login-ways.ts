/** The ways to log in to PostgreSQL's side of the gateway, as docs/drivers.md heads its columns. */
export const POSTGRES_WAYS = {
  token: 'token as password',
  scram: 'session credential, `SCRAM-SHA-256`',
  'scram-plus': 'session credential, `SCRAM-SHA-256-PLUS`',
  oauthbearer: '`OAUTHBEARER`',
  bare: 'nothing said about TLS',
} as const

/** The same of MySQL's side. */
export const MYSQL_WAYS = {
  token: 'token, `caching_sha2_password`',
  clear: 'token, `mysql_clear_password`',
  openid: 'token, `authentication_openid_connect_client`',
  credential: 'session credential, `caching_sha2_password`',
  native: 'session credential, `mysql_native_password`',
  'change-user': '`COM_CHANGE_USER`, token',
  bare: 'nothing said about TLS',
} as const

export type PostgresWay = keyof typeof POSTGRES_WAYS
export type MysqlWay = keyof typeof MYSQL_WAYS

/**
 * What becomes of a driver that comes this way: it is let in, reads masked and is refused the drop; or it is not let in, for a
 * `reason` of its own that docs/drivers.md gives, and says `error`. A way that is not named: the driver has no setting that leads there.
 */
export type Cell = { readonly kind: 'yes' } | { readonly kind: 'no'; readonly reason: string; readonly error: RegExp }

export const YES: Cell = { kind: 'yes' }

export function no(reason: string, error: RegExp): Cell {
  return { kind: 'no', reason, error }
}

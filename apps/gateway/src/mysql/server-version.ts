import type { ServerVersion } from '@gatehouse/sql-analysis'

export { dialectOf } from '@gatehouse/sql-analysis'
export type { ServerVersion } from '@gatehouse/sql-analysis'

/**
 * Reads `server_version` of a handshake: `9.7.4`, `8.0.39-0ubuntu0`, `5.5.5-10.11.19-MariaDB-log` (the prefix is for old replicas
 * and is no version). Null: it is none.
 */
export function readServerVersion(text: string): ServerVersion | null {
  const mariadb = /mariadb/i.test(text)
  const numbers = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})/.exec(mariadb ? text.replace(/^5\.5\.5-(?=\d)/, '') : text)
  if (numbers === null) return null
  const [, major = '', minor = '', patch = ''] = numbers
  return {
    flavour: mariadb ? 'mariadb' : 'mysql',
    version: Number(major) * 10_000 + Number(minor) * 100 + Number(patch),
  }
}

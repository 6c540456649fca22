import { isIPv6 } from 'node:net'
import type { Login } from './swap.ts'

/** The parts of a login by name, as `--env NAME='{part}'` takes them. */
export function connectionParts(login: Login): Readonly<Record<string, string>> {
  const { host, port, database, user, password, caFile } = login
  return {
    uri: uriOf(login),
    host,
    port: String(port),
    database,
    user,
    password: password.expose(),
    ca: caFile ?? '',
  }
}

/** The variables that programs of this engine look for. */
export function environmentOf(login: Login): Readonly<Record<string, string>> {
  const { engine, host, port, database, user, password, caFile } = login
  const uri = { DATABASE_URL: uriOf(login) }
  if (engine === 'postgres')
    return {
      PGHOST: host,
      PGPORT: String(port),
      PGDATABASE: database,
      PGUSER: user,
      PGPASSWORD: password.expose(),
      PGSSLMODE: 'verify-full',
      ...(caFile === null ? {} : { PGSSLROOTCERT: caFile }),
      ...uri,
    }
  return {
    MYSQL_HOST: host,
    MYSQL_TCP_PORT: String(port),
    MYSQL_DATABASE: database,
    MYSQL_USER: user,
    MYSQL_PWD: password.expose(),
    ...(caFile === null ? {} : { MYSQL_SSL_CA: caFile }),
    ...uri,
  }
}

/** A connection string. MySQL's drivers agree on no switch for TLS, so there is none in theirs. */
export function uriOf({ engine, host, port, database, user, password, caFile }: Login): string {
  const [name, secret, target] = [user, password.expose(), database].map(encodeURIComponent)
  const place = `${String(name)}:${String(secret)}@${isIPv6(host) ? `[${host}]` : host}:${String(port)}/${String(target)}`
  if (engine === 'mysql') return `mysql://${place}`
  const authorities = caFile === null ? '' : `&sslrootcert=${encodeURIComponent(caFile)}`
  return `postgresql://${place}?sslmode=verify-full${authorities}`
}

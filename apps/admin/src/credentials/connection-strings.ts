import { addressText } from '@gatehouse/configuration'
import type { Secret } from '@gatehouse/core'
import type { CredentialTarget } from '../config/credentials-config.ts'

/** A credential written as drivers take it; each holds the secret. */
export interface ConnectionStrings {
  /** `postgresql://…` (libpq and most drivers) or `mysql://…`, whose switch for TLS is another for each driver. */
  readonly uri: string
  /** For Java. */
  readonly jdbc: string
}

/** The connection strings of a credential; the database name is the target's. */
export function connectionStrings(
  name: string,
  secret: Secret<string>,
  target: string,
  { engine, address }: CredentialTarget,
): ConnectionStrings {
  const [user, password, database] = [name, secret.expose(), target].map(encodeURIComponent)
  const place = `${addressText(address)}/${String(database)}`
  const login = `${String(user)}:${String(password)}`
  const query = `user=${String(user)}&password=${String(password)}`
  return engine === 'postgres'
    ? {
        uri: `postgresql://${login}@${place}?sslmode=verify-full`,
        jdbc: `jdbc:postgresql://${place}?${query}&sslmode=verify-full`,
      }
    : { uri: `mysql://${login}@${place}`, jdbc: `jdbc:mysql://${place}?${query}&sslMode=VERIFY_IDENTITY` }
}

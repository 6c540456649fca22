import { isLoopbackHost } from '@gatehouse/core'
import { Pool, type PoolConfig } from 'pg'

/** Where a trail's database is, and how it is proven to be that. */
export interface TrailDatabase {
  /** `postgres://user:password@host:port/database`, with `sslmode`: `disable` (this machine only), `require` and `verify-full` (certificate and name), `verify-ca` (certificate alone). */
  readonly url: string
  /** Authorities in PEM; null: those of the system. */
  readonly ca: string | null
}

/** How much one program may ask of the database. */
export interface DatabaseUse {
  /** As it is called in `pg_stat_activity`. */
  readonly name: string
  readonly connections: number
  /** A statement that takes longer is ended. */
  readonly statementMilliseconds: number
}

/** An address that is none, or one that could be reached without TLS. */
export class BadDatabaseAddress extends Error {
  override readonly name = 'BadDatabaseAddress'
}

/** A pool of connections. Nothing is dialled before the first use. Throws `BadDatabaseAddress`, which never holds the address. */
export function openPool(database: TrailDatabase, use: DatabaseUse): Pool {
  const pool = new Pool(poolConfig(database, use))
  // A connection that breaks while it is idle is made anew by the next use; without a listener it would end the process.
  pool.on('error', () => {})
  return pool
}

/** What `pg` is to be given. Throws `BadDatabaseAddress`. */
export function poolConfig({ url, ca }: TrailDatabase, use: DatabaseUse): PoolConfig {
  const at = readAddress(url)
  return {
    host: at.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: at.port === '' ? 5432 : Number(at.port),
    user: decode(at.username),
    password: decode(at.password),
    database: decode(at.pathname.slice(1)),
    ssl: tlsOf(at, ca),
    max: use.connections,
    application_name: use.name,
    statement_timeout: use.statementMilliseconds,
    // The server ends a statement first; this is for one that has gone.
    query_timeout: use.statementMilliseconds + 5_000,
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  }
}

function readAddress(url: string): URL {
  let at: URL
  try {
    at = new URL(url)
  } catch {
    throw new BadDatabaseAddress("The trail database's url is no address: postgres://user:password@host:port/database.")
  }
  if (!['postgres:', 'postgresql:'].includes(at.protocol) || at.hostname === '' || at.pathname.length < 2)
    throw new BadDatabaseAddress("The trail database's url must be postgres://user:password@host:port/database.")
  for (const name of at.searchParams.keys()) {
    if (name !== 'sslmode')
      throw new BadDatabaseAddress(
        `The trail database's url has the parameter ${name}; only sslmode is known here. Authorities go to caFile.`,
      )
  }
  return at
}

function tlsOf(at: URL, ca: string | null): NonNullable<PoolConfig['ssl']> | false {
  const local = isLoopbackHost(at.hostname)
  const mode = at.searchParams.get('sslmode') ?? (local && ca === null ? 'disable' : 'verify-full')
  const verified = { rejectUnauthorized: true, ...(ca === null ? {} : { ca }) }
  switch (mode) {
    case 'require':
    case 'verify-full':
      return verified
    case 'verify-ca':
      return { ...verified, checkServerIdentity: () => undefined }
    case 'disable':
      if (local) return false
      throw new BadDatabaseAddress(
        'The trail database is not on this machine: sslmode=disable would send records in clear. Use verify-full.',
      )
    default:
      throw new BadDatabaseAddress(
        `The trail database's url has sslmode=${mode}, which may be unencrypted or unverified. Use verify-full or verify-ca.`,
      )
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new BadDatabaseAddress("The trail database's url has a % that is no escape: write %25.")
  }
}

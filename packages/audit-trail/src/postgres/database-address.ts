import type { ConnectionOptions } from 'node:tls'
import { isLoopbackHost } from '@gatehouse/core'

/** Where a trail's database is, and how it is proven to be that. */
export interface TrailDatabase {
  /** `postgres://user:password@host:port/database`, with `sslmode`: `disable` (this machine only), `require` and `verify-full` (certificate and name), `verify-ca` (certificate alone). */
  readonly url: string
  /** Authorities in PEM; null: those of the system. */
  readonly ca: string | null
}

/** An address that is none, or one that could be reached without TLS. */
export class BadDatabaseAddress extends Error {
  override readonly name = 'BadDatabaseAddress'
}

/** A database's address, read: what a client of PostgreSQL is given. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** False: clear text, to this machine. */
  readonly ssl: ConnectionOptions | false
}

/** Reads where a database is, and how it is proven. Throws `BadDatabaseAddress`, which holds nothing of the address. */
export function readDatabaseAddress({ url, ca }: TrailDatabase): DatabaseAddress {
  const at = parse(url)
  return {
    host: at.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: at.port === '' ? 5432 : Number(at.port),
    user: decode(at.username),
    password: decode(at.password),
    database: decode(at.pathname.slice(1)),
    ssl: tlsOf(at, ca),
  }
}

/** Why this is no address of a trail's database; null: it is one. Nothing of the address is in it. */
export function databaseAddressFault(url: string): string | null {
  try {
    readDatabaseAddress({ url, ca: null })
    return null
  } catch (error) {
    if (error instanceof BadDatabaseAddress) return error.message
    throw error
  }
}

function parse(url: string): URL {
  let at: URL
  try {
    at = new URL(url)
  } catch {
    throw new BadDatabaseAddress("The trail database's url is no address: postgres://user:password@host:port/database.")
  }
  if (!['postgres:', 'postgresql:'].includes(at.protocol) || at.hostname === '' || at.pathname.length < 2)
    throw new BadDatabaseAddress("The trail database's url must be postgres://user:password@host:port/database.")
  // A password that holds a `?` leaves its rest here: no name and no value is told.
  if ([...at.searchParams.keys()].some((name) => name !== 'sslmode'))
    throw new BadDatabaseAddress(
      "The trail database's url has a parameter that is not known here; only sslmode is. Authorities go to caFile, and a ? in a password is written %3F.",
    )
  return at
}

function tlsOf(at: URL, ca: string | null): ConnectionOptions | false {
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
        "The trail database's url has an sslmode that may be unencrypted or unverified. Use verify-full or verify-ca.",
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

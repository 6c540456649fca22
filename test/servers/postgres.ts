import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { makeAuthority } from './certificates.ts'
import { type Found, ServerAbsent } from './found.ts'
import {
  freePort,
  initialiseCluster,
  reachableBy,
  serverUser,
  startPostgresProcess,
  type PostgresInstallation,
  type ServerUser,
} from './local-tools.ts'
import { findPostgres15 } from './postgres-15.ts'
import { findPostgres18 } from './postgres-18.ts'
import { privateFolder } from './private-folder.ts'

export interface PostgresOptions {
  readonly version: 18 | 15
  /** Settings as in postgresql.conf, over the fast ones for tests. */
  readonly settings?: Readonly<Record<string, string | number>>
  /** Lines of pg_hba.conf that stand before the usual ones, and so win. */
  readonly hba?: readonly string[]
  /** TLS with a certificate for localhost, 127.0.0.1 and ::1 of a new authority. Default: true. */
  readonly tls?: boolean
  /** Run as superuser in the database `postgres` once the server is up. */
  readonly initSql?: string
}

/** How to reach a server; plain data, so that it can be handed to another process. */
export interface PostgresAddress {
  readonly version: 18 | 15
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
  /** `postgres://superuser:password@host:port/postgres` */
  readonly url: string
  /** Null for a server that somebody else runs. */
  readonly dataDirectory: string | null
  readonly logFile: string | null
  readonly tls: PostgresTls | null
}

export interface PostgresTls {
  /** The authority's certificate, as a file and as PEM. */
  readonly caFile: string
  readonly ca: string
  /** A client certificate that names the role `cert_login`. */
  readonly client: { readonly certFile: string; readonly keyFile: string; readonly cert: string; readonly key: string }
}

export interface PostgresServer extends PostgresAddress {
  /** The postmaster; 0 for a server that somebody else runs. */
  readonly pid: number
  /** Ends the server and removes its folder. */
  readonly stop: () => Promise<void>
}

/**
 * Roles beside the superuser, one per way to authenticate (PostgreSQL manual, chapter "Client Authentication").
 * `clear_login` and `cert_login` are taken over TLS only; `trust_login` needs no password.
 */
export const LOGINS = {
  scram: { user: 'scram_login', password: 'scram secret' },
  md5: { user: 'md5_login', password: 'md5 secret' },
  clear: { user: 'clear_login', password: 'clear secret' },
  trust: { user: 'trust_login', password: '' },
  cert: { user: 'cert_login', password: '' },
} as const

/** Why this version cannot be had here; null when it can. */
export async function whyAbsent(version: 18 | 15): Promise<string | null> {
  const found = await find(version)
  return found.kind === 'absent' ? found.reason : null
}

/**
 * Starts a private server on a free port of 127.0.0.1, in a folder of its own. It ends with `stop()`, and at the
 * latest with this process. Throws `ServerAbsent` where this version cannot be had.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const found = await find(options.version)
  if (found.kind === 'absent') throw new ServerAbsent(found.reason)
  return found.kind === 'address' ? foreign(found.url, options) : startOwn(found.program, options)
}

/** A database of one's own on a running server, from `sql`; `drop()` removes it with whoever is connected. */
export async function createDatabase(
  server: PostgresAddress,
  name: string,
  sql = '',
): Promise<{ readonly database: string; readonly url: string; readonly drop: () => Promise<void> }> {
  const quoted = `"${name.replaceAll('"', '""')}"`
  await query(server.url, `CREATE DATABASE ${quoted} TEMPLATE template0`)
  const url = new URL(server.url)
  url.pathname = `/${encodeURIComponent(name)}`
  if (sql !== '') await query(url.href, sql)
  return {
    database: name,
    url: url.href,
    drop: () => query(server.url, `DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`),
  }
}

/** Runs SQL (several statements may be) on a connection of its own. */
export async function query(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Runs statements one by one on a connection of its own; the first column of the last one's rows, as the server wrote it. */
export async function firstColumn(url: string, statements: readonly string[]): Promise<string[]> {
  const client = new Client({ connectionString: url, types: { getTypeParser: () => String } })
  await client.connect()
  try {
    let rows: readonly (readonly string[])[] = []
    for (const text of statements) rows = (await client.query<string[]>({ text, rowMode: 'array' })).rows
    return rows.map(([value]) => value ?? '')
  } finally {
    await client.end()
  }
}

/** What makes a server quick to start and to write, and is wrong anywhere but in a test. */
const FAST = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_wal_size: '256MB',
  shared_buffers: '32MB',
  max_connections: 120,
  autovacuum: 'off',
  jit: 'off',
  // CREATE and DROP DATABASE wait for sessions that a test left in the middle of logging in.
  authentication_timeout: '10s',
} as const

/** As `startPostgres`, with a program of the caller's choice. */
export async function startOwn(found: PostgresInstallation, options: PostgresOptions): Promise<PostgresServer> {
  const user = serverUser()
  const folder = privateFolder(`postgres-${String(options.version)}`, user)
  try {
    const installation = reachableBy(user, found, join(folder, 'programs'))
    const cluster = { installation, dataDirectory: join(folder, 'data'), user }
    const password = 'superuser secret'
    initialiseCluster(cluster, password)
    const tls = (options.tls ?? true) ? writeTls(folder, user) : null
    writeOwned(join(cluster.dataDirectory, 'pg_hba.conf'), hba(options), user)
    const port = await freePort()
    const ssl = {
      ssl: 'on',
      ssl_cert_file: `${folder}/server.crt`,
      ssl_key_file: `${folder}/server.key`,
      ssl_ca_file: `${folder}/ca.crt`,
    }
    const settings = { ...FAST, ...(tls === null ? {} : ssl), ...options.settings }
    const server = await startPostgresProcess(cluster, port, settings, folder)
    const url = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/postgres`
    try {
      await query(url, ROLES)
      if (options.initSql !== undefined) await query(url, options.initSql)
    } catch (error) {
      await server.stop()
      throw error
    }
    const { host, pid, logFile, stop } = server
    const { version } = options
    return {
      version,
      host,
      port,
      superuser: 'postgres',
      password,
      url,
      dataDirectory: cluster.dataDirectory,
      logFile,
      tls,
      pid,
      stop,
    }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

const ROLES = `
CREATE ROLE scram_login LOGIN PASSWORD '${LOGINS.scram.password}';
CREATE ROLE clear_login LOGIN PASSWORD '${LOGINS.clear.password}';
CREATE ROLE trust_login LOGIN;
CREATE ROLE cert_login LOGIN;
SET password_encryption = 'md5';
CREATE ROLE md5_login LOGIN PASSWORD '${LOGINS.md5.password}';
`

function hba(options: PostgresOptions): string {
  const own = ['127.0.0.1/32', '::1/128'].flatMap((address) => [
    `host    all ${LOGINS.md5.user}   ${address} md5`,
    `hostssl all ${LOGINS.clear.user} ${address} password`,
    `host    all ${LOGINS.clear.user} ${address} reject`,
    `host    all ${LOGINS.trust.user} ${address} trust`,
    `hostssl all ${LOGINS.cert.user}  ${address} cert`,
    `host    all all                  ${address} scram-sha-256`,
    `host    replication all          ${address} scram-sha-256`,
  ])
  const lines = [...(options.hba ?? []), ...own]
  // Without TLS the server would refuse to read lines that speak of it.
  return `${lines.filter((line) => (options.tls ?? true) || !line.startsWith('hostssl')).join('\n')}\n`
}

function writeTls(folder: string, user: ServerUser | null): PostgresTls {
  const authority = makeAuthority('Gatehouse test authority')
  const server = authority.forServer(['localhost', '127.0.0.1', '::1'])
  const client = authority.forClient(LOGINS.cert.user)
  const certFile = join(folder, 'client.crt')
  const keyFile = join(folder, 'client.key')
  const caFile = join(folder, 'ca.crt')
  writeOwned(caFile, authority.certificate, user)
  writeOwned(join(folder, 'server.crt'), server.certificate, user)
  writeOwned(join(folder, 'server.key'), server.key, user)
  // libpq wants its key owned by whoever runs it.
  mkdirSync(folder, { recursive: true })
  writeFileSync(certFile, client.certificate)
  writeFileSync(keyFile, client.key, { mode: 0o600 })
  return { caFile, ca: authority.certificate, client: { certFile, keyFile, cert: client.certificate, key: client.key } }
}

function writeOwned(file: string, text: string, user: ServerUser | null): void {
  writeFileSync(file, text, { mode: 0o600 })
  if (user !== null) chownSync(file, user.uid, user.gid)
}

function foreign(given: string, options: PostgresOptions): PostgresServer {
  if (options.settings !== undefined || options.hba !== undefined || options.initSql !== undefined) {
    throw new ServerAbsent(
      `this test needs a PostgreSQL ${String(options.version)} of its own, and only an address was given`,
    )
  }
  const url = new URL(given)
  return {
    version: options.version,
    host: url.hostname,
    port: Number(url.port === '' ? 5432 : url.port),
    superuser: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    url: given,
    dataDirectory: null,
    logFile: null,
    tls: null,
    pid: 0,
    stop: () => Promise.resolve(),
  }
}

const found15 = new Map<15, Promise<Found<PostgresInstallation>>>()

async function find(version: 18 | 15): Promise<Found<PostgresInstallation>> {
  if (version === 18) return findPostgres18()
  const looking = found15.get(15) ?? findPostgres15()
  found15.set(15, looking)
  return looking
}

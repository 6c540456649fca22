import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { makeAuthority } from './certificates.ts'
import { putInPlace } from './debian-packages.ts'
import { type Found, ServerAbsent } from './found.ts'
import { freePort, initialiseMysql, startMysqlProcess, type MysqlInstallation } from './local-tools.ts'
import { findMariadb10 } from './mariadb-10.ts'
import { findMysql9 } from './mysql-9.ts'
import { KEPT_SERVERS, privateFolder } from './private-folder.ts'

export type MysqlVersion = 'mysql-9' | 'mariadb-10.11'

export interface MysqlOptions {
  readonly version: MysqlVersion
  /** Options of the server without the dashes, over the fast ones for tests; null: the option alone. */
  readonly settings?: Readonly<Record<string, string | number | null>>
  /** TLS with a certificate for localhost, 127.0.0.1 and ::1 of a new authority. Default: true; else there is none. */
  readonly tls?: boolean
  /** Run as superuser before the first client is let in: one statement a line, each with its semicolon. */
  readonly initSql?: string
}

/** How to reach a server; plain data, so that it can be handed to another process. */
export interface MysqlAddress {
  readonly version: MysqlVersion
  readonly host: string
  readonly port: number
  readonly superuser: string
  readonly password: string
  /** `mysql://superuser:password@host:port/`: no database is chosen. */
  readonly url: string
  /** Null for a server that somebody else runs. */
  readonly dataDirectory: string | null
  readonly logFile: string | null
  readonly tls: MysqlTls | null
}

export interface MysqlTls {
  /** The authority's certificate, as a file and as PEM. */
  readonly caFile: string
  readonly ca: string
  /** A client certificate of the same authority: what `cert_login` must show. */
  readonly client: { readonly certFile: string; readonly keyFile: string; readonly cert: string; readonly key: string }
}

export interface MysqlServer extends MysqlAddress {
  /** The server's process; 0 for a server that somebody else runs. */
  readonly pid: number
  /** Ends the server and removes its folder. */
  readonly stop: () => Promise<void>
}

/**
 * Accounts beside the superuser, one per way to authenticate; none has a privilege. Both versions have `empty` (no password),
 * `tls` (REQUIRE SSL) and `cert` (REQUIRE X509). MySQL 9 has no `native`, MariaDB no `caching` and `sha256`.
 */
export const LOGINS = {
  caching: { user: 'caching_login', password: 'caching secret' },
  sha256: { user: 'sha256_login', password: 'sha256 secret' },
  native: { user: 'native_login', password: 'native secret' },
  ed25519: { user: 'ed25519_login', password: 'ed25519 secret' },
  tls: { user: 'tls_login', password: 'tls secret' },
  cert: { user: 'cert_login', password: 'cert secret' },
  empty: { user: 'empty_login', password: '' },
} as const

/** Why this version cannot be had here; null when it can. */
export async function whyAbsent(version: MysqlVersion): Promise<string | null> {
  const found = await find(version)
  return found.kind === 'absent' ? found.reason : null
}

/**
 * Starts a private server on a free port of 127.0.0.1, in a folder of its own. It ends with `stop()`, and at the
 * latest with this process. Throws `ServerAbsent` where this version cannot be had.
 */
export async function startMysql(options: MysqlOptions): Promise<MysqlServer> {
  const found = await find(options.version)
  if (found.kind === 'absent') throw new ServerAbsent(found.reason)
  return found.kind === 'address' ? foreign(found.url, options) : startOwn(found.program, options)
}

/** A database of one's own (utf8mb4) on a running server, filled from `sql`; `drop()` removes it. */
export async function createDatabase(
  server: MysqlAddress,
  name: string,
  sql = '',
): Promise<{ readonly database: string; readonly url: string; readonly drop: () => Promise<void> }> {
  const quoted = `\`${name.replaceAll('`', '``')}\``
  await query(server.url, `CREATE DATABASE ${quoted} CHARACTER SET utf8mb4`)
  const url = new URL(server.url)
  url.pathname = `/${encodeURIComponent(name)}`
  if (sql !== '') await query(url.href, sql)
  return { database: name, url: url.href, drop: () => query(server.url, `DROP DATABASE IF EXISTS ${quoted}`) }
}

/** A connection that runs several statements at once where they are asked for; the caller ends it. */
export function openSession(url: string): Promise<Connection> {
  return createConnection({ uri: url, multipleStatements: true })
}

/** Runs SQL (several statements may be, without DELIMITER) on a connection of its own. */
export async function query(url: string, sql: string): Promise<void> {
  const connection = await openSession(url)
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}

/** Runs statements one by one on a connection of its own; the first column of the last one's rows, as the server wrote it. */
export async function firstColumn(url: string, statements: readonly string[]): Promise<string[]> {
  const connection = await openConnection(url)
  try {
    let rows: readonly (readonly (string | null)[])[] = []
    for (const sql of statements) rows = await connection.rows(sql)
    return rows.map(([value]) => value ?? '')
  } finally {
    await connection.close()
  }
}

/** A connection that answers with rows as the server wrote them; statements without a result give no rows, errors reject. */
export interface TextConnection {
  readonly rows: (sql: string) => Promise<readonly (readonly (string | null)[])[]>
  readonly close: () => Promise<void>
}

export async function openConnection(url: string): Promise<TextConnection> {
  const connection = await createConnection({ uri: url, typeCast: (field) => field.string() })
  return {
    rows: async (sql) => {
      const [result] = await connection.query<RowDataPacket[][]>({ sql, rowsAsArray: true })
      if (!Array.isArray(result)) return []
      const rows: readonly (readonly unknown[])[] = result
      return rows.map((row) => row.map((value) => (typeof value === 'string' ? value : null)))
    },
    close: () => connection.end(),
  }
}

/** What makes a server quick to start and to write, and is wrong anywhere but in a test. */
const FAST = { 'innodb-doublewrite': 'OFF', 'innodb-flush-log-at-trx-commit': 0 } as const

/** Counting tables again, when a server happens to, gives other plans, and these other orders of rows. */
const STEADY = { 'innodb-stats-auto-recalc': 'OFF' } as const

/** As `startMysql`, with a program of the caller's choice. */
export async function startOwn(installation: MysqlInstallation, options: MysqlOptions): Promise<MysqlServer> {
  const { version } = options
  const folder = privateFolder(version, null)
  try {
    const dataDirectory = join(folder, 'data')
    copyTemplate(installation, version, dataDirectory)
    const password = 'superuser secret'
    const tls = (options.tls ?? true) ? writeTls(folder) : null
    const port = await freePort()
    const server = await startMysqlProcess({
      installation,
      dataDirectory,
      port,
      settings: {
        ...FAST,
        ...STEADY,
        ...(installation.flavour === 'mariadb' ? { 'plugin-load-add': 'auth_ed25519' } : {}),
        ...tlsSettings(installation, tls, folder),
        ...options.settings,
      },
      initSql: `${accounts(installation.flavour, password)}${options.initSql ?? ''}\n`,
      removeWhenDone: folder,
    })
    const { host, pid, logFile, stop } = server
    const url = `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${String(port)}/`
    return { version, host, port, superuser: 'root', password, url, dataDirectory, logFile, tls, pid, stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Making a server's data takes seconds, copying it a tenth: it is made once for each version of the program, and kept. */
function copyTemplate(installation: MysqlInstallation, version: MysqlVersion, dataDirectory: string): void {
  const kept = join(KEPT_SERVERS, `${version}-data-${installation.version}`)
  if (!existsSync(kept)) {
    mkdirSync(KEPT_SERVERS, { recursive: true })
    const beside = `${kept}.${randomUUID()}`
    try {
      initialiseMysql(installation, beside)
    } catch (error) {
      // One of the system's that is held to its own folders (AppArmor), say.
      throw new ServerAbsent(`no ${version} here: ${error instanceof Error ? error.message : String(error)}`)
    }
    // The server's name in replication must be its own.
    rmSync(join(beside, 'auto.cnf'), { force: true })
    putInPlace(beside, kept)
  }
  execFileSync('cp', ['-R', kept, dataDirectory])
}

function accounts(flavour: MysqlInstallation['flavour'], superuserPassword: string): string {
  const by = ({ user, password }: { readonly user: string; readonly password: string }): string =>
    `CREATE USER ${user}@'%' IDENTIFIED BY '${password}'`
  const own =
    flavour === 'mysql'
      ? [
          by(LOGINS.caching),
          `CREATE USER ${LOGINS.sha256.user}@'%' IDENTIFIED WITH sha256_password BY '${LOGINS.sha256.password}'`,
        ]
      : [
          by(LOGINS.native),
          `CREATE USER ${LOGINS.ed25519.user}@'%' IDENTIFIED VIA ed25519 USING PASSWORD('${LOGINS.ed25519.password}')`,
        ]
  return [
    ...own,
    `${by(LOGINS.tls)} REQUIRE SSL`,
    `${by(LOGINS.cert)} REQUIRE X509`,
    `CREATE USER ${LOGINS.empty.user}@'%'`,
    `ALTER USER root@localhost IDENTIFIED BY '${superuserPassword}'`,
    `CREATE USER root@'%' IDENTIFIED BY '${superuserPassword}'`,
    "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION",
  ]
    .map((statement) => `${statement};\n`)
    .join('')
}

function writeTls(folder: string): MysqlTls {
  const authority = makeAuthority('Gatehouse test authority')
  const server = authority.forServer(['localhost', '127.0.0.1', '::1'])
  const client = authority.forClient(LOGINS.cert.user)
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  write('server.crt', server.certificate)
  write('server.key', server.key)
  return {
    caFile: write('ca.crt', authority.certificate),
    ca: authority.certificate,
    client: {
      certFile: write('client.crt', client.certificate),
      keyFile: write('client.key', client.key),
      cert: client.certificate,
      key: client.key,
    },
  }
}

function tlsSettings(
  { flavour }: MysqlInstallation,
  tls: MysqlTls | null,
  folder: string,
): Readonly<Record<string, string>> {
  if (tls !== null) {
    return { 'ssl-ca': tls.caFile, 'ssl-cert': join(folder, 'server.crt'), 'ssl-key': join(folder, 'server.key') }
  }
  // MySQL makes certificates by itself; without a TLS version it speaks none. MariaDB 10.11 has TLS only when given some.
  return flavour === 'mysql' ? { 'tls-version': '' } : {}
}

function foreign(given: string, options: MysqlOptions): MysqlServer {
  if (options.settings !== undefined || options.initSql !== undefined) {
    throw new ServerAbsent(`this test needs a ${options.version} of its own, and only an address was given`)
  }
  const url = new URL(given)
  return {
    version: options.version,
    host: url.hostname,
    port: Number(url.port === '' ? 3306 : url.port),
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

const looked = new Map<MysqlVersion, Promise<Found<MysqlInstallation>>>()

function find(version: MysqlVersion): Promise<Found<MysqlInstallation>> {
  const looking = looked.get(version) ?? (version === 'mysql-9' ? findMysql9() : findMariadb10())
  looked.set(version, looking)
  return looking
}

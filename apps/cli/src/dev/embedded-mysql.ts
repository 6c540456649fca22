import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import type { Login } from './embedded-database.ts'
import type { Had } from './found.ts'
import { freePortNear } from './free-port.ts'
import { keptFile } from './kept-file.ts'
import { mysqlOnPath, unpackedMysql, type MysqlInstallation } from './mysql-installation.ts'
import { initialiseMysql, nameOf, startMysqlProcess } from './mysql-process.ts'

export interface EmbeddedMysqlOptions {
  readonly installation: MysqlInstallation
  /** Holds the data and the passwords. */
  readonly dataDirectory: string
  /** Where to listen on 127.0.0.1; another port where that is taken. Default: 13307. */
  readonly port?: number
  /** The schema (database) to make. */
  readonly database: string
  /** Fills the new schema as superuser; runs again on a new one when it did not come to its end. */
  readonly load: (connection: Connection) => Promise<void>
}

/** A MySQL or MariaDB of our own for development, whose data stays. */
export interface EmbeddedMysql {
  /** `MySQL 9.7.4`. */
  readonly product: string
  readonly host: '127.0.0.1'
  readonly port: number
  readonly database: string
  /** Whom the gateway logs in as: may read and write every row of the schema, sees what it needs of definitions, and owns nothing. */
  readonly gateway: Login
  readonly superuser: Login
  /** True when this start made and filled it. */
  readonly isNew: boolean
  /** Settles when the server ends, whoever ended it, with what it logged last. */
  readonly ended: Promise<string>
  readonly stop: () => Promise<void>
}

/**
 * A server program for development: `mysqld` from 8.0 or `mariadbd` from 10.6 on the path, else what was unpacked below
 * `programs`; with `fetch` Debian's MySQL 9 is unpacked there. Absent with a reason that says how to have one.
 */
export async function findDevelopmentMysql(programs: string, fetch: boolean): Promise<Had<MysqlInstallation>> {
  const folder = join(programs, 'mysql-9')
  const found = mysqlOnPath(isRecent)
  if (found !== null) return { kind: 'program', program: found }
  if (fetch || existsSync(join(folder, 'root'))) return unpackedMysql(folder)
  const way = existsSync('/usr/bin/apt-get')
    ? 'start with --mysql to have one fetched (Debian packages, into the data folder), or install one'
    : 'install mysql or mariadb'
  return { kind: 'absent', reason: `no mysqld or mariadbd on the path: ${way}` }
}

function isRecent({ flavour, version }: MysqlInstallation): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return flavour === 'mysql' ? major >= 8 : major > 10 || (major === 10 && minor >= 6)
}

/**
 * Starts the server on its data, and makes and fills the schema the first time; another product or version begins anew.
 * Throws when the server does not start, or what `load` throws.
 */
export async function startEmbeddedMysql(options: EmbeddedMysqlOptions): Promise<EmbeddedMysql> {
  const { installation, database } = options
  const home = resolve(options.dataDirectory)
  const data = join(home, `${installation.flavour}-${installation.version}`)
  const superuser = login(home, 'root')
  const gateway = login(home, 'gatehouse')
  if (!existsSync(data)) {
    // Made aside and renamed: data that was cut off in the making is never taken for whole.
    mkdirSync(home, { recursive: true })
    rmSync(`${data}.new`, { recursive: true, force: true })
    initialiseMysql(installation, `${data}.new`)
    renameSync(`${data}.new`, data)
  }
  const server = await startMysqlProcess({
    installation,
    dataDirectory: data,
    port: await freePortNear(options.port ?? 13_307),
    settings: {},
    initSql: accounts(installation, database, superuser, gateway),
  })
  try {
    const filled = `${data}.filled`
    const isNew = !existsSync(filled)
    if (isNew) {
      await fill({ host: server.host, port: server.port, user: superuser.user, password: superuser.password }, options)
      writeFileSync(filled, '')
    }
    const { host, port, ended, stop } = server
    return {
      product: nameOf(installation),
      host,
      port,
      database,
      gateway: shown(gateway),
      superuser: shown(superuser),
      isNew,
      ended,
      stop,
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function fill(
  connection: { readonly host: string; readonly port: number; readonly user: string; readonly password: string },
  { database, load }: EmbeddedMysqlOptions,
): Promise<void> {
  const name = `\`${database.replaceAll('`', '``')}\``
  const client = await createConnection(connection)
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name}`)
    await client.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`)
    await client.query(`USE ${name}`)
    await load(client)
  } finally {
    await client.end()
  }
}

interface Kept extends Login {
  readonly password: string
}

function login(home: string, user: string): Kept {
  const passwordFile = join(home, `${user}-password`)
  return { user, passwordFile, password: keptFile(passwordFile, () => randomBytes(24).toString('base64url')) }
}

function shown({ user, passwordFile }: Kept): Login {
  return { user, passwordFile }
}

/** Both accounts come from this machine alone; run at every start, before anybody is let in. */
function accounts({ flavour }: MysqlInstallation, database: string, superuser: Kept, gateway: Kept): string {
  // A dot, quote or wildcard is in no name that is given here.
  const schema = `\`${database}\`.*`
  const by = (account: string, password: string): readonly string[] => [
    `CREATE USER IF NOT EXISTS ${account} IDENTIFIED BY '${password}'`,
    `ALTER USER ${account} IDENTIFIED BY '${password}'`,
  ]
  const seeing =
    flavour === 'mysql'
      ? ['SHOW_ROUTINE ON *.*', 'SELECT ON performance_schema.user_defined_functions']
      : ['SELECT ON mysql.proc', 'SELECT ON mysql.func']
  const rights = [`SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, TRIGGER, EVENT ON ${schema}`, ...seeing]
  return [
    `ALTER USER root@localhost IDENTIFIED BY '${superuser.password}'`,
    ...by("root@'127.0.0.1'", superuser.password),
    "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION",
    ...by(`${gateway.user}@'127.0.0.1'`, gateway.password),
    ...rights.map((right) => `GRANT ${right} TO ${gateway.user}@'127.0.0.1'`),
  ]
    .map((statement) => `${statement};\n`)
    .join('')
}

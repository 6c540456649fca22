import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createConnection, type Connection } from 'mysql2/promise'
import type { Login } from './embedded-database.ts'
import { freePortNear } from './free-port.ts'
import { keptFile } from './kept-file.ts'
import type { MysqlSource } from './development-mysql.ts'
import { startMysqlContainer } from './mysql-container.ts'
import type { MysqlInstallation } from './mysql-installation.ts'
import { initialiseMysql, nameOf, startMysqlProcess } from './mysql-process.ts'

export interface EmbeddedMysqlOptions {
  readonly source: MysqlSource
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
 * Starts the server on its data, and makes and fills the schema the first time; another product or version begins anew.
 * Throws when the server does not start, or what `load` throws.
 */
export async function startEmbeddedMysql(options: EmbeddedMysqlOptions): Promise<EmbeddedMysql> {
  const { source, database } = options
  const home = resolve(options.dataDirectory)
  const superuser = login(home, 'root')
  const gateway = login(home, 'gatehouse')
  const port = await freePortNear(options.port ?? 13_307)
  const server =
    source.kind === 'installation'
      ? await startInstalled(source.installation, home, port, database, superuser, gateway)
      : await startImage(source.image, home, port, database, superuser, gateway)
  try {
    const filled = join(home, `${server.state}.filled`)
    const isNew = !existsSync(filled)
    if (isNew) {
      await fill({ host: server.host, port: server.port, user: superuser.user, password: superuser.password }, options)
      writeFileSync(filled, '')
    }
    const { product, host, ended, stop } = server
    return { product, host, port, database, gateway: shown(gateway), superuser: shown(superuser), isNew, ended, stop }
  } catch (error) {
    await server.stop()
    throw error
  }
}

/** A server that runs; its data is in the folder `state`. */
interface Running {
  readonly product: string
  readonly state: string
  readonly host: '127.0.0.1'
  readonly port: number
  readonly ended: Promise<string>
  readonly stop: () => Promise<void>
}

async function startInstalled(
  installation: MysqlInstallation,
  home: string,
  port: number,
  database: string,
  superuser: Kept,
  gateway: Kept,
): Promise<Running> {
  const { flavour, version } = installation
  const state = `${flavour}-${version}`
  const data = join(home, state)
  if (!existsSync(data)) {
    // Made aside and renamed: data that was cut off in the making is never taken for whole.
    mkdirSync(home, { recursive: true })
    rmSync(`${data}.new`, { recursive: true, force: true })
    rmSync(`${data}.filled`, { force: true })
    initialiseMysql(installation, `${data}.new`)
    renameSync(`${data}.new`, data)
  }
  // Both accounts come from this machine alone; told at every start, before anybody is let in.
  const local = [
    `ALTER USER root@localhost IDENTIFIED BY '${superuser.password}'`,
    ...account("root@'127.0.0.1'", superuser),
    "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION",
    ...gatewayAccount(flavour, "gatehouse@'127.0.0.1'", database, gateway),
  ]
  const initSql = local.map((statement) => `${statement};\n`).join('')
  const { host, ended, stop } = await startMysqlProcess({
    installation,
    dataDirectory: data,
    port,
    settings: {},
    initSql,
  })
  return { product: nameOf(installation), state, host, port, ended, stop }
}

async function startImage(
  image: string,
  home: string,
  port: number,
  database: string,
  superuser: Kept,
  gateway: Kept,
): Promise<Running> {
  const { password } = superuser
  const { host, ended, stop } = await startMysqlContainer({ image, home, port, password })
  try {
    const connection = await createConnection({ host, port, user: superuser.user, password })
    // From inside the container this machine is one of Docker's network.
    for (const statement of gatewayAccount('mysql', "gatehouse@'%'", database, gateway))
      await connection.query(statement)
    await connection.end()
  } catch (error) {
    await stop()
    throw error
  }
  return { product: `MySQL (Docker, ${image})`, state: 'container', host, port, ended, stop }
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

function account(name: string, { password }: Kept): readonly string[] {
  return [
    `CREATE USER IF NOT EXISTS ${name} IDENTIFIED BY '${password}'`,
    `ALTER USER ${name} IDENTIFIED BY '${password}'`,
  ]
}

/** What docs/mysql.md tells an operator to give. */
function gatewayAccount(
  flavour: MysqlInstallation['flavour'],
  name: string,
  database: string,
  gateway: Kept,
): readonly string[] {
  const seeing =
    flavour === 'mysql'
      ? ['SHOW_ROUTINE ON *.*', 'SELECT ON performance_schema.user_defined_functions']
      : ['SELECT ON mysql.proc', 'SELECT ON mysql.func']
  // In GRANT the name of a schema is a pattern.
  const schema = database.replaceAll(/[_%]/g, String.raw`\$&`)
  const rights = [`SELECT, INSERT, UPDATE, DELETE, EXECUTE, SHOW VIEW, TRIGGER, EVENT ON \`${schema}\`.*`, ...seeing]
  return [...account(name, gateway), ...rights.map((right) => `GRANT ${right} TO ${name}`)]
}

import { createHash, randomBytes } from 'node:crypto'
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { freePortNear } from './free-port.ts'
import { keptFile } from './kept-file.ts'
import { embeddedPostgres, reachableBy } from './postgres-installation.ts'
import {
  initialiseCluster,
  isCluster,
  startPostgresProcess,
  type Cluster,
  type PostgresProcess,
} from './postgres-process.ts'
import { asUser, serverUser, type ServerUser } from './server-user.ts'

export interface EmbeddedDatabaseOptions {
  /** Holds the cluster and the passwords. */
  readonly dataDirectory: string
  /** Where to listen on 127.0.0.1; another port where that is taken. Default: 15433. */
  readonly port?: number
  /** The database to make. */
  readonly database: string
  /** Fills the new database, as its superuser; runs again when it did not come to its end. */
  readonly load: (client: Client) => Promise<void>
  /** How long to wait for the server of a program that was killed. Default: 8000. */
  readonly predecessorMilliseconds?: number
}

/** A PostgreSQL of our own for development, whose data stays. */
export interface EmbeddedDatabase {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly database: string
  /** Whom the gateway logs in as: may read and write every row of the schema `public`, and owns nothing. */
  readonly gateway: Login
  readonly superuser: Login
  /** True when this start made and filled it. */
  readonly isNew: boolean
  /** Settles when the server ends, whoever ended it, with what it logged last. */
  readonly ended: Promise<string>
  readonly stop: () => Promise<void>
}

export interface Login {
  readonly user: string
  /** A file of mode 0600 that holds the password alone. */
  readonly passwordFile: string
}

/**
 * Starts the embedded PostgreSQL on its data, and makes and fills the database the first time. As root the server runs
 * under an unprivileged account; where that account cannot enter the data folder, the cluster lives in /var/tmp instead.
 * Throws when the server does not start, when the data is of another version, or what `load` throws.
 */
export async function startEmbeddedDatabase(options: EmbeddedDatabaseOptions): Promise<EmbeddedDatabase> {
  const user = serverUser()
  const home = clusterHome(resolve(options.dataDirectory), user)
  const installation = reachableBy(user, embeddedPostgres(), join(home, 'programs'))
  const cluster: Cluster = { installation, dataDirectory: join(home, 'data'), user }
  const superuser = login(options.dataDirectory, 'postgres')
  const gateway = login(options.dataDirectory, 'gatehouse')

  if (!isCluster(cluster.dataDirectory)) {
    // Made aside and renamed: a cluster that was cut off in the making is never taken for a whole one.
    const fresh = { ...cluster, dataDirectory: join(home, 'data.new') }
    rmSync(fresh.dataDirectory, { recursive: true, force: true })
    initialiseCluster(fresh, superuser.password)
    renameSync(fresh.dataDirectory, cluster.dataDirectory)
  }
  const version = readFileSync(join(cluster.dataDirectory, 'PG_VERSION'), 'utf8').trim()
  if (version !== String(installation.version)) {
    throw new Error(
      `${cluster.dataDirectory} is of PostgreSQL ${version}, this is ${String(installation.version)}: delete it to begin anew`,
    )
  }

  const server = await startAfterPredecessor(
    cluster,
    await freePortNear(options.port ?? 15_433),
    options.predecessorMilliseconds ?? 8000,
  )
  try {
    const connection = { host: server.host, port: server.port, user: superuser.user, password: superuser.password }
    const isNew = await makeDatabase(connection, options, gateway)
    const { host, port, ended, stop } = server
    return {
      host,
      port,
      database: options.database,
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

interface Kept extends Login {
  readonly password: string
}

function login(dataDirectory: string, user: string): Kept {
  const passwordFile = join(resolve(dataDirectory), `${user}-password`)
  return { user, passwordFile, password: keptFile(passwordFile, () => randomBytes(24).toString('base64url')) }
}

function shown({ user, passwordFile }: Kept): Login {
  return { user, passwordFile }
}

/** The folder of the cluster: in the data folder, or where the server's account can get to. */
function clusterHome(dataDirectory: string, user: ServerUser | null): string {
  const home = join(dataDirectory, 'postgres')
  mkdirSync(home, { recursive: true })
  if (user === null) return home
  chownSync(home, user.uid, user.gid)
  if (spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', home], { ...asUser(user), cwd: '/' }).status === 0) return home
  const elsewhere = join(
    '/var/tmp',
    `gatehouse-${createHash('sha256').update(dataDirectory).digest('hex').slice(0, 16)}`,
  )
  if (existsSync(elsewhere)) {
    const entry = lstatSync(elsewhere)
    // Anybody may write in /var/tmp: a folder or a link that somebody else put there is not ours.
    if (!entry.isDirectory() || entry.uid !== user.uid) throw new Error(`${elsewhere} belongs to somebody else`)
  } else {
    mkdirSync(elsewhere, { mode: 0o700 })
    chownSync(elsewhere, user.uid, user.gid)
  }
  return elsewhere
}

/** A server whose gateway was killed takes some seconds to end: until then it holds the lock on the data. */
async function startAfterPredecessor(cluster: Cluster, port: number, patience: number): Promise<PostgresProcess> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      // Losing the last commits of a crash is fine here, a broken cluster is not: fsync stays on.
      return await startPostgresProcess(cluster, port, {
        synchronous_commit: 'off',
        shared_buffers: '64MB',
        timezone: 'UTC',
        log_timezone: 'UTC',
      })
    } catch (error) {
      const isLocked =
        error instanceof Error &&
        /lock file "postmaster\.pid" already exists|shared memory block .* still in use/.test(error.message)
      if (!isLocked || Date.now() > deadline) throw error
      await sleep(250)
    }
  }
}

const FILLED = 'made and filled by gatehouse dev'

async function makeDatabase(
  connection: { readonly host: string; readonly port: number; readonly user: string; readonly password: string },
  options: EmbeddedDatabaseOptions,
  gateway: Kept,
): Promise<boolean> {
  const name = `"${options.database.replaceAll('"', '""')}"`
  const admin = new Client({ ...connection, database: 'postgres' })
  await admin.connect()
  try {
    const { rows } = await admin.query<{ remark: string | null }>(
      "SELECT shobj_description(oid, 'pg_database') AS remark FROM pg_database WHERE datname = $1",
      [options.database],
    )
    if (rows[0]?.remark === FILLED) return false
    await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`)
    const known = await admin.query('SELECT FROM pg_roles WHERE rolname = $1', [gateway.user])
    if (known.rowCount === 0) await admin.query(`CREATE ROLE ${gateway.user} LOGIN PASSWORD '${gateway.password}'`)
    const inside = new Client({ ...connection, database: options.database })
    await inside.connect()
    try {
      await options.load(inside)
      await inside.query(rights(gateway.user))
    } finally {
      await inside.end()
    }
    await admin.query(`COMMENT ON DATABASE ${name} IS '${FILLED}'`)
    return true
  } finally {
    await admin.end()
  }
}

function rights(user: string): string {
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${user};
    GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${user};`
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type EmbeddedDatabase, startEmbeddedDatabase } from './embedded-database.ts'
import { findDevelopmentMysql } from './development-mysql.ts'
import { type EmbeddedMysql, startEmbeddedMysql } from './embedded-mysql.ts'
import { nameOf } from './mysql-process.ts'
import { loadMysqlShop } from './shop-data-mysql.ts'
import { loadShop } from './shop-data.ts'

/** The shop in PostgreSQL, and its twin in MySQL or why there is none. */
export interface DevelopmentDatabases {
  readonly postgres: EmbeddedDatabase
  readonly mysql: MysqlTwin
}

export type MysqlTwin =
  | { readonly kind: 'running'; readonly server: EmbeddedMysql }
  | { readonly kind: 'absent'; readonly reason: string }

export interface DatabasesOptions {
  /** Holds what stays. */
  readonly home: string
  /** Holds server programs that were fetched. */
  readonly programs: string
  /** Fetch a MySQL where none is found. */
  readonly fetchMysql: boolean
  readonly say: (line: string) => void
  /** Gets, at once, what ends each server that may have been started. */
  readonly stops: (() => Promise<void>)[]
}

const DATABASE = 'shop'
/** As the target is called: tools look themselves up in information_schema by the name they connected with. */
const MYSQL_DATABASE = 'shop_mysql'

/** Starts both, side by side, and fills them the first time. Rejects when PostgreSQL does not start; without MySQL it goes on. */
export async function startDatabases(options: DatabasesOptions): Promise<DevelopmentDatabases> {
  const { home, say, stops } = options
  const mysql = startTwin(options)
  stops.push(async () => {
    const twin = await mysql
    if (twin.kind === 'running') await twin.server.stop()
  })
  if (!existsSync(join(home, 'database')))
    say('Making a PostgreSQL and filling it with a small shop (only the first time)…')
  const postgres = await startEmbeddedDatabase({
    dataDirectory: join(home, 'database'),
    database: DATABASE,
    load: (client) => loadShop(client),
  })
  stops.push(() => postgres.stop())
  return { postgres, mysql: await mysql }
}

async function startTwin({ home, programs, fetchMysql, say }: DatabasesOptions): Promise<MysqlTwin> {
  try {
    if (fetchMysql) say('Looking for a MySQL, and fetching one where there is none…')
    const found = await findDevelopmentMysql(programs, fetchMysql)
    if (found.kind === 'absent') return found
    const dataDirectory = join(home, 'mysql')
    const source = found.program
    const product = source.kind === 'installation' ? nameOf(source.installation) : `MySQL in Docker (${source.image})`
    if (!existsSync(dataDirectory)) say(`Making a ${product} with the same shop (only the first time)…`)
    const server = await startEmbeddedMysql({
      source,
      dataDirectory,
      database: MYSQL_DATABASE,
      load: (connection) => loadMysqlShop(connection),
    })
    return { kind: 'running', server }
  } catch (error) {
    return { kind: 'absent', reason: error instanceof Error ? error.message : String(error) }
  }
}

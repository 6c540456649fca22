import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { StatementFacts } from '@gatehouse/core'
import {
  buildMysqlCatalog,
  dialectOf,
  MYSQL_CATALOG_SESSION,
  type MysqlNames,
  MysqlReader,
  mysqlStoredTexts,
  quotedStatements,
  readMysqlCatalogRows,
} from '@gatehouse/sql-analysis'
import { unitOf } from '../../canary/mysql/generate.ts'
import { createDatabase, type MysqlAddress, openConnection } from '../../servers/mysql.ts'
import { CommandClient } from '../../mysql/command-client.ts'
import { accountOf, type Account } from './server-account.ts'

/** One statement that the server takes, as the facts have it and as the server tells of it. */
export interface Compared {
  readonly sql: string
  readonly facts: StatementFacts | null
  readonly account: Account
}

/** Random queries over the canaries' schema, each read by us and by the server. `seeds`: how many are tried. */
export async function compareSample(server: MysqlAddress, seeds: number): Promise<readonly Compared[]> {
  const flavour = server.version === 'mysql-9' ? 'mysql' : 'mariadb'
  const schema = readFileSync(new URL('../../canary/mysql/schema.sql', import.meta.url), 'utf8')
  const name = `agreement_${randomBytes(4).toString('hex')}`
  const { database, url, drop } = await createDatabase(
    server,
    name,
    schema.replaceAll('UNSEEN', flavour === 'mysql' ? 'INVISIBLE' : 'IGNORED'),
  )
  const { host, port, superuser: user, password } = server
  const client = await CommandClient.login({ host, port }, { database, user, password })
  const own = await openConnection(url)
  try {
    const names = await namesOf(own.rows, flavour, database)
    const reader = new MysqlReader()
    const compared: Compared[] = []
    for (let seed = 0; seed < seeds; seed++) {
      const unit = unitOf(seed, flavour, [])
      const [only, ...others] = unit.statements
      if (unit.class !== 'select' || only === undefined || others.length > 0) continue
      const sql = only.replaceAll('@db@', database)
      const account = await accountOf(client, own.rows, sql)
      if (account === null) continue
      const bytes = Buffer.from(sql)
      const reading = reader.read(bytes, 0, bytes.length, names)
      const facts = reading.kind === 'read' ? (reading.facts.statements[0] ?? null) : null
      compared.push({ sql, facts, account })
    }
    return compared
  } finally {
    client.end()
    await own.close()
    await drop()
  }
}

type Rows = (sql: string) => Promise<readonly (readonly (string | null)[])[]>

async function namesOf(rows: Rows, flavour: 'mysql' | 'mariadb', schema: string): Promise<MysqlNames> {
  await rows(MYSQL_CATALOG_SESSION)
  const found = await readMysqlCatalogRows((sql) => rows(sql).catch(() => null), flavour)
  const version = { flavour, version: flavour === 'mysql' ? 90_704 : 101_119 } as const
  const dialect = dialectOf(version, '')
  const catalog = buildMysqlCatalog(
    found,
    flavour,
    mysqlStoredTexts((sqlMode) => dialectOf(version, sqlMode)),
  )
  return { catalog, schema, dialect, temporary: [], parse: (text) => quotedStatements(text, dialect) }
}

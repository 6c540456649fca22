import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lintPolicy, parsePolicy, parsePolicyTests, runPolicyTests, type Policy } from '@gatehouse/core'
import { MYSQL_CATALOG_SESSION, readMysqlCatalogRows } from '@gatehouse/sql-analysis'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, openConnection, query, type MysqlAddress } from '../../../../test/servers/mysql.ts'
import { MysqlCatalogFile, type MysqlDocument } from '../mysql-catalog-file.ts'
import { loadMysqlShop } from './shop-data-mysql.ts'

const { mysql9, mariadb10 } = inject('servers')
const TARGET = 'shop_mysql'

function policy(): Policy {
  const parsed = parsePolicy(readFileSync(join(import.meta.dirname, 'shop-policy.yaml'), 'utf8'))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems, null, 1))
  return parsed.policy
}

const parsedCases = parsePolicyTests(readFileSync(join(import.meta.dirname, 'shop-mysql-policy.test.yaml'), 'utf8'))
if (!parsedCases.ok) throw new Error(JSON.stringify(parsedCases.problems, null, 1))
const { cases } = parsedCases

describe.each([
  { name: 'MySQL 9', flavour: 'mysql' as const, version: 90_700, shared: mysql9 },
  { name: 'MariaDB 10.11', flavour: 'mariadb' as const, version: 101_100, shared: mariadb10 },
])('the policy of the shop on $name', ({ flavour, version, shared }) => {
  let shop: MysqlCatalogFile
  let clean = (): Promise<void> => Promise.resolve()

  beforeAll(async () => {
    if ('absent' in shared) return
    const database = await createDatabase(shared.address, TARGET)
    clean = async () => {
      await database.drop()
      await query(shared.address.url, "DROP USER shop_policy@'%'")
    }
    const connection = await createConnection(database.url)
    await loadMysqlShop(connection)
    await connection.end()
    await query(shared.address.url, grants(flavour))
    shop = await readShop(shared.address, flavour, version)
  })
  afterAll(() => clean())

  test.skipIf('absent' in shared).for(cases.map((one) => ({ name: one.name, one })))('$name', ({ one }) => {
    const [result] = runPolicyTests(
      policy(),
      [one],
      () => 'mysql',
      (sql) => shop.read(sql),
    )
    expect(result, [one.sql, result?.happened, ...(result?.explanation ?? [])].join('\n')).toMatchObject({
      passed: true,
    })
  })

  test.skipIf('absent' in shared)('every pattern of the policy meets something of the shop', () => {
    expect(lintPolicy(policy(), { target: TARGET, engine: 'mysql', objects: shop.objects })).toEqual([])
  })
})

/** The rights that docs/mysql.md tells an operator to give, read from there. */
function grants(flavour: 'mysql' | 'mariadb'): string {
  const page = readFileSync(join(import.meta.dirname, '../../../../docs/mysql.md'), 'utf8')
  const heading = flavour === 'mysql' ? '-- MySQL' : '-- MariaDB'
  const [, rights = ''] = new RegExp(`^${heading}\\n((?:GRANT .+\\n)+)`, 'm').exec(page) ?? []
  if (rights === '') throw new Error(`the page gives no rights for ${flavour}`)
  const user = "shop_policy@'%'"
  return `CREATE USER ${user} IDENTIFIED BY 'x'; ${rights.replaceAll('ON shop.*', `ON ${TARGET}.*`).replaceAll('TO gatehouse;', `TO ${user};`)}`
}

/** By way of text, as a file would hold it. */
async function readShop(
  address: MysqlAddress,
  flavour: 'mysql' | 'mariadb',
  version: number,
): Promise<MysqlCatalogFile> {
  const url = new URL(address.url)
  url.username = 'shop_policy'
  url.password = 'x'
  const connection = await openConnection(url.href)
  try {
    await connection.rows(MYSQL_CATALOG_SESSION)
    const rows = await readMysqlCatalogRows((sql) => connection.rows(sql).catch(() => null), flavour)
    const document: MysqlDocument = {
      format: 1,
      engine: 'mysql',
      rows,
      version: { flavour, version },
      sqlMode: '',
      schema: TARGET,
    }
    return new MysqlCatalogFile(JSON.parse(JSON.stringify(document)) as MysqlDocument)
  } finally {
    await connection.close()
  }
}

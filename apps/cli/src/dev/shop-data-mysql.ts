import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection } from 'mysql2/promise'
import { shopRows, type ShopRows } from './shop-data.ts'

/**
 * Makes schema and rows in the schema (database) the connection uses; it must hold no tables of these names. Throws what the
 * server says; what was made until then stays, for definitions know no rollback in MySQL.
 */
export async function loadMysqlShop(connection: Connection, data: ShopRows = shopRows()): Promise<void> {
  const schema = readFileSync(join(import.meta.dirname, 'shop-schema-mysql.sql'), 'utf8')
  await connection.query("SET SESSION time_zone = '+00:00'")
  for (const statement of schema.split(/;\n/)) if (statement.trim() !== '') await connection.query(statement)
  await connection.query('START TRANSACTION')
  for (const [table, content] of data) {
    const columns = Object.keys(content[0] ?? {})
    const rows = content.map((row) => columns.map((column) => valueFor(row[column])))
    // Employees refer to one another, and the first to nobody: in their order every reference is there.
    await connection.query(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ?`, [rows])
  }
  await connection.query('COMMIT')
  await connection.query(`ANALYZE TABLE ${[...data.keys()].join(', ')}`)
}

/** The shop's values are as PostgreSQL writes them: moments in ISO 8601, bytes in hexadecimal, lists and documents as objects. */
function valueFor(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.startsWith(String.raw`\x`)) return Buffer.from(value.slice(2), 'hex')
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value) ? value.slice(0, 19).replace('T', ' ') : value
  }
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value
}

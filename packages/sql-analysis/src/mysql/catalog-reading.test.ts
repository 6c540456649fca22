import { expect, test } from 'vitest'
import { type OwnQuery, readMysqlCatalogRows } from './catalog-reading.ts'

/** A server that refuses one query so many times. */
function server(refused: RegExp, times: number): OwnQuery {
  let left = times
  return async (sql) => {
    if (!refused.test(sql) || left === 0) return [['1']]
    left--
    return null
  }
}

test('a catalog is read again when the server refused to show a part of it, and given up when it always does', async () => {
  const columns = /FROM information_schema\.columns\b/
  expect((await readMysqlCatalogRows(server(columns, 2), 'mysql')).columns).toEqual([['1']])
  await expect(readMysqlCatalogRows(server(columns, 100), 'mysql')).rejects.toThrow('the server refused SELECT')
})

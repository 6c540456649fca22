import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf, type WireClient } from '../postgres/wire-client.ts'
import { CATALOG_QUERIES, CATALOG_REFUSED } from './catalog-queries.ts'
import { leakIn, openToolsShop, READER } from './shop.ts'

describe.skipIf('absent' in SHARED)('The catalogs, for an agent among masked columns', () => {
  let scene: Scene
  let client: WireClient
  let direct: WireClient
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openToolsShop(SHARED.address)
    client = await scene.enter(READER)
    direct = await scene.direct()
  })
  afterAll(async () => {
    client.destroy()
    direct.destroy()
    await scene.close()
  })

  test.each(Object.entries(CATALOG_QUERIES))('answer %s as without the gateway', async (_, queries) => {
    const wrong: unknown[] = []
    for (const sql of queries) {
      const [seen, wanted] = [await client.query(sql), await direct.query(sql)]
      const [rows, same] = [rowsOf(seen), rowsOf(wanted)].map((list) => JSON.stringify(list))
      const error = errorOf(seen)?.fields.get('M') ?? errorOf(wanted)?.fields.get('M')
      if (error !== undefined) wrong.push([sql, error])
      else if (rows !== same) wrong.push([sql, rows, same])
      else if (leakIn(rows ?? '', sql) !== null) wrong.push([sql, leakIn(rows ?? '', sql)])
    }
    expect(wrong).toEqual([])
  })

  test.each(CATALOG_REFUSED)('do not answer %s, and say why', async (sql) => {
    const seen = await client.query(sql)
    expect(rowsOf(seen)).toEqual([])
    const error = errorOf(seen)?.fields
    expect(error?.get('M')).toMatch(/^gatehouse: /)
    expect(error?.get('H')).toMatch(/\w/)
  })
})

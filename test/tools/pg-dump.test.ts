import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scene } from '../postgres/scene.ts'
import { CLIENT_VERSIONS, clientProgram, directUrl, printed } from './client-programs.ts'
import { leakIn, openToolsShop, READER } from './shop.ts'

/** The tables with masked columns. */
const EXCLUDED = ['customers', 'employees', 'payments'].map((table) => `--exclude-table-data=${table}`)

// A file can be restored by psql alone that knows its key, which differs each time.
const withoutKey = (dump: string): string[] => dump.replaceAll(/^\\(un)?restrict .*$/gm, '').split('\n')

describe.each(CLIENT_VERSIONS)('pg_dump $major', async ({ major, shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const dump = await clientProgram('pg_dump', major)
  if (typeof dump === 'string') return test.skip(dump, () => undefined)
  let scene: Scene
  beforeAll(async () => {
    scene = await openToolsShop(shared.address)
  })
  afterAll(() => scene.close())

  test.each([
    { what: 'the schema', options: ['--schema-only'] },
    { what: 'a table without masked columns', options: ['-t', 'order_items'] },
    { what: 'a table without masked columns, as INSERT', options: ['-t', 'orders', '--inserts'] },
    { what: 'all but the rows of tables with masked columns', options: EXCLUDED },
  ])(
    'dumps $what as without the gateway',
    async ({ options }) => {
      const direct = await printed(dump, directUrl(scene), options)
      const through = await printed(dump, await scene.gateway.url('shop', READER), options)
      expect(leakIn(through)).toBeNull()
      expect(withoutKey(through)).toEqual(withoutKey(direct))
    },
    60_000,
  )

  test('dumps a table with masked columns masked', async () => {
    const through = await printed(dump, await scene.gateway.url('shop', READER), ['-t', 'customers'])
    expect(leakIn(through)).toBeNull()
    expect(through).toContain('Customer One\t[redacted]')
  }, 60_000)
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scene } from '../postgres/scene.ts'
import { CLIENT_VERSIONS, clientProgram, directUrl, printed } from './client-programs.ts'
import { leakIn, openToolsShop, READER } from './shop.ts'

// Of what the whole server has, only what other tests do not change meanwhile.
const COMMANDS = `
\\d
\\d+
\\d customers
\\d+ customers
\\d+ customer_overview
\\d+ orders
\\d+ visits
\\d+ visits_2025
\\d+ sales_by_category
\\d products_name
\\d+ products_text
\\d customers_id_seq
\\d money_amount
\\dt+
\\dt *.*
\\dv+
\\dm+
\\di+
\\ds+
\\dE
\\df
\\df+ public.*
\\da
\\dn+
\\du+ postgres
\\dg postgres
\\l+ template1
\\dT+
\\dD+
\\dp
\\z
\\ddp
\\dx+
\\dL+
\\dO
\\do ===
\\do+ pg_catalog.||
\\dC+
\\dc
\\dd
\\dF+
\\dFd
\\dFp
\\dFt
\\dRp+
\\dRs
\\dy
\\db
\\dA+
\\dAc btree integer
\\dAf btree
\\dAo btree integer_ops
\\dAp btree integer_ops
\\dX
\\dP+
\\drds
\\dew
\\des
\\deu
\\det
\\dl
\\sf customer_order_total
\\sf+ touch
\\sv customer_overview
\\sv+ staff_directory
\\dn public
\\encoding
`
  .trim()
  .split('\n')

describe.each(CLIENT_VERSIONS)('psql $major', async ({ major, shared }) => {
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const psql = await clientProgram('psql', major)
  if (typeof psql === 'string') return test.skip(psql, () => undefined)
  let scene: Scene
  beforeAll(async () => {
    scene = await openToolsShop(shared.address)
  })
  afterAll(() => scene.close())

  test('shows the same of a database with masked columns as without the gateway', async () => {
    const script = COMMANDS.map((command) => `\\echo ---- ${command.replaceAll('\\', '')}\n${command}\n`).join('')
    const direct = await printed(psql, directUrl(scene), ['-X', '-q'], script)
    const through = await printed(psql, await scene.gateway.url('shop', READER), ['-X', '-q'], script)
    expect(leakIn(through)).toBeNull()
    expect(through.split('\n')).toEqual(direct.split('\n'))
  }, 60_000)
})

import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPsql, type Psql } from '../drivers/find-psql.ts'
import { present, type Scene, VERSIONS } from '../postgres/scene.ts'
import { leakIn, openToolsShop, READER } from './shop.ts'

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
\\du+
\\dg
\\l+
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
\\db+
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

async function psqlOf({ command, leading }: Psql, url: string, sql: string): Promise<string> {
  const child = spawn(command, [...leading, '-X', '-q', '-d', url])
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stdin.end(sql)
  await new Promise((resolve) => child.on('close', resolve))
  return out
}

describe.each([
  { major: 18 as const, shared: VERSIONS[0]!.shared },
  { major: 15 as const, shared: VERSIONS[1]!.shared },
])('psql $major', ({ major, shared }) => {
  let scene: Scene
  let psql: Psql | null = null
  let absent = ''
  beforeAll(async () => {
    const found = await findPsql(major)
    if (found.kind === 'absent') absent = found.reason
    else psql = found.program
    if (!('absent' in shared)) scene = await openToolsShop(shared.address)
  }, 300_000)
  afterAll(() => scene?.close())

  test('shows the same of a database with masked columns as without the gateway', async (context) => {
    const { host, port, superuser, password } = present(shared, context)
    if (psql === null) return context.skip(absent)
    const script = COMMANDS.map((command) => `\\echo ---- ${command.replaceAll('\\', '')}\n${command}\n`).join('')
    const direct = await psqlOf(
      psql,
      `postgresql://${superuser}:${encodeURIComponent(password)}@${host}:${port}/${scene.database}`,
      script,
    )
    const through = await psqlOf(psql, await scene.gateway.url('shop', READER), script)
    const [left, right] = [direct, through].map((text) => text.split('\n'))
    expect(leakIn(through)).toBeNull()
    expect(right).toEqual(left)
  }, 60_000)
})

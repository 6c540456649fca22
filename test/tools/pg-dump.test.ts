import { spawn } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findPsql, type Psql } from '../drivers/find-psql.ts'
import { present, type Scene, VERSIONS } from '../postgres/scene.ts'
import { leakIn, openToolsShop, READER } from './shop.ts'

/** pg_dump stands beside psql in Debian's packages. */
function dumpBeside({ command, leading }: Psql): Psql {
  const beside = (path: string): string => path.replace(/psql$/, 'pg_dump')
  return { command: beside(command), leading: leading.map(beside) }
}

async function dumped({ command, leading }: Psql, url: string, ...options: string[]): Promise<string> {
  const child = spawn(command, [...leading, ...options, '-d', url], { stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  await new Promise((resolve) => child.on('close', resolve))
  // psql of 18 may not read a file that another one has looked at: a key that differs each time guards it.
  return out.replaceAll(/^\\(un)?restrict .*$/gm, '')
}

describe.each([
  { major: 18 as const, shared: VERSIONS[0]!.shared },
  { major: 15 as const, shared: VERSIONS[1]!.shared },
])('pg_dump $major', ({ major, shared }) => {
  let scene: Scene
  let dump: Psql | null = null
  let absent = ''
  beforeAll(async () => {
    const found = await findPsql(major)
    if (found.kind === 'absent') absent = found.reason
    else dump = dumpBeside(found.program)
    if (!('absent' in shared)) scene = await openToolsShop(shared.address)
  }, 300_000)
  afterAll(() => scene?.close())

  test.for([
    { what: 'the schema', options: ['--schema-only'] },
    { what: 'a table without masked columns', options: ['-t', 'order_items'] },
    { what: 'a table without masked columns, as INSERT', options: ['-t', 'orders', '--inserts'] },
  ])('dumps $what as without the gateway', { timeout: 60_000 }, async ({ options }, context) => {
    const { host, port, superuser, password } = present(shared, context)
    if (dump === null) return context.skip(absent)
    const secret = encodeURIComponent(password)
    const direct = await dumped(
      dump,
      `postgresql://${superuser}:${secret}@${host}:${port}/${scene.database}`,
      ...options,
    )
    const through = await dumped(dump, await scene.gateway.url('shop', READER), ...options)
    expect(leakIn(through)).toBeNull()
    expect(through.split('\n')).toEqual(direct.split('\n'))
  })

  test('does not dump a table with masked columns by COPY', async (context) => {
    present(shared, context)
    if (dump === null) return context.skip(absent)
    const through = await dumped(dump, await scene.gateway.url('shop', READER), '-t', 'customers')
    expect(leakIn(through)).toBeNull()
    expect(through).toContain('gatehouse: ')
  }, 60_000)
})

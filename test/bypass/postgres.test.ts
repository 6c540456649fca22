import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import { splitStatements } from '../corpus/split-statements.ts'
import { copied } from '../postgres/copy-client.ts'
import { bind, execute, parse, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf } from '../postgres/wire-client.ts'
import { CANARIES, OTHER_VALUES, READER } from './bypass-policy.ts'
import { ATTEMPTS, HARMLESS } from './postgres.ts'

const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
const needles = needlesOf(CANARIES)

/** What came of a text: in a simple Query, and its statements one by one with results in binary. */
interface Seen {
  readonly bytes: Buffer
  readonly refusals: readonly (string | null)[]
  /** Rows and COPY data, of each. */
  readonly rows: string
}

async function see(scene: Scene, sql: string): Promise<Seen> {
  const client = await scene.enter()
  const chunks: Buffer[] = []
  client.socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const simple = await client.query(sql)
  const extended = []
  for (const statement of splitStatements(sql)) {
    extended.push(...(await client.exchange(parse(statement), { ...bind(), resultFormats: [1] }, execute(), SYNC)))
  }
  const alive = rowsOf(await client.query('SELECT 1')).join()
  client.destroy()
  expect(alive, 'the connection is usable afterwards').toBe('1')
  const refusals = [simple, extended].map((messages) => errorOf(messages)?.fields.get('M') ?? null)
  return {
    bytes: Buffer.concat(chunks),
    refusals,
    rows: JSON.stringify([rowsOf(simple), rowsOf(extended), copied(simple), copied(extended)]),
  }
}

describe.skipIf('absent' in SHARED)('An agent that tries to get past the gateway', () => {
  let scene: Scene
  let twin: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: schema, policy: READER })
    twin = await openScene(SHARED.address, { sql: `${schema}\n${OTHER_VALUES}`, policy: READER })
  })
  afterAll(async () => {
    await scene.close()
    await twin.close()
  })

  test.each(ATTEMPTS)('by $by: $sql', async ({ sql, verdict }) => {
    const seen = await see(scene, sql)
    expect(findLeak(seen.bytes, sql, needles)).toBeNull()
    if (verdict === 'refused') {
      for (const refusal of seen.refusals) expect(refusal).toMatch(/^gatehouse: /)
      return
    }
    const other = await see(twin, sql)
    expect(seen.refusals).toEqual([null, null])
    expect(other.refusals).toEqual([null, null])
    expect(other.rows).toBe(seen.rows)
  })

  test.each(HARMLESS)('is not in the way of %s', async (sql) => {
    const seen = await see(scene, sql)
    expect(seen.refusals).toEqual([null, null])
    const direct = await scene.direct()
    const messages = await direct.query(sql)
    direct.destroy()
    const [rows, , stream] = JSON.parse(seen.rows) as unknown[]
    expect([rows, stream]).toEqual([rowsOf(messages), copied(messages).toJSON()])
  })
})

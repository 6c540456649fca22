import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, describeOf, execute, parse, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf } from '../postgres/wire-client.ts'
import { WRITER } from './bypass-policy.ts'
import { HARMLESS_WRITES, WRITES } from './postgres-writes.ts'

const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')

describe.skipIf('absent' in SHARED)('An agent that may write', () => {
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openScene(SHARED.address, { sql: schema, policy: WRITER })
  })
  afterAll(() => scene.close())

  test.each(WRITES)('learns nothing by $by: $sql', async ({ sql }) => {
    const client = await scene.enter()
    for (const messages of [await client.query(sql), await client.exchange(parse(sql), bind(), execute(), SYNC)]) {
      const { message, code } = refusalIn(errorOf(messages)?.fields)
      expect(message).toMatch(/^gatehouse: (?!the database reported)/)
      expect(code).toMatch(/^MASK/)
    }
    client.destroy()
  })

  test('is not in the way of', async () => {
    const client = await scene.enter()
    for (const sql of HARMLESS_WRITES) {
      const messages = await client.exchange(parse(sql), bind(), describeOf('portal'), execute(), SYNC)
      expect([sql, errorOf(messages)?.fields.get('M') ?? null]).toEqual([sql, null])
    }
    client.destroy()
  })
})

function refusalIn(fields: ReadonlyMap<string, string> | undefined): { message: string; code: unknown } {
  const detail: unknown = JSON.parse(fields?.get('D') ?? '{}')
  const code = typeof detail === 'object' && detail !== null && 'code' in detail ? detail.code : null
  return { message: fields?.get('M') ?? '', code }
}

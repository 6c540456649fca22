import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bind, execute, parse, SYNC } from '../postgres/messages.ts'
import { type Scene, SHARED } from '../postgres/scene.ts'
import { errorOf, rowsOf, type WireClient } from '../postgres/wire-client.ts'
import { READS, SHOWN_MASKED, WRITES } from './analytics.ts'
import { leakIn, openToolsShop, READER, WRITER } from './shop.ts'

/** An agent whose every personal column is masked does the everyday work of a shop. */
describe.skipIf('absent' in SHARED)('An agent among masked columns', () => {
  let scene: Scene
  beforeAll(async () => {
    if ('absent' in SHARED) throw new Error(SHARED.absent)
    scene = await openToolsShop(SHARED.address)
  })
  afterAll(() => scene.close())

  interface Seen {
    readonly error: string | undefined
    readonly rows: unknown
    readonly bytes: Buffer
  }

  async function see(client: WireClient, sql: string, way: 'simple' | 'extended'): Promise<Seen> {
    const chunks: Buffer[] = []
    const keep = (chunk: Buffer): unknown => chunks.push(chunk)
    client.socket.on('data', keep)
    await client.query('BEGIN')
    const messages =
      way === 'simple' ? await client.query(sql) : await client.exchange(parse(sql), bind(), execute(), SYNC)
    await client.query('ROLLBACK')
    client.socket.off('data', keep)
    const copied = messages.flatMap((message) => (message.kind === 'CopyData' ? [message.data.toString()] : []))
    return {
      error: errorOf(messages)?.fields.get('M'),
      rows: [...rowsOf(messages), ...copied],
      bytes: Buffer.concat(chunks),
    }
  }

  /** Everything that is not as it must be, as words. */
  async function wrong(
    sqls: readonly string[],
    who: Readonly<Record<string, unknown>>,
    compare: (through: Seen, direct: Seen) => string | null,
  ): Promise<readonly string[]> {
    const [client, direct] = [await scene.enter(who), await scene.direct()]
    const found: string[] = []
    for (const sql of sqls) {
      const wanted = await see(direct, sql, 'simple')
      if (wanted.error !== undefined) found.push(`${sql}\n  without the gateway: ${wanted.error}`)
      for (const way of ['simple', 'extended'] as const) {
        const seen = await see(client, sql, way)
        const leak = leakIn(seen.bytes, sql)
        if (leak !== null) found.push(`${sql}\n  ${way}: shows ${leak}`)
        const difference = seen.error ?? compare(seen, wanted)
        if (difference !== null) found.push(`${sql}\n  ${way}: ${difference}`)
      }
    }
    client.destroy()
    direct.destroy()
    return found
  }

  const sameRows = (through: Seen, direct: Seen): string | null =>
    JSON.stringify(through.rows) === JSON.stringify(direct.rows) ? null : 'other rows than without the gateway'

  const otherRows = (through: Seen, direct: Seen): string | null =>
    JSON.stringify(through.rows) === JSON.stringify(direct.rows) ? 'nothing is masked' : null

  test(`reads what is not masked, as without the gateway (${READS.length} statements)`, async () => {
    expect(await wrong(READS, READER, sameRows)).toEqual([])
  }, 60_000)

  test(`is shown masks where columns are masked (${SHOWN_MASKED.length} statements)`, async () => {
    expect(await wrong(SHOWN_MASKED, READER, otherRows)).toEqual([])
  }, 60_000)

  test(`changes what is not masked (${WRITES.length} statements)`, async () => {
    expect(await wrong(WRITES, WRITER, () => null)).toEqual([])
  }, 60_000)
})

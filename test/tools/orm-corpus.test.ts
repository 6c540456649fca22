import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, SYNC } from '../postgres/messages.ts'
import { openScene, type Scene, VERSIONS } from '../postgres/scene.ts'
import { errorOf } from '../postgres/wire-client.ts'

const corpus = new URL('../../../shared/corpus/statements/orm-postgres.jsonl', import.meta.url)

/** Everything is permitted; and there is a masked column, in a table that none of the statements names. */
const POLICY = `
rules:
  - { name: everything, allow: { actions: ["*"], relations: ["*"], functions: ["*"], settings: ["*"] } }
masks:
  - { columns: [public.hidden.secret], with: redact }
`

/** What is refused of them while any mask holds, and why: code runs that nothing can look into. */
const REFUSED: readonly RegExp[] = [
  // Sequelize makes an enum type, or leaves one that is there.
  /\bDO (?:'|\$)BEGIN CREATE TYPE/,
  // Sequelize's findOrCreate on old versions.
  /^CREATE OR REPLACE FUNCTION pg_temp\.testfunc/,
]

describe('Statements recorded from query builders, object mappers, psql and pg_dump', () => {
  if (!existsSync(corpus))
    return test.skip('the corpus is not beside this checkout (../shared/corpus)', () => undefined)
  const there = VERSIONS.filter(({ shared }) => !('absent' in shared))
  if (there.length < VERSIONS.length)
    return test.skip('they are from two versions, which are not both here', () => undefined)
  const statements = readFileSync(corpus, 'utf8')
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly sql: string }).sql)
  const scenes: Scene[] = []
  beforeAll(async () => {
    for (const { shared } of there) {
      if ('absent' in shared) continue
      const scene = await openScene(shared.address, { policy: POLICY, sql: 'CREATE TABLE hidden(id int, secret text)' })
      scenes.push(scene)
      const direct = await scene.direct()
      for (const sql of statements) if (/^\s*(?:CREATE|ALTER|DO|DROP TYPE)\b/i.test(sql)) await direct.query(sql)
      direct.destroy()
    }
    // Unknown names make the catalog be read again when it is a second old.
    await sleep(1000)
  })
  afterAll(async () => {
    for (const scene of scenes) await scene.close()
  })

  /** Statement and reason, for each that is refused. Read and decided, and not run; but for what makes a name for those that follow. */
  async function refusedBy(scene: Scene): Promise<ReadonlyMap<string, string>> {
    const client = await scene.enter()
    const refused = new Map<string, string>()
    for (const sql of statements) {
      const seen = /^PREPARE /i.test(sql) ? await client.query(sql) : await client.exchange(parse(sql), SYNC)
      const message = errorOf(seen)?.fields.get('M') ?? ''
      if (message.startsWith('gatehouse: ') && !message.includes('the database reported')) refused.set(sql, message)
    }
    client.destroy()
    return refused
  }

  test('are refused only for reasons that are listed', async () => {
    const [first, ...others] = await Promise.all(scenes.map(refusedBy))
    // What names a column that only the other version has is read on that one.
    const everywhere = [...(first ?? [])].filter(([sql]) => others.every((refused) => refused.has(sql)))
    const unlisted = everywhere.filter(([sql]) => !REFUSED.some((known) => known.test(sql)))
    expect(unlisted).toEqual([])
    expect(everywhere.length).toBeLessThan(statements.length / 50)
  }, 60_000)
})

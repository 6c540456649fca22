import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findLeak, needlesOf } from '../corpus/canaries.ts'
import { type Form, send } from '../corpus/mysql-run.ts'
import { VERSIONS } from '../mysql/scene.ts'
import { type Attempt, ATTEMPTS, HARMLESS } from './mysql.ts'
import { CANARIES, Side } from './mysql-scene.ts'

const needles = needlesOf(CANARIES)
const OURS = /^gatehouse: (?!the database reported)/

/** What went otherwise than it must; null: nothing. */
async function fault(
  side: Side,
  twin: Side,
  { sql, verdict, only }: Attempt,
  form: Form,
  flavour: string,
): Promise<string | null> {
  const other = await twin.see(sql, form)
  const seen = await side.see(sql, form)
  const leak = findLeak(seen.bytes, sql, needles)
  if (leak !== null) return `leaks ${leak}`
  const refused = seen.messages.some((message) => OURS.test(message))
  if (only !== undefined && only !== flavour) {
    if (seen.messages.length === 0) return 'was understood'
  } else if (verdict === 'refused') {
    if (!refused) return `was not refused: ${seen.rows} ${seen.messages.join()}`
  } else if (refused || (verdict === 'hidden' && seen.messages.length > 0)) return `failed: ${seen.messages.join()}`
  // What came before a refusal must not tell either.
  // Ids of prepared statements are counted for the whole server.
  const alike = form === 'text' ? seen.bytes.equals(other.bytes) : seen.told === other.told
  return alike ? null : `differs: ${seen.rows} ${other.rows} ${seen.messages.join()}`
}

describe.each(VERSIONS)('An agent that tries to get past the gateway to $version', ({ version, shared }) => {
  const flavour = version.startsWith('MySQL') ? 'mysql' : 'mariadb'
  let side: Side
  let twin: Side
  beforeAll(async () => {
    if ('absent' in shared) return
    side = await Side.open(shared, 'these values')
    twin = await Side.open(shared, 'other values')
  })
  afterAll(async () => {
    if ('absent' in shared) return
    await side.close()
    await twin.close()
  })

  test.each([...new Set(ATTEMPTS.map(({ by }) => by))])('learns nothing by %s', async (by) => {
    if ('absent' in shared) return
    const faults: string[] = []
    for (const one of ATTEMPTS.filter((each) => each.by === by)) {
      for (const form of ['text', 'prepared'] as const) {
        if (form === 'prepared' && one.form === 'text') continue
        const found = await fault(side, twin, one, form, flavour)
        if (found !== null) faults.push(`${one.sql} [${form}] ${found}`)
      }
    }
    expect(faults).toEqual([])
  })

  test('is not in the way of what is harmless', async () => {
    if ('absent' in shared) return
    const faults: string[] = []
    const direct = await side.scene.direct()
    for (const sql of HARMLESS) {
      const seen = await side.see(sql, 'text')
      const { rows, messages } = await send(direct, sql, 'text')
      if (seen.rows !== JSON.stringify(rows) || seen.messages.join() !== messages.join())
        faults.push(`${sql}: ${seen.messages.join()} ${seen.rows} direct: ${messages.join()} ${JSON.stringify(rows)}`)
    }
    direct.end()
    expect(faults).toEqual([])
  })
})

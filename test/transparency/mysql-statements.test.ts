import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MysqlVersion, whyAbsent } from '../servers/mysql.ts'
import { isDefinition, readMysqlCorpus } from './mysql-corpus.ts'
import { COMMON_TABLES, type MysqlRoads, openMysqlRoads } from './mysql-roads.ts'
import { replay, type Send, sendCursor, sendPrepared, sendText } from './mysql-replay.ts'

interface Choice {
  readonly version: MysqlVersion
  /** Every how-many-th statement is sent, and every how-many-th definition: the catalog is read again after each. */
  readonly others: number
  readonly definitions: number
  readonly manners: readonly [string, Send][]
}

// MySQL 9.7 itself ends at some statements of its tests, sent with a cursor.
const CHOICES: readonly Choice[] = [
  {
    version: 'mysql-9',
    others: 80,
    definitions: 4000,
    manners: [
      ['text', sendText],
      ['a prepared statement', sendPrepared],
    ],
  },
  {
    version: 'mariadb-10.11',
    others: 40,
    definitions: 2000,
    manners: [
      ['text', sendText],
      ['a prepared statement with a cursor', sendCursor],
    ],
  },
]

for (const { version, others, definitions, manners } of CHOICES) {
  const corpus = readMysqlCorpus(version)
  const absent = (await whyAbsent(version)) ?? (typeof corpus === 'string' ? corpus : null)
  describe.skipIf(absent !== null)(
    `statements of the tests of ${version}, all allowed${absent === null ? '' : ` (${absent})`}`,
    () => {
      let roads: MysqlRoads
      const chosen: string[] = []

      beforeAll(async () => {
        roads = await openMysqlRoads(version, {}, COMMON_TABLES)
        if (typeof corpus === 'string') return
        const every = (step: number, wanted: boolean): readonly string[] =>
          corpus.filter((sql) => isDefinition(sql) === wanted).filter((_, index) => index % step === 0)
        chosen.push(...every(definitions, true), ...every(others, false))
      }, 60_000)

      afterAll(async () => {
        await roads.close()
      })

      it.each<[string, Send]>(manners)(
        'get the same packets and warnings, byte for byte, sent as %s',
        async (_manner, send) => {
          const { same, refused, different } = await replay(roads, chosen, send)
          expect(different).toEqual([])
          // Settings that say how text is read: see docs/mysql.md.
          expect([...refused.keys()].filter((code) => code !== 'PINNED_SETTING')).toEqual([])
          expect(same).toBeGreaterThan(chosen.length * 0.9)
        },
        60_000,
      )
    },
  )
}

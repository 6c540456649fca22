import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findPsql } from './psql.ts'
import { compareOutputs } from './compare-outputs.ts'
import { BASE_SCRIPTS, SELECTED, templateFor } from './regression-files.ts'
import { findRegressionSource } from './regression-source.ts'
import { openTwoRoads, type TwoRoads } from './two-roads.ts'
import { whyAbsent } from '../servers/postgres.ts'

const source = await findRegressionSource()
const psql = await findPsql()
const absent =
  (await whyAbsent(15)) ??
  (source.kind === 'absent' ? source.reason : psql === null ? 'there is no psql of PostgreSQL 15 here' : null)

describe.skipIf(absent !== null)(
  `PostgreSQL’s own regression tests, all allowed${absent === null ? '' : ` (${absent})`}`,
  () => {
    let roads: TwoRoads

    beforeAll(async () => {
      if (source.kind !== 'program' || psql === null) throw new Error('not to be run')
      roads = await openTwoRoads(psql, source.program, 60)
      await roads.prepare('base_setup', 'template0', ['test_setup'])
      await roads.prepare('base_objects', 'base_setup', BASE_SCRIPTS)
    }, 120_000)

    afterAll(async () => {
      await roads.close()
    })

    it.each(SELECTED)(
      '%s: psql writes the same through the gateway, but for the words around texts that are no SQL',
      async (script) => {
        const { direct, through } = await roads.run(script, templateFor(script))
        const { kind, refusals } = compareOutputs(direct, through)
        // A psql that could not log in would say the same on both roads.
        expect(direct.toString('latin1')).not.toContain('connection to server')
        expect(direct.length).toBeGreaterThan(300)
        // The outputs themselves where they should be equal: the difference is then in the report.
        if (kind !== 'worded') expect(through.toString('latin1')).toBe(direct.toString('latin1'))
        expect([...refusals.keys()].filter((code) => code !== 'UNREADABLE')).toEqual([])
      },
      90_000,
    )

    it('strings: what is refused is that standard_conforming_strings is turned off, and no more', async () => {
      const { direct, through } = await roads.run('strings', templateFor('strings'))
      const { kind, refusals } = compareOutputs(direct, through)
      expect(kind).toBe('refused')
      expect([...refusals.keys()].sort()).toEqual(['PINNED_SETTING', 'UNREADABLE'])
    }, 90_000)
  },
)

import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { findPsql } from '../transparency/psql.ts'
import { findRegressionSource } from '../transparency/regression-source.ts'
import { openSuite, type Suite } from './regression-suite.ts'
import { report } from './report.ts'
import { Tally } from './tally.ts'

/** Of PostgreSQL's own suite, what says most about names and lineage; `run-all.ts` takes all of it. */
const SCRIPTS = [
  'with',
  'returning',
  'merge',
  'insert_conflict',
  'rules',
  'updatable_views',
  'create_view',
  'rangefuncs',
  'generated',
] as const

const { postgres18 } = inject('servers')
const source = await findRegressionSource()
const psql = await findPsql()
const missing =
  source.kind !== 'program'
    ? source.kind === 'absent'
      ? source.reason
      : 'no folder of regression tests'
    : 'absent' in postgres18
      ? postgres18.absent
      : psql === null
        ? 'no psql here'
        : null

const tally = new Tally()
let suite: Suite | undefined

beforeAll(async () => {
  if (missing === null && source.kind === 'program') suite = await openSuite(source.program, tally)
}, 180_000)

afterAll(() => suite?.close())

test.skipIf(missing !== null)(
  `PostgreSQL's own account of its tests agrees with what was read in them${missing === null ? '' : ` (${missing})`}`,
  async () => {
    for (const script of SCRIPTS) await suite?.run(script)
    console.info(report(tally))
    expect(tally.unexplained).toEqual([])
    // The checks did look at something.
    expect(tally.planned).toBeGreaterThan(1000)
    expect(tally.described).toBeGreaterThan(800)
    expect(tally.views).toBeGreaterThan(100)
    expect(tally.shared).toBeGreaterThan(1000)
    expect(tally.complete / tally.statements).toBeGreaterThan(0.99)
    expect(tally.acceptedComplete / tally.accepted).toBeGreaterThan(0.99)
    expect(tally.outputComplete / tally.withOutput).toBeGreaterThan(0.85)
    expect(tally.unreadable).toBe(0)
  },
  600_000,
)

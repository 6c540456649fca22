import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { whyAbsent } from '../servers/mysql.ts'
import { compareTestOutputs, openTestRoads, type TestRoads } from './mariadb-test-roads.ts'
import { findMariadbTests } from './mariadb-tests.ts'

/** Quick ones with few definitions; `run-all-mysql.ts` runs all. */
const SELECTED: readonly string[] = ['func_op', 'func_equal', 'ansi', 'fulltext_update']

const tests = await findMariadbTests()
const absent = (await whyAbsent('mariadb-10.11')) ?? (tests.kind === 'absent' ? tests.reason : null)

describe.skipIf(absent !== null)(`MariaDB’s own tests, all allowed${absent === null ? '' : ` (${absent})`}`, () => {
  let roads: TestRoads

  beforeAll(async () => {
    if (tests.kind === 'program') roads = await openTestRoads('mariadb-10.11', tests.program, 50)
  }, 60_000)

  afterAll(async () => {
    await roads.close()
  })

  it.each(SELECTED)(
    '%s: mariadb-test writes the same through the gateway',
    async (name) => {
      const { direct, through } = await roads.run(name)
      // A client that could not log in would write the same on both roads.
      expect(direct.length).toBeGreaterThan(500)
      if (compareTestOutputs(direct, through).kind !== 'worded') expect(through).toBe(direct)
    },
    60_000,
  )
})

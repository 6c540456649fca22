import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes half a minute and more, longest first, as paths end. Only a run's length hangs on it: a file that is missing here is run all the same. */
export const LONGEST: readonly string[] = [
  'test/documents/commands.test.ts',
  'test/agreement/regression.test.ts',
  'test/shipping/shipping.test.ts',
  'test/release/release.test.ts',
  'test/documents/getting-started.test.ts',
  'test/transparency/regression.test.ts',
  'test/cli/gatehouse.test.ts',
  'packages/coordination/src/redis/redis-coordination.server.test.ts',
  'test/cli/login.test.ts',
  'test/transparency/protocol.test.ts',
  'test/drivers/mysql-jdbc.test.ts',
  'test/canary/postgres/canary.test.ts',
  'test/bypass/mysql.test.ts',
  'test/admin-page/agent-day.test.ts',
  'test/admin-page/page.test.ts',
  'test/corpus/postgres.test.ts',
]

/** Longest files first, so that the end of a run does not wait for one; a fresh clone knows no other lengths yet. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`))
      return at === -1 ? LONGEST.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b))
  }
}

import { writeFileSync } from 'node:fs'
import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** What a run came to; skipped tests with the reason they gave. */
export interface Tally {
  passed: number
  failed: number
  readonly skipped: { readonly name: string; readonly why: string }[]
}

/** Counts every test of a vitest run, and writes the tally as JSON to the file GATEHOUSE_TALLY_FILE names. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    const tally: Tally = { passed: 0, failed: errors.length, skipped: [] }
    for (const module of modules) {
      // A file that could not be loaded, or a hook around its tests that failed, is a failure of its own.
      tally.failed += module.errors().length
      for (const suite of module.children.allSuites()) tally.failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const result = test.result()
        if (result.state === 'passed') tally.passed += 1
        else if (result.state === 'failed') tally.failed += 1
        else {
          const why = result.state === 'skipped' ? (result.note ?? 'gives no reason') : 'did not finish'
          tally.skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, why })
        }
      }
    }
    const file = process.env['GATEHOUSE_TALLY_FILE']
    if (file !== undefined) writeFileSync(file, JSON.stringify(tally))
  }
}

import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findRegressionSource } from '../transparency/regression-source.ts'
import { openSuite, schedule, SESSION_ENDERS } from './regression-suite.ts'
import { report } from './report.ts'
import { Tally } from './tally.ts'

/**
 * Reads every statement of PostgreSQL's whole regression suite just before PostgreSQL 18 gets it, and reports where the facts
 * are incomplete or the server's own account says more:
 *   node test/agreement/run-all.ts [--details FILE] [FILE…]
 */
const args = process.argv.slice(2)
const details = args[0] === '--details' ? (args[1] ?? null) : null
const wanted = args.slice(details === null ? 0 : 2)
void [chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, tmpdir, join]

const source = await findRegressionSource()
if (source.kind !== 'program') {
  console.error(source.kind === 'absent' ? source.reason : 'no regression tests here')
  process.exit(2)
}
const tally = new Tally(details)
const suite = await openSuite(source.program, tally)
try {
  for (const file of wanted.length > 0 ? wanted : schedule(source.program)) {
    if (SESSION_ENDERS.has(file)) continue
    const before = performance.now()
    const statements = tally.statements
    await suite.run(file).catch((error: unknown) => {
      console.log(`${file}: ${String(error)}`)
    })
    console.log(
      `${file.padEnd(26)} ${String(tally.statements - statements).padStart(6)} statements ${String(Math.round(performance.now() - before)).padStart(6)} ms  ${String(tally.disagreements.length)} disagreements so far`,
    )
  }
  console.log(report(tally))
} finally {
  await suite.close()
}

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareOutputs } from './compare-outputs.ts'
import { findPsql } from './psql.ts'
import { BASE_SCRIPTS, EXCLUDED, templateFor } from './regression-files.ts'
import { findRegressionSource } from './regression-source.ts'
import { openTwoRoads } from './two-roads.ts'

/**
 * Runs PostgreSQL's whole regression suite on both roads and reports what differs:
 *   node test/transparency/run-all.ts [--keep FOLDER] [FILE…]
 * `--keep` leaves both outputs of every file there, to be compared by hand. Exit status 1: a difference that no documented refusal explains.
 */
const args = process.argv.slice(2)
const keep = args[0] === '--keep' ? (args[1] ?? null) : null
const wanted = args.slice(keep === null ? 0 : 2)

const source = await findRegressionSource()
const psql = await findPsql()
if (source.kind !== 'program' || psql === null) {
  console.error(source.kind === 'absent' ? source.reason : 'no psql of PostgreSQL 15 here')
  process.exit(2)
}
if (keep !== null) mkdirSync(keep, { recursive: true })
const roads = await openTwoRoads(psql, source.program, 120)
const tally = { identical: 0, worded: 0, refused: 0, different: 0, excluded: 0 }
try {
  await roads.prepare('base_setup', 'template0', ['test_setup'])
  await roads.prepare('base_objects', 'base_setup', BASE_SCRIPTS)
  for (const file of wanted.length > 0 ? wanted : schedule(source.program)) {
    const excluded = EXCLUDED.get(file)
    if (excluded !== undefined && wanted.length === 0) {
      tally.excluded++
      console.log(`${file.padEnd(26)} excluded: ${excluded}`)
      continue
    }
    const before = performance.now()
    try {
      const { direct, through } = await roads.run(file, templateFor(file))
      if (keep !== null) {
        writeFileSync(join(keep, `${file}.direct`), direct)
        writeFileSync(join(keep, `${file}.through`), through)
      }
      const comparison = compareOutputs(direct, through)
      tally[comparison.kind]++
      const codes = [...comparison.refusals].map(([code, count]) => `${code} ${String(count)}`).join(', ')
      console.log(
        `${file.padEnd(26)} ${comparison.kind.padEnd(10)} ${String(Math.round(performance.now() - before)).padStart(6)} ms  ${codes}`,
      )
    } catch (error) {
      tally.different++
      console.log(`${file.padEnd(26)} failed: ${String(error)}`)
    }
  }
} finally {
  await roads.close()
}
console.log(JSON.stringify(tally))
process.exitCode = tally.different > 0 ? 1 : 0

/** Every script of the schedule, in its order; `test_setup` has made the templates. */
function schedule(folder: string): readonly string[] {
  return readFileSync(join(folder, 'parallel_schedule'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('test:'))
    .flatMap((line) => line.slice('test:'.length).trim().split(/\s+/))
    .filter((name) => name !== 'test_setup')
}

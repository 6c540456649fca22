import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { findRegressionSource } from '../transparency/regression-source.ts'
import { openSuite, schedule } from './regression-suite.ts'
import { report } from './report.ts'
import { Tally } from './tally.ts'

/**
 * Reads every statement of PostgreSQL's whole regression suite just before PostgreSQL 18 gets it, and reports where the facts
 * are incomplete or the server's own account says more; exit status 1 when something is not explained:
 *   node test/agreement/run-all.ts [--details FILE] [--corpus | FILE…]
 * `--corpus` takes the statements of PostgreSQL 18's suite that lie beside a checkout, in their order.
 */
const args = process.argv.slice(2)
const details = args[0] === '--details' ? (args[1] ?? null) : null
const wanted = args.slice(details === null ? 0 : 2)

const source = await findRegressionSource()
if (source.kind !== 'program') {
  console.error(source.kind === 'absent' ? source.reason : 'no regression tests here')
  process.exit(2)
}
const tally = new Tally(details)
const suite = await openSuite(source.program, tally)
const CORPUS = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'corpus', 'statements', 'postgres-18.jsonl')
try {
  if (wanted.includes('--corpus')) await suite.texts(readTexts())
  for (const file of filesWanted()) {
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
  for (const one of tally.unexplained) console.log(`not explained: ${one}`)
  process.exitCode = tally.unexplained.length > 0 ? 1 : 0
} finally {
  await suite.close()
}

function filesWanted(): readonly string[] {
  if (wanted.includes('--corpus')) return []
  return wanted.length > 0 ? wanted : schedule(source.kind === 'program' ? source.program : '')
}

function readTexts(): readonly string[] {
  if (!existsSync(CORPUS)) throw new Error('the statement corpus does not stand beside this checkout')
  const lines = readFileSync(CORPUS, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { sql: string }).sql)
}

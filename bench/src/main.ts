import { inspect } from 'node:util'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measureAudit } from './audit/measure.ts'
import { measureClassify } from './classify.ts'
import { measureDecisions } from './decisions.ts'
import { ENGINES } from './engines.ts'
import { measureMemory } from './memory.ts'
import { type Options, type Part, readOptions } from './options.ts'
import { profile } from './profile.ts'
import { writeReadme } from './readme.ts'
import { describeMachine, type Results } from './results.ts'
import { measureRevocation } from './revocation.ts'
import { measureRows } from './rows.ts'
import { BENCH_FOLDER, openScene } from './scene.ts'
import { measureSize } from './size/measure.ts'
import { measureSoak } from './soak/measure.ts'
import { measureStart } from './start-time.ts'
import { measureStatements } from './statements.ts'
import { asMarkdown } from './table.ts'

/** A run that takes longer has hung somewhere; its children end with it. */
const LONGEST_RUN_MINUTES = { quick: 4, whole: 20, audit: 120 }

const options = readOptions(process.argv.slice(2))
if ('usage' in options) {
  ;(options.status === 0 ? process.stdout : process.stderr).write(options.usage)
  process.exit(options.status)
}
const whole = options.task === 'audit' ? LONGEST_RUN_MINUTES.audit : LONGEST_RUN_MINUTES.whole
const other = options.quick ? LONGEST_RUN_MINUTES.quick : whole
const minutes = options.task === 'soak' ? options.soak.minutes + LONGEST_RUN_MINUTES.quick : other
setTimeout(() => {
  tell(`this run takes longer than ${String(minutes)} minutes; it is given up`)
  process.exit(1)
}, minutes * 60_000).unref()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  if (options.task === 'classify') process.stdout.write(`${await measureClassify(options, tell)}\n`)
  else if (options.task === 'revocation') process.stdout.write(`${await measureRevocation(options, tell)}\n`)
  else if (options.task === 'audit' || options.task === 'soak' || options.task === 'size') {
    const { markdown, failed } = await measured(options.task, options)
    process.stdout.write(`${markdown}\n`)
    if (failed) process.exitCode = 1
  } else if (options.task === 'profile') process.stdout.write(await profile(options, tell))
  else await measure(options)
} catch (error) {
  tell(inspect(error))
  process.exit(1)
}
process.exit(process.exitCode)

function measured(
  task: 'audit' | 'soak' | 'size',
  options: Options,
): Promise<{ readonly markdown: string; readonly failed: boolean }> {
  if (task === 'audit') return measureAudit(options, tell)
  return task === 'soak' ? measureSoak(options.soak, tell) : measureSize(options, tell)
}

async function measure(options: Options): Promise<void> {
  const date = new Date().toISOString()
  const engine = ENGINES[options.engine]
  tell(`starting ${engine.databaseName}, ${engine.peerName}, the gateway and a bare relay`)
  const scene = await openScene(engine)
  let failed = false
  // What one part found is not lost because another one could not be measured.
  const when = async <Figures>(part: Part, work: () => Promise<Figures>): Promise<Figures | null> => {
    if (!options.wants(part)) return null
    try {
      return await work()
    } catch (error) {
      failed = true
      tell(`${part} could not be measured: ${inspect(error)}`)
      return null
    }
  }
  let results: Results
  try {
    results = {
      engine: options.engine,
      date,
      machine: describeMachine(scene.peerVersion),
      rounds: options.rounds,
      seconds: options.seconds,
      // First what needs an empty machine least: the load of the start has gone when the statements' turn comes.
      start: await when('start', () => measureStart(scene, tell)),
      decisions: await when('decisions', () => measureDecisions(scene, tell)),
      rows: await when('rows', () => measureRows(scene, options, tell)),
      statements: await when('statements', () => measureStatements(scene, options, tell)),
      memory: await when('memory', () => measureMemory(scene, options, tell)),
    }
  } finally {
    await scene.close()
  }
  const markdown = asMarkdown(results)
  const name = join(BENCH_FOLDER, `${options.engine}-${date.replaceAll(/[:.]/g, '-')}`)
  mkdirSync(BENCH_FOLDER, { recursive: true })
  writeFileSync(`${name}.json`, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(`${name}.md`, markdown)
  if (options.writeReadme && !failed) writeReadme(options.engine, markdown)
  process.stdout.write(markdown)
  tell(`written to ${name}.json and .md`)
  if (failed) process.exitCode = 1
}

function tell(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

/**
 * `npm test`: the checks (arrows, format, lint, types), then every test, then one line `N passed, N failed, N skipped`.
 * Each check counts as one. Arguments go to vitest and narrow it (`npm test -- packages/core`); then the checks, which
 * look at everything, are left out. Exit status 1 when anything failed, or nothing ran.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Tally } from './tally-reporter.ts'

const root = resolve(import.meta.dirname, '..')
const CHECKS = ['arrows', 'format:check', 'lint', 'typecheck'] as const

const environment = {
  ...process.env,
  pnpm_config_pm_on_fail: 'ignore',
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  // Never a remote cache, whatever the caller's environment says.
  TURBO_TOKEN: '',
  TURBO_TEAM: '',
  TURBO_API: '',
}

let ending = false
const children = new Set<ReturnType<typeof spawn>>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    ending = true
    for (const child of children) child.kill(signal)
  })
}

const given = process.argv.slice(2)
const tally: Tally = { passed: 0, failed: 0, skipped: [] }

if (given.length === 0) {
  const outcomes = await Promise.all(CHECKS.map(async (check) => ({ check, ...(await runCheck(check)) })))
  for (const { check, ok, output } of outcomes) {
    console.log(`${ok ? '✓' : '✗'} ${check}`)
    if (!ok) console.log(output)
    if (ok) tally.passed += 1
    else tally.failed += 1
  }
}

const tests = ending ? null : await runVitest(given)
if (tests === null) {
  console.log('✗ vitest did not finish')
  tally.failed += 1
} else {
  tally.passed += tests.passed
  tally.failed += tests.failed
  tally.skipped.push(...tests.skipped)
  if (tests.passed + tests.failed === 0) {
    console.log('✗ no test ran')
    tally.failed += 1
  }
}
for (const { name, why } of tally.skipped) console.log(`skipped: ${name}: ${why}`)
console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`)
process.exit(tally.failed === 0 && !ending ? 0 : 1)

/** Turbo runs the check, or says what it said last time when no file it reads has changed. */
async function runCheck(check: string): Promise<{ readonly ok: boolean; readonly output: string }> {
  const { status, output } = await run(
    'turbo',
    [
      'run',
      `//#${check}`,
      '--cache=local:rw',
      '--no-update-notifier',
      '--output-logs=errors-only',
      '--log-prefix=none',
      '--ui=stream',
    ],
    'collect',
  )
  return { ok: status === 0, output }
}

async function runVitest(args: readonly string[]): Promise<Tally | null> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tally-'))
  const file = join(folder, 'tally.json')
  try {
    const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'tally-reporter.ts')}`]
    const { status } = await run('vitest', ['run', ...reporters, ...args], 'show', { GATEHOUSE_TALLY_FILE: file })
    const result = JSON.parse(readFileSync(file, 'utf8')) as Tally
    // Something outside every test went wrong (an error nobody caught, a server that did not stop).
    if (status !== 0 && result.failed === 0) result.failed = 1
    return result
  } catch {
    return null
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function run(
  program: string,
  args: readonly string[],
  output: 'show' | 'collect',
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | null; readonly output: string }> {
  return new Promise((done) => {
    const child = spawn(join(root, 'node_modules', '.bin', program), args, {
      cwd: root,
      env: { ...environment, ...more },
      stdio: output === 'show' ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    child.once('error', (error) => {
      children.delete(child)
      done({ status: null, output: error.message })
    })
    child.once('close', (status) => {
      children.delete(child)
      done({ status, output: text })
    })
  })
}

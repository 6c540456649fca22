#!/usr/bin/env node
// Starts a task of this repository on any Node >= 20 with nothing installed: installs what is needed, then runs the
// task with the pinned Node. Plain JavaScript with no imports but Node's own, since nothing else is there yet.
//   node scripts/bootstrap.mjs start | gatehouse | test | bench | site | release:build | release:version [arguments…]
//   node scripts/bootstrap.mjs run <program of node_modules/.bin> [arguments…]
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(root, 'node_modules')
const stampFile = join(modules, '.gatehouse-installed')
const pinnedNode = join(modules, 'node', 'bin', 'node')
const SCRIPTS = {
  start: ['apps/cli/src/main.ts', 'dev'],
  gatehouse: ['apps/cli/src/main.ts'],
  test: ['scripts/run-tests.ts'],
  bench: ['bench/src/main.ts'],
  'release:build': ['scripts/release/build.ts'],
  site: ['docs/site/build-site.ts'],
  'release:version': ['scripts/release/cut-version.ts'],
}

const [task, ...rest] = process.argv.slice(2)
if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`This needs Node 20 or newer to start (it brings its own for the rest); this is ${process.version}.`)
}
if (task !== 'run' && !Object.hasOwn(SCRIPTS, task ?? '')) {
  fail(
    'Usage: node scripts/bootstrap.mjs start | gatehouse | test | bench | site | release:build | release:version | run <program> [arguments]',
    2,
  )
}
if (task === 'run' && rest[0] === undefined) fail('Usage: node scripts/bootstrap.mjs run <program> [arguments]', 2)

installIfNeeded()

const [program, given] =
  task === 'run' ? [join(modules, '.bin', rest[0]), rest.slice(1)] : [pinnedNode, [...withRoot(SCRIPTS[task]), ...rest]]
if (task === 'run' && !existsSync(program)) fail(`There is no program ${rest[0]} in node_modules/.bin.`, 2)
runToEnd(program, given)

function withRoot([file, ...more]) {
  const path = join(root, file)
  if (!existsSync(path)) fail(`${file} is not there; is this checkout whole? (git status)`)
  return [path, ...more]
}

function installIfNeeded() {
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'))
  // Another platform's node_modules (a folder mounted into a container) does not do, so the stamp names the platform.
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform}-${process.arch}\n`
  if (
    existsSync(pinnedNode) &&
    (read(stampFile) === stamp || read(join(modules, '.pnpm', 'lock.yaml')) === lock.toString())
  )
    return

  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  process.stderr.write('Installing what Gatehouse needs (only when something changed)…\n')
  const begun = Date.now()
  const done = spawnSync(
    process.platform === 'win32' ? 'npx.cmd' : 'npx',
    // The version asked for is the one that runs; pnpm need not look itself up in the lock a second time.
    ['--yes', packageManager, 'install', '--frozen-lockfile', '--pm-on-fail=ignore'],
    {
      cwd: root,
      env: installEnvironment(),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  if (done.status !== 0 || !existsSync(pinnedNode)) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`)
    fail(`\nThe installation did not finish${reasonOf(done)}. ${advice(`${done.stdout ?? ''}${done.stderr ?? ''}`)}`)
  }
  try {
    writeFileSync(stampFile, stamp)
  } catch {
    // Only costs the next start a look at pnpm's own copy of the lock.
  }
  process.stderr.write(`Installed in ${((Date.now() - begun) / 1000).toFixed(1)} s.\n`)
}

/** pnpm asks nothing (CI), and keeps its cache in the checkout where the home folder cannot be written. */
function installEnvironment() {
  const environment = { ...process.env, CI: process.env.CI ?? '1', npm_config_update_notifier: 'false' }
  // What the npm that started us was told for itself must not reach pnpm.
  delete environment.npm_config_global
  delete environment.npm_config_prefix
  delete environment.NODE_OPTIONS
  const home = homedir()
  if (writable(home) && writable(environment.npm_config_cache ?? home)) return environment
  const ownHome = join(root, '.gatehouse', 'home')
  mkdirSync(ownHome, { recursive: true })
  const settings = join(home, '.npmrc')
  return {
    ...environment,
    HOME: ownHome,
    npm_config_cache: join(ownHome, '.npm'),
    ...(readable(settings) ? { npm_config_userconfig: settings } : {}),
  }
}

function reasonOf(done) {
  if (done.error?.code === 'ENOENT') return ': there is no npx; install npm'
  if (done.error) return `: ${done.error.message}`
  return done.signal ? ` (ended by ${done.signal})` : ` (status ${done.status})`
}

function advice(output) {
  if (/EACCES|EPERM|permission denied|EROFS/i.test(output)) {
    return `This user cannot write where it must: own ${root} (chown), or delete a node_modules that another user made.`
  }
  if (/ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|network|CERT/i.test(output)) {
    return 'The package registry was not reached: check the network, the proxy, and `npm config get registry`, then try again.'
  }
  if (/ENOSPC/.test(output)) return 'The disk is full.'
  if (/OUTDATED_LOCKFILE|frozen-lockfile/.test(output)) {
    return 'pnpm-lock.yaml does not fit the package.json files: run `npx pnpm install` and commit the lock.'
  }
  return 'Try again; if it stays, delete node_modules first.'
}

/** Runs the task to its end, hands it our signals, and ends as it ended. */
function runToEnd(command, args) {
  const child = spawn(command, args, {
    stdio: 'inherit',
    env: {
      // What Node has compiled is kept: reading the sources again is most of a start.
      NODE_COMPILE_CACHE: join(root, '.gatehouse', 'compile-cache'),
      ...process.env,
      PATH: [join(modules, '.bin'), process.env.PATH ?? ''].join(delimiter),
      // pnpm is not to look itself up in the registry before every script.
      pnpm_config_pm_on_fail: 'ignore',
      TURBO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
    },
  })
  let interrupts = 0
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']) {
    process.on(signal, () => {
      if (signal === 'SIGINT') interrupts += 1
      // Ctrl-C in a terminal reaches the child without us; the third time somebody means it.
      if (interrupts >= 3) child.kill('SIGKILL')
      else if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('error', (error) => fail(`${command} did not start: ${error.message}`))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0)
    // Our signal handlers would keep this process alive.
    process.exit()
  })
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function writable(path) {
  // A cache that is not there yet is made by npm: what counts then is the folder it is made in.
  let at = path
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  return can(at, constants.W_OK)
}

function readable(path) {
  return can(path, constants.R_OK)
}

function can(path, mode) {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function fail(sentence, status = 1) {
  process.stderr.write(`${sentence}\n`)
  process.exit(status)
}

import { randomUUID } from 'node:crypto'
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Had } from './found.ts'

/** Debian packages unpacked into a private root; the system itself is not changed. */
export interface UnpackedPackages {
  readonly root: string
  /** Every folder of shared libraries below the root, for LD_LIBRARY_PATH. */
  readonly libraryPath: string
}

export interface WantedPackages {
  readonly packages: readonly string[]
  /** Where they are kept; a later call finds them there. */
  readonly folder: string
  /** The Debian suite to take them from (`sid`), read into private lists; null: the system's own suite and lists. */
  readonly suite: string | null
  /** Which dependencies come along. */
  readonly follow: (name: string) => boolean
}

const run = promisify(execFile)

/** Downloads packages with `apt-get` and unpacks them with `dpkg -x`. Needs no root. Absent where there is no apt or no network. */
export async function fetchDebianPackages(wanted: WantedPackages): Promise<Had<UnpackedPackages>> {
  const root = join(wanted.folder, 'root')
  if (existsSync(root)) return { kind: 'program', program: unpacked(root) }
  if (!existsSync('/usr/bin/apt-get'))
    return { kind: 'absent', reason: 'not installed, and this system has no apt-get to fetch it' }
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-apt-'))
  try {
    const options = wanted.suite === null ? [] : await privateLists(wanted.suite, scratch)
    const names = await closure(wanted, options)
    await run('apt-get', [...options, ...NO_SANDBOX, '-q', 'download', ...names], { cwd: scratch, timeout: 300_000 })
    const partial = join(scratch, 'root')
    mkdirSync(partial, { mode: 0o755 })
    for (const file of readdirSync(scratch).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(scratch, file), partial])
    }
    mkdirSync(wanted.folder, { recursive: true })
    // `cp` and a rename within one file system: a root that was cut off is never taken for a whole one.
    const beside = join(wanted.folder, `root.${randomUUID()}`)
    await run('cp', ['-a', partial, beside])
    putInPlace(beside, root)
    return { kind: 'program', program: unpacked(root) }
  } catch (error) {
    const words =
      error instanceof Error
        ? (error.message.split('\n').find((line) => line.startsWith('E:')) ?? error.message)
        : String(error)
    return { kind: 'absent', reason: `not installed, and apt-get could not fetch it (${words.slice(0, 300)})` }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Puts what was made beside in its place, whole or not at all. Several may make it at once: the first one's stays. */
export function putInPlace(beside: string, folder: string): void {
  try {
    renameSync(beside, folder)
  } catch (error) {
    rmSync(beside, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
}

/** apt's download user cannot enter a private folder. */
export const NO_SANDBOX = ['-o', 'APT::Sandbox::User=root'] as const

/** apt options for lists of our own: the system's mirror and keyring, another suite. */
async function privateLists(suite: string, scratch: string): Promise<readonly string[]> {
  const source = systemSource()
  const state = join(scratch, 'state')
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true })
  mkdirSync(join(scratch, 'cache', 'archives', 'partial'), { recursive: true })
  writeFileSync(join(scratch, 'sources.list'), `deb ${source.options}${source.uri} ${suite} main\n`)
  writeFileSync(join(scratch, 'status'), '')
  const options = [
    ['Dir::Etc::SourceList', join(scratch, 'sources.list')],
    ['Dir::Etc::SourceParts', '-'],
    ['Dir::State', state],
    ['Dir::State::status', join(scratch, 'status')],
    ['Dir::Cache', join(scratch, 'cache')],
    ['Acquire::Languages', 'none'],
  ].flatMap(([name, value]) => ['-o', `${String(name)}=${String(value)}`])
  await run('apt-get', [...options, ...NO_SANDBOX, '-q', 'update'], { timeout: 300_000 })
  return options
}

/** The system's first Debian source: one-line (`deb [options] uri suite`) or deb822 (`URIs:`, `Signed-By:`). */
export function systemSource(): { readonly options: string; readonly uri: string } {
  const parts = '/etc/apt/sources.list.d'
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ]
  for (const file of files.filter((name) => existsSync(name))) {
    const text = readFileSync(file, 'utf8')
    const line = /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+\w+/m.exec(text)
    if (line?.[2] !== undefined) return { options: line[1] ?? '', uri: line[2] }
    const uri = /^URIs:\s*(\S+)/m.exec(text)?.[1]
    const key = /^Signed-By:\s*(\/\S+)/m.exec(text)?.[1]
    if (uri !== undefined) return { options: key === undefined ? '' : `[signed-by=${key}] `, uri }
  }
  throw new Error('no Debian source is configured in /etc/apt')
}

/** The packages and what they depend on, followed as far as `follow` says. */
async function closure(wanted: WantedPackages, options: readonly string[]): Promise<readonly string[]> {
  const names = new Set(wanted.packages)
  let fresh = [...names]
  while (fresh.length > 0) {
    const { stdout } = await run('apt-cache', [...options, 'show', '--no-all-versions', ...fresh], {
      maxBuffer: 32 * 1024 * 1024,
    })
    const next: string[] = []
    for (const [, list = ''] of stdout.matchAll(/^(?:Pre-)?Depends: (.*)$/gm)) {
      for (const alternatives of list.split(',')) {
        const name = /^\s*([a-z0-9.+-]+)/.exec(alternatives)?.[1]
        if (name !== undefined && wanted.follow(name) && !names.has(name)) {
          names.add(name)
          next.push(name)
        }
      }
    }
    fresh = next
  }
  return [...names]
}

/** The loader an unpacked root brings, to run its programs with its own libc; null when it has none for this machine. */
export function loaderIn(root: string): string | null {
  const places = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1']
  return places.flatMap((path) => [join(root, 'usr', path), join(root, path)]).find((path) => existsSync(path)) ?? null
}

function unpacked(root: string): UnpackedPackages {
  const folders = ['lib', 'usr/lib'].flatMap((folder) => {
    const path = join(root, folder)
    if (!existsSync(path)) return []
    return [
      path,
      ...readdirSync(path)
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join(path, name)),
    ]
  })
  return { root, libraryPath: folders.join(':') }
}

import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { fetchDebianPackages } from '../servers/debian-packages.ts'
import type { Had } from '../servers/found.ts'
import { KEPT_DRIVERS } from './kept-drivers.ts'

const run = promisify(execFile)

/** A Python with the driver on its path. */
export interface PythonWithDriver {
  readonly command: string
  readonly pythonPath: string
  /** Folders of the shared libraries that came with it; empty: it brings its own, or has the system's. */
  readonly libraryPath: string
  /** As the driver says. */
  readonly version: string
}

export interface WantedDriver {
  readonly module: string
  /** What pip installs, pinned; empty: the index has it only as sources. */
  readonly requirements: readonly string[]
  /** What Debian calls it, with whatever it needs that is not the interpreter's own. */
  readonly debian: readonly string[]
}

/**
 * A Python driver: the pinned one from the Python package index in a private folder, else Debian's packages unpacked into
 * one. The interpreter is the system's (on Debian's packages: Debian's own); nothing of the system is changed.
 */
export async function findPythonDriver(wanted: WantedDriver): Promise<Had<PythonWithDriver>> {
  const pip = await fromIndex(wanted)
  if (pip.kind === 'program') return pip
  const debian = await fromDebian(wanted)
  if (debian.kind === 'program') return debian
  return { kind: 'absent', reason: `no ${wanted.module} here: ${pip.reason}; ${debian.reason}` }
}

async function fromIndex(wanted: WantedDriver): Promise<Had<PythonWithDriver>> {
  const command = 'python3'
  if (wanted.requirements.length === 0) return { kind: 'absent', reason: 'the index has it only as sources' }
  try {
    const { stdout } = await run(command, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    // Wheels belong to one version of Python.
    const folder = join(KEPT_DRIVERS, `${wanted.requirements.join(',')} on ${stdout.trim()}`)
    if (!existsSync(folder)) {
      const beside = `${folder}.${String(process.pid)}`
      mkdirSync(KEPT_DRIVERS, { recursive: true })
      const options = [
        '--quiet',
        '--disable-pip-version-check',
        '--no-input',
        '--only-binary',
        ':all:',
        '--target',
        beside,
      ]
      await run(command, ['-m', 'pip', 'install', ...options, ...wanted.requirements], { timeout: 120_000 })
      // Whole or not at all: an install that was cut off stays beside.
      if (existsSync(folder)) rmSync(beside, { recursive: true, force: true })
      else renameSync(beside, folder)
    }
    return await tried(command, folder, '', wanted)
  } catch (error) {
    return { kind: 'absent', reason: `pip could not install it (${lastLine(error)})` }
  }
}

async function fromDebian(wanted: WantedDriver): Promise<Had<PythonWithDriver>> {
  const fetched = await fetchDebianPackages({
    packages: wanted.debian,
    folder: join(KEPT_DRIVERS, `debian-${wanted.module}`),
    suite: null,
    follow: () => false,
  })
  if (fetched.kind === 'absent') return fetched
  const folder = join(fetched.program.root, 'usr', 'lib', 'python3', 'dist-packages')
  return tried('/usr/bin/python3', folder, fetched.program.libraryPath, wanted)
}

async function tried(
  command: string,
  pythonPath: string,
  libraryPath: string,
  wanted: WantedDriver,
): Promise<Had<PythonWithDriver>> {
  try {
    const env = { ...process.env, PYTHONPATH: pythonPath, ...libraries(libraryPath) }
    const { stdout } = await run(command, ['-c', `import ${wanted.module}; print(${wanted.module}.__version__)`], {
      env,
    })
    return { kind: 'program', program: { command, pythonPath, libraryPath, version: stdout.trim() } }
  } catch (error) {
    return { kind: 'absent', reason: `${command} cannot import it (${lastLine(error)})` }
  }
}

/** What a Python program of this folder runs with. */
export function pythonProgram(
  python: PythonWithDriver,
  file: string,
): { command: string; args: string[]; env: Record<string, string> } {
  return {
    command: python.command,
    args: [join(import.meta.dirname, file)],
    env: {
      PYTHONPATH: [python.pythonPath, import.meta.dirname].join(delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
      ...libraries(python.libraryPath),
    },
  }
}

function libraries(path: string): Record<string, string> {
  return path === '' ? {} : { LD_LIBRARY_PATH: path }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return (text.trim().split('\n').at(-1) ?? '').slice(0, 200)
}

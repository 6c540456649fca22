import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fetchDebianPackages } from './debian-packages.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/** Sets the clock of processes that are started with its environment, while they run; the monotonic clock goes on as it does. */
export interface ClockSetter {
  readonly environment: Readonly<Record<string, string>>
  /** Their clock is so many seconds ahead of the system's from now on; behind it where negative. */
  readonly set: (seconds: number) => void
  readonly remove: () => void
}

/** By Debian's libfaketime, preloaded. `absent` says why there is none. */
export async function openClockSetter(): Promise<ClockSetter | { readonly absent: string }> {
  const library = await findLibrary()
  if ('absent' in library) return library
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-clock-'))
  const file = join(folder, 'offset')
  const set = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '-' : '+'}${String(Math.abs(seconds))}\n`)
  set(0)
  return {
    environment: {
      LD_PRELOAD: library.path,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function findLibrary(): Promise<{ readonly path: string } | { readonly absent: string }> {
  if (process.platform !== 'linux') return { absent: 'the clock of a process is set on Linux alone' }
  const installed = libraryIn('/usr/lib')
  if (installed !== null) return { path: installed }
  const fetched = await fetchDebianPackages({
    packages: ['libfaketime'],
    folder: join(KEPT_SERVERS, 'libfaketime'),
    suite: null,
    follow: () => false,
  })
  if (fetched.kind === 'absent') return { absent: `no libfaketime here: ${fetched.reason}` }
  const path = libraryIn(join(fetched.program.root, 'usr/lib'))
  return path === null ? { absent: 'the package of libfaketime has no library for this machine' } : { path }
}

function libraryIn(folder: string): string | null {
  if (!existsSync(folder)) return null
  for (const machine of readdirSync(folder)) {
    const path = join(folder, machine, 'faketime/libfaketime.so.1')
    if (existsSync(path)) return path
  }
  return null
}

import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fetchDebianPackages } from './debian-packages.ts'
import { ServerAbsent } from './found.ts'
import { loaderIn } from './local-tools.ts'
import { KEPT_SERVERS } from './private-folder.ts'

/** A program, with what must stand before its arguments. */
export interface Program {
  readonly command: string
  readonly leading: readonly string[]
  /** Where its package was unpacked; null: it is the system's. */
  readonly root: string | null
}

/**
 * A program on the path, else Debian's of this system's suite, unpacked into a private folder and run by its own loader; `beside`: packages that
 * come along. Throws `ServerAbsent`.
 */
export async function debianProgram(
  packageName: string,
  path: string,
  beside: readonly string[] = [],
): Promise<Program> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  for (const folder of (process.env['PATH'] ?? '').split(delimiter).concat('/usr/sbin')) {
    if (existsSync(join(folder, name))) return { command: join(folder, name), leading: [], root: null }
  }
  const fetched = await fetchDebianPackages({
    packages: [packageName, ...beside],
    folder: join(KEPT_SERVERS, packageName),
    suite: null,
    // Every library, libc and loader too; not the programs and configuration around them.
    follow: (dependency) =>
      /^(lib|zlib1g|gcc-\d+-base)/.test(dependency) && !/^(libc-bin|libpam-modules|libpam-runtime)/.test(dependency),
  })
  if (fetched.kind === 'absent') throw new ServerAbsent(`no ${name} here: ${fetched.reason}`)
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) throw new ServerAbsent('the unpacked packages hold no loader for this machine')
  return { command: loader, leading: ['--library-path', libraryPath, join(root, path)], root }
}

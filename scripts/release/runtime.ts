import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a program needs of the system it was found on: a library or its loader. */
export interface SystemFile {
  /** Where the program looks for it. */
  readonly path: string
  /** The Debian package it is of, with its version; null where no package manager knows it. */
  readonly of: { readonly name: string; readonly version: string } | null
}

/** The Node that this checkout runs on: one file, without npm. */
export function pinnedNode(root: string): string {
  return join(root, 'node_modules/node/bin/node')
}

/** The version of that Node: `24.21.0`. */
export function nodeVersion(root: string): string {
  return execFileSync(pinnedNode(root), ['--version'], { encoding: 'utf8' }).trim().slice(1)
}

/** The libraries a program is linked with, and its loader, in the order of their paths. Throws where `ldd` cannot say. */
export function librariesOf(program: string): readonly SystemFile[] {
  const said = execFileSync('ldd', [program], { encoding: 'utf8' })
  const paths = [...said.matchAll(/^\s*(?:\S+ => )?(?<path>\/\S+)/gm)].map((match) => match.groups?.['path'] ?? '')
  if (paths.length === 0) throw new Error(`ldd says of ${program}: ${said}`)
  return [...new Set(paths)].toSorted().map((path) => ({ path, of: packageOf(path) }))
}

/** Puts a file of the system, links followed, at the same path below `tree`. */
export function takeAlong(path: string, tree: string): void {
  const place = join(tree, path)
  mkdirSync(dirname(place), { recursive: true })
  copyFileSync(path, place)
}

function packageOf(path: string): SystemFile['of'] {
  for (const name of new Set([path, realpathSync(path), path.replace(/^\/usr(?=\/lib)/, ''), `/usr${path}`])) {
    if (!existsSync(name)) continue
    try {
      const owner = execFileSync('dpkg-query', ['-S', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
      const [said = ''] = owner.split(': ')
      const version = execFileSync('dpkg-query', ['-W', '-f', '${Version}', said], { encoding: 'utf8' })
      return { name: said.replace(/:.*/, ''), version }
    } catch {
      // Not by this name, or no Debian: the next, or none.
    }
  }
  return null
}

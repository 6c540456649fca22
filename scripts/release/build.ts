/**
 * `npm run release:build [-- <what> [<folder> [<release>]]]`, where what is
 *   command   (default) the release of the `gatehouse` command, a folder for Node 24
 *   image     the file system of the container image, with Node
 *   tarball   an archive for any Linux of this architecture, with Node
 *   deb       the same as a Debian package
 *   packages  the libraries, each a folder as it is published
 * The folder is `dist/<what>` by default; of `command`, `image` and `packages` it is emptied first. `release` is a folder that `command` has built; default: one is built, and removed. What each holds, and how it is tested: docs/releasing.md.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeDebianPackage, makeTarball } from './host-packages.ts'
import { layImageTree } from './image-tree.ts'
import { layLibraries } from './packages.ts'
import { buildRelease } from './release.ts'

// Vite asks it which React is meant: that of a release, whatever this is run in.
process.env.NODE_ENV = 'production'
const root = resolve(import.meta.dirname, '../..')

/** What is made of a release, each in a folder of its own. */
const MADE_OF_IT: Readonly<Record<string, (release: string, folder: string) => void>> = {
  image: (release, folder) => layImageTree(root, release, folder),
  tarball: (release, folder) => makeTarball(root, release, folder),
  deb: (release, folder) => makeDebianPackage(root, release, folder),
}

const [what = 'command', place = `dist/${what}`, built] = process.argv.slice(2)
const folder = resolve(place)
const make = Object.hasOwn(MADE_OF_IT, what) ? MADE_OF_IT[what] : undefined
if (what === 'command') {
  const { version, packages } = await buildRelease(root, folder)
  console.log(`gatehouse ${version} in ${folder}: ${String(packages)} packages of others are in it`)
} else if (what === 'packages') {
  layLibraries(root, folder)
} else if (make === undefined) {
  console.error(`There is no ${what} to build; there is: command, packages, ${Object.keys(MADE_OF_IT).join(', ')}`)
  process.exitCode = 2
} else if (built !== undefined) {
  make(resolve(built), folder)
} else {
  const release = mkdtempSync(join(tmpdir(), 'gatehouse-release-'))
  try {
    await buildRelease(root, release)
    make(release, folder)
  } finally {
    rmSync(release, { recursive: true, force: true })
  }
}

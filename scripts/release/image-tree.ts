import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { settleModes } from './settle-modes.ts'
import { librariesOf, nodeVersion, pinnedNode, type SystemFile, takeAlong } from './runtime.ts'

/** Who runs in the image: nobody's number on common systems, the same as in `distroless` images. */
export const IMAGE_USER = 65_532

/**
 * Lays the whole file system of the container image into `tree`, which is emptied first: Node and the libraries it is linked with, the release
 * in `/opt/gatehouse`, the few files of `/etc` that a program asks for, `/var/lib/gatehouse` to be written. No shell, no package manager.
 * Owners are set where this runs as root. Made for the machine it runs on. Throws when a part is missing.
 */
export function layImageTree(root: string, release: string, tree: string): void {
  rmSync(tree, { recursive: true, force: true })
  mkdirSync(join(tree, 'usr/bin'), { recursive: true })
  const node = pinnedNode(root)
  copyFileSync(node, join(tree, 'usr/bin/node'))
  const libraries = librariesOf(node)
  for (const { path, of } of libraries) {
    takeAlong(path, tree)
    const terms = `/usr/share/doc/${of?.name ?? ''}/copyright`
    if (of !== null && existsSync(terms)) takeAlong(terms, tree)
  }
  cpSync(release, join(tree, 'opt/gatehouse'), { recursive: true })
  copyFileSync(join(root, 'deploy/image/healthcheck.mjs'), join(tree, 'opt/gatehouse/bin/healthcheck.mjs'))
  withRuntime(join(tree, 'opt/gatehouse/sbom.cdx.json'), nodeVersion(root), libraries)

  const user = String(IMAGE_USER)
  mkdirSync(join(tree, 'etc/gatehouse'), { recursive: true })
  writeFileSync(
    join(tree, 'etc/passwd'),
    `root:x:0:0::/:/nologin\ngatehouse:x:${user}:${user}::/var/lib/gatehouse:/nologin\n`,
  )
  writeFileSync(join(tree, 'etc/group'), `root:x:0:\ngatehouse:x:${user}:\n`)
  writeFileSync(join(tree, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n')
  const state = join(tree, 'var/lib/gatehouse')
  mkdirSync(state, { recursive: true })
  settleModes(tree)
  chmodSync(state, 0o700)
  if (process.getuid?.() === 0) chownSync(state, IMAGE_USER, IMAGE_USER)
}

/** Adds to a bill of materials what the image has beside the release. */
function withRuntime(file: string, node: string, libraries: readonly SystemFile[]): void {
  const bill = JSON.parse(readFileSync(file, 'utf8')) as { readonly components: readonly object[] }
  const debian = new Map(libraries.flatMap(({ of }) => (of === null ? [] : [[of.name, of.version] as const])))
  const more = [
    { type: 'application', name: 'node', version: node, purl: `pkg:generic/node@${node}` },
    ...[...debian].map(([name, version]) => ({
      type: 'library',
      name,
      version,
      purl: `pkg:deb/debian/${name}@${encodeURIComponent(version)}`,
    })),
  ].map((one) => ({ ...one, 'bom-ref': one.purl }))
  writeFileSync(file, `${JSON.stringify({ ...bill, components: [...bill.components, ...more] }, null, 2)}\n`)
}

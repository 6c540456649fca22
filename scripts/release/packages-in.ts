import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A package of somebody else, of which something is in the release. */
export interface PackageIn {
  readonly name: string
  readonly version: string
  /** As its manifest says, an SPDX expression; `not said` where it says none. */
  readonly license: string
  /** Its files of licence and notice, whole, in the order of their names, else what its README says; empty where it says nothing. */
  readonly texts: readonly string[]
}

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string | { readonly type?: string }
}

/** The packages these modules are of, ours left out, in the order of their names. */
export function packagesIn(modules: readonly string[]): readonly PackageIn[] {
  const folders = new Set(modules.filter((id) => id.includes('/node_modules/')).map((id) => folderOf(id)))
  const found = new Map<string, PackageIn>()
  for (const folder of folders) {
    const one = packageAt(folder)
    found.set(`${one.name}@${one.version}`, one)
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

/** The package that lies in this folder. Throws when none does. */
export function packageAt(folder: string): PackageIn {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
  const { name, version, license } = manifest
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)([-.].*)?$/i.test(file) && !/\.(js|ts|json)$/.test(file))
    .toSorted()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return {
    name,
    version,
    license: (typeof license === 'string' ? license : license?.type) ?? 'not said',
    texts: texts.length > 0 ? texts : saidInReadme(folder),
  }
}

/** What its README has below a heading `License`, for packages that have it there alone. */
function saidInReadme(folder: string): readonly string[] {
  const readme = readdirSync(folder).find((file) => /^readme(\.md)?$/i.test(file))
  const text = readme === undefined ? '' : readFileSync(join(folder, readme), 'utf8')
  const said = /^#* ?licen[cs]e:?\s*\n(?:[-=]+\n)?(?<text>[\s\S]{200,})$/im.exec(text)?.groups?.['text']
  return said === undefined ? [] : [said.trim()]
}

function folderOf(module: string): string {
  const folder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0]
  if (folder === undefined) throw new Error(`${module} is of no package`)
  return folder
}
